"""One JSON object a line, which holds examples in lists within lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.json_fields import part, picked
from tasks.sources.json_lines import JsonLines, json_object
from xltransfer.errors import InputError


@dataclass(frozen=True)
class NestedLines(JsonLines):
    """Lines that are JSON objects; `inner` are the paths of lists inside.

    Each path is looked up in the elements of the list before. A key's path
    begins with the object that it is looked up in: `0` is the line's, `1` an
    element of the first list, and so on.
    """

    inner: tuple[str, ...] = ()

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, examples in damage.sound(super().read(data_dir)):
            for fields in examples:
                yield where, fields

    def _picked(self, line: str, where: str) -> list[dict[str, Any]]:
        chains = [[json_object(line, where)]]
        for path in self.inner:
            chains = [
                [*chain, element]
                for chain in chains
                for element in _listed(chain[-1], path, where)
            ]
        return [
            picked(chain, self.keys, self.integers, where) for chain in chains
        ]


def _listed(found: Any, path: str, where: str) -> list:
    elements = part(found, path.split("."), path, where)
    if not isinstance(elements, list):
        raise InputError(f"{where}: expected a list for {path!r}.")
    return elements
