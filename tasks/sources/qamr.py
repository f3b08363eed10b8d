"""QAMR: questions about the words of single sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources.delimited import Delimited
from tasks.sources.source import FileSource
from xltransfer.errors import InputError, nearest

# https://github.com/uwnlp/qamr/blob/master/data/README.md
_COLUMNS = (
    *("sentence", "targets", "worker", "number", "", "question"),
    *("answer", "first", "second"),
)


@dataclass(frozen=True)
class Qamr(FileSource):
    """QAMR's filtered questions; `sentences` is the file of their sentences.

    The answers are the writer's and both validators'. They are sets of tokens,
    nearly always neighbours; of others the least span that holds them is
    taken. The first four columns that name a question make its id.

    Yields what `SquadJson` yields.
    """

    path: str
    sentences: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, self.sentences)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        sentences = {
            fields["id"]: fields["text"]
            for _, fields in Delimited(self.sentences, ("id", "text")).read(
                data_dir
            )
        }
        for where, fields in Delimited(self.path, _COLUMNS).read(data_dir):
            name = fields["sentence"]
            if name not in sentences:
                raise InputError(
                    f"{where}: no sentence {name!r} in {self.sentences}."
                    f"{nearest(name, sentences)}"
                )
            yield where, _question(fields, sentences[name], where)


def _question(
    fields: dict[str, str], sentence: str, where: str
) -> dict[str, Any]:
    parts = (fields[k] for k in ("sentence", "targets", "worker", "number"))
    judgments = (fields[k].partition(":")[2] for k in ("first", "second"))
    tokens = (fields["answer"], *judgments)
    return {
        "id": "/".join(part.replace(" ", "-") for part in parts),
        "question": fields["question"],
        "context": sentence,
        "answers": tuple(_span(sentence, t, where) for t in tokens),
    }


def _span(sentence: str, tokens: str, where: str) -> tuple[str, int]:
    """Returns the text from the first to the last of the numbered tokens."""
    words = sentence.split(" ")
    numbers = tokens.split()
    if not numbers or not all(
        n.isascii() and n.isdigit() and int(n) < len(words) for n in numbers
    ):
        raise InputError(
            f"{where}: the answer {tokens!r} does not number tokens of the "
            f"sentence, 0 to {len(words) - 1}."
        )
    first, last = min(map(int, numbers)), max(map(int, numbers))
    start = sum(len(word) + 1 for word in words[:first])
    return " ".join(words[first : last + 1]), start
