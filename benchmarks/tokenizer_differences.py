"""On how many lines Hugging Face's ids are not SentencePiece's, by language.

    XLTRANSFER_DATA_DIR=... python benchmarks/tokenizer_differences.py

Models of both families are trained on the lines of `raw` and `tatoeba` first.
`class` is the family's tokenizer class in transformers reading the
SentencePiece model, `written` is AutoTokenizer reading what
`tasks.tokenizer_files` writes. TensorFlow is not imported.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from sentencepiece import SentencePieceProcessor
from transformers import AutoTokenizer, T5Tokenizer, XLMRobertaTokenizer

from tasks.languages import LANGUAGES
from tasks.tokenizer_files import write_huggingface_tokenizer
from tasks.vocabularies import SentencePieceFile, load
from tasks.vocabulary_training import train

CLASSES = {
    "xlmr": (XLMRobertaTokenizer, "sentencepiece.bpe.model", {}),
    # The model has its sentinels already.
    "mt5": (T5Tokenizer, "spiece.model", {"extra_ids": 0}),
}
SPECIAL = ("<s>", "</s>", "<pad>", "<unk>", "<mask>")
# Where a file's name is no code of the table of languages.
FURTHER = {
    **{"arb": "ar", "ara": "ar", "cmn": "zh", "zho-CN": "zh", "zh-CN": "zh"},
    **{"pes": "fa", "aze": "az", "Swahili-NT": "sw", "Wolof-NT": "wo"},
}


def main() -> None:
    arguments = _arguments()
    records = []
    with tempfile.TemporaryDirectory() as temporary:
        for family in CLASSES:
            records += measure(family, Path(temporary) / family, arguments)
    report(records)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=os.environ.get("XLTRANSFER_DATA_DIR"),
    )
    parser.add_argument("--size", type=int, default=16000)
    parser.add_argument(
        "--lines", type=int, default=500, help="of each file, to train on"
    )
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.data_dir is None:
        parser.error("give --data-dir or set XLTRANSFER_DATA_DIR")
    arguments.data_dir = Path(arguments.data_dir)
    return arguments


def measure(
    family: str, folder: Path, arguments: argparse.Namespace
) -> list[dict]:
    """Returns a record for each tokenizer and language."""
    vocabulary = _trained(family, folder, arguments)
    model = SentencePieceProcessor(model_file=vocabulary.path)
    pieces = load(vocabulary, folder)
    counts, lines = Counter(), Counter()
    tokenizers = dict(_tokenizers(vocabulary, folder))
    for path in _files(arguments.data_dir):
        texts = _lines(path)
        expected = pieces.encode_batch(texts)
        lines[_language(path)] += len(texts)
        for name, tokenizer in tokenizers.items():
            found = tokenizer(texts, add_special_tokens=False)["input_ids"]
            reason_of = _reasons(model, tokenizer)
            for text, ids, other in zip(texts, expected, found, strict=True):
                if ids != other:
                    counts[name, _language(path), reason_of(text)] += 1
    return [
        {
            "family": family,
            "tokenizer": name,
            "language": language,
            "lines": lines[language],
            "different": _of(counts, name, language),
        }
        for name in tokenizers
        for language in sorted(lines)
    ]


def _of(counts: Counter, name: str, language: str) -> dict[str, int]:
    return {
        reason: count
        for (*key, reason), count in counts.items()
        if key == [name, language]
    }


def _trained(
    family: str, folder: Path, arguments: argparse.Namespace
) -> SentencePieceFile:
    texts = []
    for path in _files(arguments.data_dir):
        found = _lines(path)
        texts.extend(found[:: max(1, len(found) // arguments.lines)])
    out = folder / "trained.model"
    train(texts, out, family=family, size=arguments.size)
    return SentencePieceFile(family, str(out))


def _files(data_dir: Path) -> list[Path]:
    return sorted(
        path
        for folder in ("raw", "tatoeba")
        for path in (data_dir / folder).rglob("*")
        if path.is_file()
    )


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line]


def _language(path: Path) -> str:
    names = (path.parent.name, path.stem, path.stem.split(".")[-1])
    for name in (*names, path.suffix.removeprefix(".")):
        if name in FURTHER:
            return FURTHER[name]
        for code, language in LANGUAGES.items():
            if name in (code, language.iso3):
                return code
    return names[-1]


def _tokenizers(
    vocabulary: SentencePieceFile, folder: Path
) -> Iterator[tuple[str, Callable]]:
    kind, file, settings = CLASSES[vocabulary.family]
    (folder / "class").mkdir()
    shutil.copy(vocabulary.path, folder / "class" / file)
    yield "class", kind.from_pretrained(folder / "class", **settings)
    write_huggingface_tokenizer(vocabulary, folder / "written")
    yield "written", AutoTokenizer.from_pretrained(folder / "written")


def _reasons(
    model: SentencePieceProcessor, tokenizer: Callable
) -> Callable[[str], str]:
    """Returns what tells why the ids of a text differ, as far as that shows."""
    normalizer = tokenizer.backend_tokenizer.normalizer

    def reason(text: str) -> str:
        if any(name in text for name in SPECIAL):
            return "special token"
        normalised = " ".join(normalizer.normalize_str(text).split())
        expected = model.normalize(text).replace("▁", " ")
        if normalised.replace("▁", " ") != expected.strip():
            return "normalisation"
        if any(map(model.is_byte, model.encode(text))):
            return "bytes"
        return "tie or other"

    return reason


def report(records: list[dict]) -> None:
    """Prints a table for each tokenizer: languages with a difference."""
    for family in CLASSES:
        for name in ("class", "written"):
            chosen = [
                r
                for r in records
                if (r["family"], r["tokenizer"]) == (family, name)
            ]
            total = sum(r["lines"] for r in chosen)
            reasons = sum((Counter(r["different"]) for r in chosen), Counter())
            print(
                f"\n{family}, {name}: {reasons.total():,} of {total:,} lines "
                f"differ {dict(reasons)}"
            )
            chosen.sort(key=lambda r: -sum(r["different"].values()))
            for r in chosen:
                if count := sum(r["different"].values()):
                    share = count / r["lines"]
                    print(
                        f"  {r['language']:4} {count:6,} of {r['lines']:6,} "
                        f"{share:6.1%}  {r['different']}"
                    )


if __name__ == "__main__":
    main()
