"""SQuAD's JSON: articles hold paragraphs, those hold questions and answers."""

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.answers import (
    field,
    gold,
    identity,
    listed,
    shown,
    text,
)
from tasks.sources.content import content
from tasks.sources.lines import decoded
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class SquadJson(FileSource):
    """Questions with answers in paragraphs, as SQuAD 1.1 and 2.0 write them.

    Reads the variants that are in use: articles under `data` or at the top; a
    paragraph in the place of an article and one `answer` in that of `answers`
    (KorQuAD 2); `guid` for `id` (KLUE); numbers for ids (GermanQuAD). A path
    that ends in `.gz` is unpacked, one in `.zip` holds JSON files, which are
    read in the order of their names.

    `id_prefix` keeps the questions whose id begins so. `unique` refuses an id
    that comes twice: a submission names answers by id.

    Yields id, question, context (str) and answers: pairs of text and first
    character, none for a question that is impossible to answer.
    """

    path: str
    id_prefix: str = ""
    unique: bool = True

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        (path,) = self.files(data_dir)
        found = (
            one
            for name, content in _unpacked(path)
            for one in _questions(_parsed(name, content), name)
            if one[1]["id"].startswith(self.id_prefix)
        )
        seen: dict[str, str] = {}

        def unique(fields: dict[str, Any], where: str) -> dict[str, Any]:
            before = seen.setdefault(fields["id"], where)
            if self.unique and before is not where:
                raise InputError(
                    f"{where}: the same id as {before}. Ids must differ."
                )
            return fields

        yield from damage.sound(damage.examples(found, unique))


def _unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of each JSON file."""
    found = content(path)
    if path.suffix != ".zip":
        yield str(path), found
        return
    try:
        yield from _members(path, found)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: a damaged archive: {error}. Fetch it again."
        ) from error


def _members(path: Path, found: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        names = [n for n in archive.namelist() if n.endswith(".json")]
        if not names:
            raise InputError(f"{path}: no JSON file in the archive.")
        for name in sorted(names):
            yield f"{path}: {name}", archive.read(name)


def _parsed(name: str, found: bytes) -> Any:
    try:
        return json.loads(decoded(name, found))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}:{error.lineno}: no valid JSON: {error.msg} at column "
            f"{error.colno}. Is the file whole?"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: no valid JSON: {error}.") from error


def _questions(found: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields place and fields of every question; goes on after a damaged part.

    The parts are articles, paragraphs and questions, one in the other.
    """
    if isinstance(found, dict):
        found = field(found, "data", name)
    articles = _numbered(listed(found, "data", name), f"{name}: article")
    paragraphs = _parts(articles, _paragraphs)
    questions = _parts(paragraphs, _asked)
    for _, (where, fields) in damage.sound(
        damage.examples(questions, _question)
    ):
        yield where, fields


def _numbered(found: list, what: str) -> list[tuple[str, Any]]:
    return [
        (f"{what} {number}", one) for number, one in enumerate(found, start=1)
    ]


def _parts(
    wholes: Iterable[tuple[str, Any]],
    taken_apart: Callable[[Any, str], list[tuple[str, Any]]],
) -> Iterator[tuple[str, Any]]:
    for _, parts in damage.sound(damage.examples(wholes, taken_apart)):
        yield from parts


def _paragraphs(article: Any, where: str) -> list[tuple[str, Any]]:
    # KorQuAD 2 has no paragraphs: its article is one.
    is_paragraph = isinstance(article, dict) and "paragraphs" not in article
    if is_paragraph and "qas" in article:
        return [(where, article)]
    found = listed(field(article, "paragraphs", where), "paragraphs", where)
    return _numbered(found, f"{where}, paragraph")


def _asked(paragraph: Any, where: str) -> list[tuple[str, tuple[str, Any]]]:
    context = text(field(paragraph, "context", where), "context", where)
    questions = listed(field(paragraph, "qas", where), "qas", where)
    return [
        (here, (context, question))
        for here, question in _numbered(questions, f"{where}, question")
    ]


def _question(asked: tuple[str, Any], where: str) -> tuple[str, dict[str, Any]]:
    """Returns the place, by the question's id, and the fields."""
    context, question = asked
    key = identity(question, ("id", "guid"), where)
    place, _, _ = where.rpartition(" ")
    here = f"{place} {shown(key)}"
    fields = {
        "id": key,
        "question": text(field(question, "question", here), "question", here),
        "context": context,
        "answers": _answers(question, here),
    }
    return here, fields


def _answers(question: dict, where: str) -> tuple[tuple[str, int], ...]:
    is_impossible = question.get("is_impossible", False)
    if not isinstance(is_impossible, bool):
        raise InputError(
            f"{where}: 'is_impossible' is {shown(is_impossible)}, not true or "
            "false."
        )
    if is_impossible:
        return ()
    if "answer" in question and "answers" not in question:
        return (gold(question["answer"], where),)
    answers = listed(field(question, "answers", where), "answers", where)
    if not answers and "is_impossible" in question:
        raise InputError(
            f"{where}: no answers, but 'is_impossible' is false. Give the "
            "answers, or say that it is true."
        )
    return tuple(gold(answer, where) for answer in answers)
