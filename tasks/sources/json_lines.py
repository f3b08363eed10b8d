"""One JSON object a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError, nearest


@dataclass(frozen=True)
class JsonLines(FileSource):
    """Lines that are JSON objects; `keys` pairs each field with its key."""

    path: str
    keys: tuple[tuple[str, str], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        (path,) = self.files(data_dir)
        for number, line in enumerate(lines(path), start=1):
            where = f"{path}:{number}"
            found = json_object(line, where)
            yield (
                where,
                {field: _text(found, key, where) for field, key in self.keys},
            )


def json_object(line: str, where: str) -> dict:
    """Returns the JSON object of a line; raises InputError for another."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: no valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(f"{where}: expected a JSON object.")
    return found


def _text(found: dict, key: str, where: str) -> str:
    if key not in found:
        raise InputError(f"{where}: no key {key!r}.{nearest(key, found)}")
    if not isinstance(found[key], str):
        raise InputError(f"{where}: {key!r} is {found[key]!r}, not a text.")
    return found[key]
