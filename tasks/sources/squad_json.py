"""SQuAD's JSON: articles hold paragraphs, those hold questions and answers."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        seen: dict[str, str] = {}
        for name, found in _unpacked(path):
            for where, fields in _questions(_parsed(name, found), name):
                key = fields["id"]
                if not key.startswith(self.id_prefix):
                    continue
                if self.unique and key in seen:
                    raise InputError(
                        f"{where}: the same id as {seen[key]}. Ids must differ."
                    )
                seen[key] = where
                yield where, fields


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
    if isinstance(found, dict):
        found = field(found, "data", name)
    for number, article in enumerate(listed(found, "data", name), start=1):
        where = f"{name}: article {number}"
        # KorQuAD 2 has no paragraphs: its article is one.
        is_paragraph = isinstance(article, dict) and "paragraphs" not in article
        if is_paragraph and "qas" in article:
            yield from _paragraph(article, where)
            continue
        paragraphs = listed(
            field(article, "paragraphs", where), "paragraphs", where
        )
        for count, paragraph in enumerate(paragraphs, start=1):
            yield from _paragraph(paragraph, f"{where}, paragraph {count}")


def _paragraph(
    paragraph: Any, where: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    context = text(field(paragraph, "context", where), "context", where)
    questions = listed(field(paragraph, "qas", where), "qas", where)
    for number, question in enumerate(questions, start=1):
        key = identity(question, ("id", "guid"), f"{where}, question {number}")
        here = f"{where}, question {shown(key)}"
        yield (
            here,
            {
                "id": key,
                "question": text(
                    field(question, "question", here), "question", here
                ),
                "context": context,
                "answers": _answers(question, here),
            },
        )


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
