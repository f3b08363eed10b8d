"""One JSON object a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.json_fields import Keys, picked
from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class JsonLines(FileSource):
    """Lines that are JSON objects; `keys` pairs each field with its key.

    A key may be a path, and the fields `integers` whole numbers (see
    `json_fields`).
    """

    path: str
    keys: Keys
    integers: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        (path,) = self.places(data_dir)
        numbered = (
            (f"{path}:{number}", line)
            for number, line in enumerate(lines(path), start=1)
        )
        yield from damage.examples(numbered, self._picked)

    def _picked(self, line: str, where: str) -> dict[str, Any]:
        found = json_object(line, where)
        return picked(found, self.keys, self.integers, where)


def json_object(line: str, where: str) -> dict:
    """Returns the JSON object of a line; raises InputError for another."""
    try:
        found = json.loads(line)
    # Thousands of brackets within each other exhaust the decoder's stack.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: no valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(f"{where}: expected a JSON object.")
    return found
