"""Every line of the raw text and of Tatoeba, and models trained on them."""

from pathlib import Path

from tasks.vocabularies import SentencePieceFile
from tasks.vocabulary_training import train


def files(data_dir: Path) -> list[Path]:
    return sorted(
        path
        for folder in ("raw", "tatoeba")
        for path in (data_dir / folder).rglob("*")
        if path.is_file()
    )


def lines(path: Path) -> list[str]:
    # Not `splitlines`: what it takes for the end of a line is text as well.
    return path.read_text("utf-8").split("\n")


def stand_in(
    data_dir: Path, out: Path, family: str, size: int, lines_of_a_file: int
) -> SentencePieceFile:
    """Trains what stands in for a published model."""
    texts = []
    for path in files(data_dir):
        found = [line for line in lines(path) if line.strip()]
        texts.extend(found[:: max(1, len(found) // lines_of_a_file)])
    train(texts, out, family=family, size=size)
    return SentencePieceFile(family, str(out))
