"""Questions with a passage and answers, one JSON object a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.answers import (
    field,
    gold,
    identity,
    listed,
    number,
    shown,
    text,
)
from tasks.sources.json_lines import json_object
from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError

# The first character of an answer that is given as text alone.
UNKNOWN = -1


@dataclass(frozen=True)
class QuestionLines(FileSource):
    """Lines that are JSON objects with a question, a passage and answers.

    `keys` pairs a field (id, question, context, answers, start) with its key,
    where that has another name. Without the key `id` an example is named by
    its line. Answers are `{"text": [...], "answer_start": [...]}` (Hugging
    Face), pairs of start and text, texts alone (ParsiNLU), SQuAD's objects, or
    one text whose start is under the key `start` (thaiqa).

    Yields what `SquadJson` yields.
    """

    path: str
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        (path,) = self.files(data_dir)
        numbered = (
            (f"{path}:{count}", (line, f"{path.stem}-{count}"))
            for count, line in enumerate(lines(path), start=1)
        )
        yield from damage.examples(numbered, self._question)

    def _question(self, item: tuple[str, str], where: str) -> dict[str, Any]:
        line, name_of_line = item
        found = json_object(line, where)
        fields: dict[str, Any] = {
            name: text(
                field(found, self._key(name), where), self._key(name), where
            )
            for name in ("question", "context")
        }
        fields["id"] = self._id(found, name_of_line, where)
        fields["answers"] = self._answers(found, where)
        return fields

    def _key(self, name: str) -> str:
        return dict(self.keys).get(name, name)

    def _id(self, found: dict, name_of_line: str, where: str) -> str:
        if "id" not in dict(self.keys) and "id" not in found:
            return name_of_line
        return identity(found, (self._key("id"),), where)

    def _answers(self, found: dict, where: str) -> tuple[tuple[str, int], ...]:
        key = self._key("answers")
        answers = field(found, key, where)
        if isinstance(answers, str):
            start = self._key("start")
            place = number(field(found, start, where), start, where)
            return ((text(answers, key, where), place),)
        if isinstance(answers, dict):
            answers = _columns(answers, where)
        return tuple(_answer(a, where) for a in listed(answers, key, where))


def _columns(answers: dict, where: str) -> list[list]:
    """Turns lists of texts and of starts into pairs."""
    texts, starts = (
        listed(field(answers, key, where), key, where)
        for key in ("text", "answer_start")
    )
    if len(texts) != len(starts):
        raise InputError(
            f"{where}: {len(texts)} answers, but {len(starts)} starts."
        )
    return [list(pair) for pair in zip(starts, texts, strict=True)]


def _answer(answer: Any, where: str) -> tuple[str, int]:
    if isinstance(answer, str):
        return text(answer, "answers", where), UNKNOWN
    if isinstance(answer, dict):
        return gold(answer, where)
    if not isinstance(answer, list) or len(answer) != 2:
        raise InputError(
            f"{where}: the answer is {shown(answer)}, expected a start and a "
            "text."
        )
    start, written = answer
    return text(written, "answers", where), number(start, "answers", where)
