"""Hugging Face tokenizer files for a SentencePiece vocabulary.

`tokenizer.json` is written here rather than left to transformers, whose
classes for XLM-R and T5 make other ids of some texts: they spell nothing in
bytes, and their normaliser looks a letter up together with its accents and
drops what is left over beside the shorter match. Accents that are composed
beforehand are no longer there to drop.

What still differs: a special token's name in a text (`</s>`) becomes that
token; half-width kana with a voicing mark are not composed; and of two
segmentations with the same score either may be chosen.
"""

import base64
import json
import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tasks.pieces import Pieces
from tasks.vocabularies import SentencePieceFile, load
from xltransfer.errors import InputError

# The SentencePiece file's name in the published models' directories.
MODEL_FILE = {"xlmr": "sentencepiece.bpe.model", "mt5": "spiece.model"}
_NAMED = {
    "xlmr": {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "mask_token": "<mask>",
        "pad_token": "<pad>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
    },
    "mt5": {
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        # The sentinels are pieces of the model: no further ids.
        "extra_ids": 0,
    },
}
# What stands around a text, `$A`, and around two.
_FRAMES = {
    "xlmr": ("<s> $A </s>", "<s> $A </s> </s> $B </s>"),
    "mt5": ("$A </s>", "$A </s> $B </s>"),
}
_UNIGRAM = 1
# A character that the published models' map leaves out.
_NOTHING = "\x02"


def write_huggingface_tokenizer(
    vocabulary: SentencePieceFile, directory: Path, length: int | None = None
) -> list[Path]:
    """Writes what `AutoTokenizer.from_pretrained(directory)` reads.

    `length` is the most ids of a text that the model takes, if there is such
    a number.

    Writes the SentencePiece model under its published name, `tokenizer.json`
    and `tokenizer_config.json`, and returns their paths. On which texts the
    ids still differ from SentencePiece's is what
    `tasks.vocabularies.export_warning` says.

    Raises:
      InputError: if the file is no SentencePiece model of the family, or none
        of type unigram, the only one that both published families have.
    """
    pieces = load(vocabulary, Path())
    model = Path(vocabulary.path).read_bytes()
    config = {
        # Takes `tokenizer.json` as it is, before transformers 5 and since.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **_NAMED[vocabulary.family],
        **({"model_max_length": length} if length else {}),
    }
    contents = {
        MODEL_FILE[vocabulary.family]: model,
        "tokenizer.json": _json(_tokenizer(vocabulary.family, model, pieces)),
        "tokenizer_config.json": _json(config),
    }
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        part = directory / f".{name}.{os.getpid()}"
        part.write_bytes(content)
        part.replace(directory / name)
    return [directory / name for name in contents]


def _json(content: dict) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _tokenizer(family: str, model: bytes, pieces: Pieces) -> dict:
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    if proto.trainer_spec.model_type != _UNIGRAM:
        raise InputError(
            f"{pieces.model_file} is no unigram model: Hugging Face's "
            f"tokenizers of the family {family!r} hold no other."
        )
    vocab = [[piece.piece, piece.score] for piece in proto.pieces]
    if family == "xlmr":
        special = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
        vocab = [*special, *vocab[3:], ["<mask>", 0.0]]
    ids = {piece: index for index, (piece, _) in enumerate(vocab)}
    names = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    fallback = proto.trainer_spec.byte_fallback
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            _added(ids[name], name) for name in names if name in ids
        ],
        "normalizer": _normalizer(proto.normalizer_spec.precompiled_charsmap),
        "pre_tokenizer": _METASPACE,
        "post_processor": _post_processor(_FRAMES[family], ids),
        "decoder": _decoder(fallback),
        "model": {
            "type": "Unigram",
            "unk_id": pieces.unk_id,
            "vocab": vocab,
            "byte_fallback": fallback,
        },
    }


_METASPACE = {
    "type": "Metaspace",
    "replacement": "▁",
    "prepend_scheme": "always",
    "split": True,
}


def _added(index: int, name: str) -> dict:
    return {
        "id": index,
        "content": name,
        "single_word": False,
        # As published: `<mask>` takes the space before it with it.
        "lstrip": name == "<mask>",
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def _normalizer(charsmap: bytes) -> dict:
    """Returns SentencePiece's normalisation: its map, then single spaces."""
    mapped = {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(charsmap).decode(),
    }
    composed = [_replace(_out_of_order(), _NOTHING), {"type": "NFC"}, mapped]
    spaces = [_replace("[ ▁]+", " "), _replace("^ | $", "")]
    steps = [*(composed if charsmap else []), *spaces]
    return {"type": "Sequence", "normalizers": steps}


def _replace(pattern: str, content: str) -> dict:
    return {
        "type": "Replace",
        "pattern": {"Regex": pattern},
        "content": content,
    }


def _out_of_order() -> str:
    """Returns an expression for the places where NFC differs from the map.

    The map reads from left to right and never swaps two marks, nor composes a
    letter with a mark past another one. `_NOTHING` in between keeps NFC from
    it.
    """
    marks, ends, composed = defaultdict(list), defaultdict(list), set()
    for code in range(0x110000):
        last = unicodedata.normalize("NFD", chr(code))[-1]
        if order := unicodedata.combining(last):
            ends[order].append(code)
            if unicodedata.combining(chr(code)):
                marks[order].append(code)
            elif unicodedata.is_normalized("NFC", chr(code)):
                composed.add(ord(last))
    places = []
    for order in sorted(marks)[1:]:
        lower = sorted(c for o in marks if o < order for c in marks[o])
        places.append(f"(?<={_letters(ends[order])})(?={_letters(lower)})")
    alone = sorted(c for o in marks for c in marks[o] if c not in composed)
    places.append(rf"(?<={_letters(alone)})")
    return rf"(?=\p{{M}})(?:{'|'.join(places)})"


def _letters(codes: Sequence[int]) -> str:
    """Returns ascending code points as a set of an expression."""
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    parts = [rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in runs]
    return f"[{''.join(parts)}]"


def _decoder(byte_fallback: bool) -> dict:
    if not byte_fallback:
        return _METASPACE
    steps = [{"type": "ByteFallback"}, _METASPACE]
    return {"type": "Sequence", "decoders": steps}


def _post_processor(frames: Sequence[str], ids: dict[str, int]) -> dict:
    single, pair = (
        [_framed(item) for item in frame.split()] for frame in frames
    )
    names = {item for item in " ".join(frames).split() if "$" not in item}
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": pair,
        "special_tokens": {
            name: {"id": name, "ids": [ids[name]], "tokens": [name]}
            for name in sorted(names)
        },
    }


def _framed(item: str) -> dict:
    if item.startswith("$"):
        return {"Sequence": {"id": item[1:], "type_id": 0}}
    return {"SpecialToken": {"id": item, "type_id": 0}}
