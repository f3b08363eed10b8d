"""The table of MultiCheckList: templates in English and their translations.

A row is a template or an argument, e.g. an adjective; a column is a language.
Where a translation depends on what else a sentence says, a language has several
columns, each followed by one of placeholders: the English rows with which it
goes. Empty lines part the tests.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tasks.sources.lines import lines
from xltransfer.errors import InputError, nearest

_ENGLISH = "en"
_TEMPLATES = ("Context", "Question", "Answer")
_SUFFIX = "-placeholders"


@dataclass(frozen=True)
class Entry:
    """One row: in English, and each translation with what it goes with."""

    english: str
    translations: tuple[tuple[str, frozenset[str]], ...]

    def choose(self, said: Set[str]) -> str | None:
        """Returns the translation that fits best, the first of equals.

        One that names nothing goes with everything. None where nothing fits.

        Args:
          said: the English rows that the sentence is made of.
        """
        fitting = [
            (len(named & said), text)
            for text, named in self.translations
            if not named or named & said
        ]
        return max(fitting, key=lambda one: one[0])[1] if fitting else None


@dataclass(frozen=True)
class Test:
    """One test: contexts, questions with their answers, arguments by name."""

    contexts: list[Entry] = field(default_factory=list)
    questions: list[tuple[Entry, Entry]] = field(default_factory=list)
    arguments: dict[str, list[Entry]] = field(default_factory=dict)


def read(path: Path, language: str) -> dict[str, Test]:
    """Returns a language's tests by name.

    Raises:
      InputError: naming file and line, for what is no such table, and for a
        language that it does not have.
    """
    header, *rows = (line.split("\t") for line in lines(path))
    columns = _columns(path, header, language)
    tests: dict[str, Test] = {}
    waiting: list[Entry] = []
    for number, row in enumerate(rows, start=2):
        where = f"{path}:{number}"
        if len(row) != len(header):
            raise InputError(
                f"{where}: {len(row)} columns, expected {len(header)}, "
                "separated by tabs."
            )
        kind = row[0].strip()
        if kind == "Name":
            test = tests[row[1]] = Test()
        elif kind and not tests:
            raise InputError(f"{where}: a row before the first test's name.")
        elif kind in _TEMPLATES:
            entry = _entry(row, columns)
            if kind == "Context":
                test.contexts.append(entry)
            elif kind == "Question":
                waiting.append(entry)
            elif not waiting:
                raise InputError(f"{where}: an answer without a question.")
            else:
                test.questions.append((waiting.pop(), entry))
        elif kind and kind != "Capability":
            test.arguments.setdefault(kind, []).append(_entry(row, columns))
    return tests


def _columns(
    path: Path, header: list[str], language: str
) -> Mapping[int, int | None]:
    """Returns the language's columns, each with that of its placeholders."""
    following = dict(pairwise(range(len(header))))
    columns = {
        at: following[at]
        if header[following.get(at, 0)] == language + _SUFFIX
        else None
        for at, name in enumerate(header)
        if name == language
    }
    if header[:2] != ["Field", _ENGLISH] or not columns:
        known = {name for name in header if not name.endswith(_SUFFIX)}
        raise InputError(
            f"{path}:1: no column for {language!r}.{nearest(language, known)}"
        )
    return columns


def _entry(row: list[str], columns: Mapping[int, int | None]) -> Entry:
    return Entry(
        row[1].strip(),
        tuple(
            (row[at].strip(), _named(row[named]) if named else frozenset())
            for at, named in columns.items()
            if row[at].strip()
        ),
    )


def _named(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(", ") if one.strip())
