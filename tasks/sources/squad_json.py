"""SQuAD's JSON: articles hold paragraphs, those hold questions and answers."""

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
from tasks.sources.json_located import line_of, located
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
        return located(decoded(name, found))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}:{error.lineno}: no valid JSON: {error.msg} at column "
            f"{error.colno}. Is the file whole?"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: no valid JSON: {error}.") from error


@dataclass(frozen=True)
class _Part:
    """An article, a paragraph or a question, and where it lies.

    `names` say so from the outermost part inwards: `article 2`, `paragraph 1`.
    `context` is, of a question, the text it is asked about.
    """

    file: str
    line: int
    names: tuple[str, ...]
    found: Any
    context: str = ""

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}: {', '.join(self.names)}"

    def inside(
        self, what: str, found: list, context: str = ""
    ) -> list["_Part"]:
        """Returns its parts; one that is no object lies in this one's line."""
        return [
            _Part(
                self.file,
                line_of(one, self.line),
                (*self.names, f"{what} {number}"),
                one,
                context,
            )
            for number, one in enumerate(found, start=1)
        ]


def _questions(found: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields place and fields of every question; goes on after a damaged part.

    The parts are articles, paragraphs and questions, one in the other.
    """
    if isinstance(found, dict):
        found = field(found, "data", name)
    file = _Part(name, 1, (), found)
    articles = file.inside("article", listed(found, "data", name))
    paragraphs = _parts(articles, _paragraphs)
    questions = _parts(paragraphs, _asked)
    read = damage.examples(_placed(questions), _question)
    for _, (where, fields) in damage.sound(read):
        yield where, fields


def _placed(parts: Iterable[_Part]) -> Iterator[tuple[str, _Part]]:
    return ((part.where, part) for part in parts)


def _parts(
    wholes: Iterable[_Part], taken_apart: Callable[[_Part, str], list[_Part]]
) -> Iterator[_Part]:
    read = damage.examples(_placed(wholes), taken_apart)
    for _, parts in damage.sound(read):
        yield from parts


def _paragraphs(article: _Part, where: str) -> list[_Part]:
    found = article.found
    # KorQuAD 2 has no paragraphs: its article is one.
    if isinstance(found, dict) and "paragraphs" not in found and "qas" in found:
        return [article]
    paragraphs = listed(field(found, "paragraphs", where), "paragraphs", where)
    return article.inside("paragraph", paragraphs)


def _asked(paragraph: _Part, where: str) -> list[_Part]:
    found = paragraph.found
    context = text(field(found, "context", where), "context", where)
    questions = listed(field(found, "qas", where), "qas", where)
    return paragraph.inside("question", questions, context)


def _question(asked: _Part, where: str) -> tuple[str, dict[str, Any]]:
    """Returns the place, by the question's id, and the fields."""
    question = asked.found
    key = identity(question, ("id", "guid"), where)
    here = replace(
        asked, names=(*asked.names[:-1], f"question {shown(key)}")
    ).where
    fields = {
        "id": key,
        "question": text(field(question, "question", here), "question", here),
        "context": asked.context,
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
