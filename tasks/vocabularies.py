"""SentencePiece vocabularies, published or trained, without TensorFlow.

The ids of a model's family: XLM-R's are fairseq's (`<s>` 0, `<pad>` 1, `</s>`
2, `<unk>` 3, then the pieces, `<mask>` last), mT5's are SentencePiece's own
(`<pad>` 0, `</s>` 1, `<unk>` 2; the sentinels are the last 100 pieces).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tasks.pieces import MT5Pieces, Pieces, XLMRPieces
from tasks.vocabulary_training import ModelType, train
from xltransfer.errors import InputError

Family = Literal["xlmr", "mt5"]

PIECES: dict[str, type[Pieces]] = {"xlmr": XLMRPieces, "mt5": MT5Pieces}

# Repository on Hugging Face, file, and the SHA-256 of that file. All sizes of
# a family share it.
_PUBLISHED = {
    "xlmr": (
        "FacebookAI/xlm-roberta-base",
        "sentencepiece.bpe.model",
        "cfc8146abe2a0488e9e2a0c56de7952f7c11ab059eca145a0a727afce0db2865",
    ),
    "mt5": (
        "google/mt5-small",
        "spiece.model",
        "ef78f86560d809067d12bac6c09f19a462cb3af3f54d2b8acbba26e1433125d6",
    ),
}


class Vocabulary(Protocol):
    """Where a SentencePiece model comes from, and what identifies it."""

    family: Family

    def digest(self, data_dir: Path | None = None) -> str:
        """Returns the identity, in hex, without making the model."""

    def model_file(self, cache_dir: Path, data_dir: Path | None = None) -> Path:
        """Returns the model's file, made or fetched where it is not there."""


@dataclass(frozen=True)
class PublishedVocabulary:
    """The vocabulary of the published XLM-R or mT5 models."""

    family: Family

    def digest(self, data_dir: Path | None = None) -> str:
        return _PUBLISHED[self.family][2]

    def model_file(self, cache_dir: Path, data_dir: Path | None = None) -> Path:
        """Raises InputError if the file cannot be fetched or is another."""
        from huggingface_hub import hf_hub_download

        repository, name, digest = _PUBLISHED[self.family]
        try:
            path = Path(hf_hub_download(repository, name, cache_dir=cache_dir))
        except (OSError, ValueError) as error:
            raise InputError(
                f"{name} of {repository} cannot be fetched: {error}. Fetch it "
                "yourself and name the file, or train a vocabulary."
            ) from error
        if _file_digest(path) != digest:
            raise InputError(
                f"{path} is not the published {name}: its SHA-256 is not "
                f"{digest}. Remove it and fetch it again."
            )
        return path


@dataclass(frozen=True)
class SentencePieceFile:
    """A SentencePiece model in a file."""

    family: Family
    path: str

    def digest(self, data_dir: Path | None = None) -> str:
        identity = f"{self.family} {_file_digest(Path(self.path))}"
        return hashlib.sha256(identity.encode()).hexdigest()

    def model_file(self, cache_dir: Path, data_dir: Path | None = None) -> Path:
        return Path(self.path)


@dataclass(frozen=True)
class TrainedVocabulary:
    """A vocabulary trained on datasets' training text.

    `size` counts all ids of the family, special ones included. `text` names
    language modelling datasets or mixtures of them. `lines` is how many lines
    of each are used at most, taken at equal distances; 0 takes all.
    """

    family: Family
    size: int
    text: tuple[str, ...]
    model_type: ModelType = "unigram"
    character_coverage: float = 0.9995
    lines: int = 0

    def digest(self, data_dir: Path | None = None) -> str:
        from tasks.row import digest

        whole = hashlib.sha256(repr(self).encode())
        for row in _text_datasets(self.text):
            whole.update(digest(row, "train", data_dir).encode())
        return whole.hexdigest()

    def model_file(self, cache_dir: Path, data_dir: Path | None = None) -> Path:
        path = (
            Path(cache_dir) / "vocabularies" / f"{self.digest(data_dir)}.model"
        )
        if not path.is_file():
            train(
                self._lines(data_dir),
                path,
                family=self.family,
                size=self.size,
                model_type=self.model_type,
                character_coverage=self.character_coverage,
            )
        return path

    def _lines(self, data_dir: Path | None) -> Iterator[str]:
        from tasks.row import rows

        for row in _text_datasets(self.text):
            texts = [ex["text"] for ex in rows(row, "train", data_dir)]
            count = min(self.lines or len(texts), len(texts))
            for index in range(count):
                yield texts[index * len(texts) // count]


def export_warning(vocabulary: Vocabulary) -> str:
    """Returns what to tell whoever exports a model for Hugging Face.

    The model was trained on SentencePiece's ids; a Hugging Face tokenizer that
    makes others of a text shows it something else. Holds for the files that
    `tasks.tokenizer_files` writes and for the published ones alike;
    `benchmarks/tokenizer_differences.py` counts by language.
    """
    name, lacks = {
        "xlmr": ("XLMRobertaTokenizer", "drops some combining accents"),
        "mt5": (
            "T5Tokenizer",
            "drops some combining accents and spells nothing in bytes",
        ),
    }[vocabulary.family]
    return (
        "Hugging Face's tokenizers do not always make SentencePiece's ids. "
        f"Load this directory with AutoTokenizer: {name} {lacks}. Either way "
        "a special token's name in a text, such as </s>, becomes that token; "
        "in SentencePiece it is text. Compare the ids where it matters."
    )


def load(
    vocabulary: Vocabulary, cache_dir: Path, data_dir: Path | None = None
) -> Pieces:
    """Returns a vocabulary's pieces, training or fetching what is not there."""
    path = vocabulary.model_file(cache_dir, data_dir)
    return PIECES[vocabulary.family](path)


def _text_datasets(names: Sequence[str]) -> list:
    import tasks

    return [
        tasks.dataset(component)
        for name in names
        for component, _ in tasks.mixture(name).components
    ]


def _file_digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.") from error
