"""Training SentencePiece models, with the same result every time."""

import io
import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from tasks.pieces import sentinel_piece
from tasks.problems.language_modeling import SENTINELS
from tasks.sources import PlainText
from xltransfer.errors import InputError, nearest

ModelType = Literal["unigram", "bpe", "word", "char"]

_MODEL_TYPES = ("unigram", "bpe", "word", "char")
# Ids that a family has beside SentencePiece's: `<pad>` and `<mask>`; sentinels.
_FURTHER_IDS = {"xlmr": 2, "mt5": SENTINELS}
_SPECIAL_IDS = {
    "xlmr": {"unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": -1},
    "mt5": {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
}


def train_on_files(
    files: Sequence[Path],
    out: Path,
    *,
    family: str,
    size: int,
    model_type: str = "unigram",
    character_coverage: float = 0.9995,
) -> None:
    """Trains on text files, one sentence a line; see `train`."""
    paths = tuple(str(Path(file).absolute()) for file in files)
    lines = PlainText(paths).read(Path("/"))
    texts = (fields["text"] for _, fields in lines)
    train(
        texts,
        out,
        family=family,
        size=size,
        model_type=model_type,
        character_coverage=character_coverage,
    )


def train(
    texts: Iterable[str],
    out: Path,
    *,
    family: str,
    size: int,
    model_type: str = "unigram",
    character_coverage: float = 0.9995,
) -> None:
    """Trains a SentencePiece model and writes it, whole or not at all.

    The result depends on the arguments alone: one thread, all texts, in order.

    Args:
      texts: what to train on.
      out: the file to write.
      family: 'xlmr' or 'mt5': which special ids the model has.
      size: all ids of the vocabulary, special ones and sentinels included.
      model_type: 'unigram', 'bpe', 'word' or 'char'.
      character_coverage: share of the text's characters that become pieces.

    Raises:
      InputError: for an unknown family or model type, no text, or a size that
        the text does not allow; the message names the size that it does.
    """
    _check_choice("family", family, _FURTHER_IDS)
    _check_choice("model type", model_type, _MODEL_TYPES)
    further = _FURTHER_IDS[family]
    model = _trained(
        texts, size, further, model_type, character_coverage, family
    )
    if family == "mt5":
        model = _with_sentinels(model)
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}")
    part.write_bytes(model)
    part.replace(out)


def _check_choice(what: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise InputError(
            f"No {what} {name!r}, only {', '.join(names)}."
            f"{nearest(name, names)}"
        )


def _trained(
    texts: Iterable[str],
    size: int,
    further: int,
    model_type: str,
    character_coverage: float,
    family: str,
) -> bytes:
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    texts = list(texts)
    if not texts:
        raise InputError("There is no text to train a vocabulary on.")
    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type=model_type,
            vocab_size=size - further,
            character_coverage=character_coverage,
            # mT5 spells what it does not know in bytes; models of whole words
            # or characters have no pieces to fall back from.
            byte_fallback=family == "mt5" and model_type in ("unigram", "bpe"),
            num_threads=1,
            shuffle_input_sentence=False,
            # In bytes; the default leaves out longer lines without a word.
            max_sentence_length=1 << 20,
            minloglevel=2,
            **_SPECIAL_IDS[family],
        )
    except (RuntimeError, ValueError) as error:
        raise InputError(_explanation(str(error), size, further)) from error
    found = SentencePieceProcessor(model_proto=model.getvalue())
    if found.get_piece_size() < size - further:
        # Models of characters take what there is, without a word.
        largest = found.get_piece_size() + further
        raise InputError(_too_large(size, largest))
    return model.getvalue()


def _explanation(message: str, size: int, further: int) -> str:
    largest = re.search(r"value <= (\d+)", message)
    if largest:
        return _too_large(size, int(largest[1]) + further)
    least = re.search(r"smaller than required_chars\D+\d+ vs (\d+)", message)
    if least:
        return (
            f"A vocabulary of {size} is too small for this text: the smallest "
            f"possible is {int(least[1]) + further}."
        )
    return f"A vocabulary of {size} cannot be trained on this text: {message}"


def _too_large(size: int, largest: int) -> str:
    return (
        f"A vocabulary of {size} is too large for this text: the largest "
        f"possible is {largest}."
    )


def _with_sentinels(model: bytes) -> bytes:
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    for index in reversed(range(SENTINELS)):
        proto.pieces.add(
            piece=sentinel_piece(index),
            score=0.0,
            type=sentencepiece_model_pb2.ModelProto.SentencePiece.USER_DEFINED,
        )
    return proto.SerializeToString(deterministic=True)
