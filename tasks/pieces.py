"""SentencePiece models with the ids of a model family, without TensorFlow."""

import unicodedata
from collections.abc import Iterable, Sequence, Set
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int
from sentencepiece import SentencePieceProcessor

from tasks.problems.language_modeling import sentinels
from xltransfer.errors import InputError


class Pieces:
    """A SentencePiece model and its ids in one model family."""

    bos_id: int | None
    pad_id: int
    eos_id: int
    unk_id: int
    vocab_size: int
    # Ids that stand for no text: never masked, never drawn at random.
    special_ids: tuple[int, ...]

    def __init__(self, model_file: Path):
        self.model_file = Path(model_file)
        try:
            self._model = SentencePieceProcessor(model_file=str(model_file))
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{model_file}: no SentencePiece model: {error}"
            ) from error

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text's pieces, without special ones."""
        return self._ids(self._model.encode(text))

    def encode_batch(self, texts: Sequence[str | bytes]) -> list[list[int]]:
        """Returns `encode` of each text, given as such or in UTF-8."""
        batch = self._model.encode(list(texts), num_threads=1)
        return [self._ids(ids) for ids in batch]

    def encode_with_bytes(
        self, texts: Sequence[bytes]
    ) -> tuple[list[list[int]], list[list[tuple[int, int]]]]:
        """Returns `encode` of each text, and SentencePiece's own spans.

        A span [begin, end) counts bytes; spaces at its sides are not left out.
        """
        batch = self._model.encode(
            list(texts), return_type="offset_mapping", num_threads=1
        )
        return (
            [self._ids(found["ids"]) for found in batch],
            [found["offsets"] for found in batch],
        )

    def encode_with_offsets(
        self, text: str
    ) -> tuple[list[int], Int[np.ndarray, "P 2"]]:
        """Returns `encode` and what each of the P pieces stands for.

        A piece stands for the characters [begin, end) of the text as it was
        given, not as it was normalised. Both ends never fall; spaces at either
        side are left out, so a `▁` alone is empty and lies where the word
        after it begins. A character that several pieces share (a ligature
        taken apart, one spelt in bytes) belongs to the last of them, and the
        others are empty. Every character but `spaces` belongs to a piece.
        """
        found = self._model.encode(text, return_type="offset_mapping")
        spans = [
            trimmed(text, begin, end, self.spaces)
            for begin, end in found["offsets"]
        ]
        return (
            self._ids(found["ids"]),
            np.array(spans, np.int32).reshape(-1, 2),
        )

    @cached_property
    def spaces(self) -> frozenset[str]:
        """The characters that the model takes for a space, or leaves out."""
        found = self._model.normalize([f"x{c}x" for c in _blank_characters()])
        return frozenset(
            c
            for c, normalised in zip(_blank_characters(), found, strict=True)
            if normalised.lstrip("▁") in ("xx", "x x", "x▁x")
        )

    def names(self, ids: Iterable[int]) -> list[str]:
        """Returns what each id is called: its piece, or `<s>` and the like."""
        raise NotImplementedError

    def _ids(self, ids: list[int]) -> list[int]:
        """Returns the family's ids of SentencePiece's."""
        raise NotImplementedError

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of ids; special ids are left out."""
        raise NotImplementedError

    def _check(self, expected: tuple[int, ...], trained: str) -> None:
        model = self._model
        found = (model.pad_id(), model.bos_id(), model.eos_id())
        if (*found, model.unk_id()) != expected:
            raise InputError(
                f"{self.model_file} has pad, bos, eos and unk at "
                f"{(*found, model.unk_id())}, expected {expected}: it was not "
                f"trained for the family {trained!r}."
            )


class XLMRPieces(Pieces):
    """Fairseq's ids: four special ones, the pieces, `<mask>`.

    SentencePiece has `<unk>`, `<s>` and `</s>` at 0, 1 and 2, so that a piece's
    id is its SentencePiece id + 1.
    """

    bos_id, pad_id, eos_id, unk_id = 0, 1, 2, 3

    def __init__(self, model_file: Path):
        super().__init__(model_file)
        self._check((-1, 1, 2, 0), "xlmr")
        self.mask_id = self._model.get_piece_size() + 1
        self.vocab_size = self.mask_id + 1
        self.special_ids = (0, 1, 2, 3, self.mask_id)

    def names(self, ids: Iterable[int]) -> list[str]:
        special = dict(enumerate(("<s>", "<pad>", "</s>", "<unk>")))
        special[self.mask_id] = "<mask>"
        return [
            special.get(i) or self._model.id_to_piece(int(i) - 1)
            for i in map(int, ids)
        ]

    def _ids(self, ids: list[int]) -> list[int]:
        return [i + 1 if i else self.unk_id for i in ids]

    def decode(self, ids: Iterable[int]) -> str:
        special = (self.bos_id, self.pad_id, self.eos_id, self.mask_id)
        return self._model.decode(
            [
                0 if i == self.unk_id else int(i) - 1
                for i in ids
                if i not in special
            ]
        )


class MT5Pieces(Pieces):
    """SentencePiece's own ids; the last 100 pieces are the sentinels."""

    bos_id = None
    pad_id, eos_id, unk_id = 0, 1, 2

    def __init__(self, model_file: Path):
        super().__init__(model_file)
        self._check((0, -1, 1, 2), "mt5")
        self.vocab_size = self._model.get_piece_size()
        last = self._model.id_to_piece(self.vocab_size - 1)
        if last != sentinel_piece(0):
            raise InputError(
                f"{self.model_file} ends in the piece {last!r}, expected "
                f"{sentinel_piece(0)!r}: it has no sentinels."
            )
        self.special_ids = (0, 1, 2, *self.sentinel_ids[::-1].tolist())

    @property
    def sentinel_ids(self) -> Int[np.ndarray, "100"]:
        """The sentinels' ids, first to last, descending."""
        return sentinels(self.vocab_size)

    def names(self, ids: Iterable[int]) -> list[str]:
        return [self._model.id_to_piece(int(i)) for i in ids]

    def _ids(self, ids: list[int]) -> list[int]:
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        special = (self.pad_id, self.eos_id)
        return self._model.decode([int(i) for i in ids if i not in special])


def sentinel_piece(index: int) -> str:
    """Returns a sentinel as mT5's model writes it."""
    return f"▁<extra_id_{index}>"


def trimmed(
    text: str, begin: int, end: int, spaces: Set[str]
) -> tuple[int, int]:
    """Returns a span without the spaces at its sides."""
    while begin < end and text[begin] in spaces:
        begin += 1
    while begin < end and text[end - 1] in spaces:
        end -= 1
    return begin, end


@cache
def _blank_characters() -> tuple[str, ...]:
    """Returns what a normalisation may take for a space or leave out."""
    # The other planes have none but plane 14's tags.
    codes = (*range(0x10000), *range(0xE0000, 0xE1000))
    blank = (
        chr(code)
        for code in codes
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp", "Zs")
    )
    # Also SentencePiece's own sign for a space, and the replacement character,
    # which its rules (nmt_nfkc) make a space of.
    return (*blank, "▁", "\ufffd")
