"""A file that is one JSON list of examples."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.json_fields import Keys, part, picked
from tasks.sources.lines import text
from tasks.sources.source import FileSource
from xltransfer.errors import InputError

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True)
class JsonArray(FileSource):
    """The elements of a JSON list; keys and `integers` are as in `JsonLines`.

    Where an element holds several examples, as a text holds its questions,
    `inner` is the path of their list: `keys` are looked up in its elements,
    and `outer` are what all examples of an element share.
    """

    path: str
    keys: Keys
    integers: tuple[str, ...] = ()
    inner: str = ""
    outer: Keys = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        (path,) = self.places(data_dir)
        numbered = (
            (f"{path}:{number}", element)
            for number, element in _elements(text(path), path)
        )
        found = damage.examples(numbered, self._read)
        for where, examples in damage.sound(found):
            for fields in examples:
                yield where, fields

    def _read(self, element: Any, where: str) -> list[dict[str, Any]]:
        shared = picked(element, self.outer, self.integers, where)
        return [
            shared | picked(example, self.keys, self.integers, where)
            for example in self._examples(element, where)
        ]

    def _examples(self, element: Any, where: str) -> list:
        if not self.inner:
            return [element]
        found = part(element, self.inner.split("."), self.inner, where)
        if not isinstance(found, list):
            raise InputError(f"{where}: expected a list for {self.inner!r}.")
        return found


def _elements(content: str, path: Path) -> Iterator[tuple[int, Any]]:
    """Yields the elements of a list, each with the line that it begins in."""
    decoder = json.JSONDecoder()
    place, line = _after(content, 0, "[", path), 1
    counted = 0
    while True:
        place = _SPACE.match(content, place).end()
        line += content.count("\n", counted, place)
        counted = place
        try:
            element, place = decoder.raw_decode(content, place)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{path}:{error.lineno}: no valid JSON: {error.msg}."
            ) from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}:{line}: {error}.") from error
        yield line, element
        place = _SPACE.match(content, place).end()
        if content[place : place + 1] == "]":
            _check_end(content, place + 1, path)
            return
        place = _after(content, place, ",", path)


def _after(content: str, place: int, expected: str, path: Path) -> int:
    place = _SPACE.match(content, place).end()
    if content[place : place + 1] != expected:
        number = content.count("\n", 0, place) + 1
        found = repr(content[place]) if place < len(content) else "its end"
        raise InputError(
            f"{path}:{number}: expected {expected!r} of a JSON list, found "
            f"{found}. Is the file whole?"
        )
    return place + 1


def _check_end(content: str, place: int, path: Path) -> None:
    place = _SPACE.match(content, place).end()
    if place < len(content):
        number = content.count("\n", 0, place) + 1
        raise InputError(f"{path}:{number}: text after the JSON list's end.")
