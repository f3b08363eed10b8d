"""One example a line, its fields told by the names in the first line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.sources import damage
from tasks.sources.delimited import check_width, spelled
from tasks.sources.separated import records
from tasks.sources.source import FileSource
from xltransfer.errors import InputError, nearest


@dataclass(frozen=True)
class Table(FileSource):
    """A delimited file with a header; see `Delimited`.

    `columns` pairs each field with the name of its column; other columns are
    left out. `malformed` says that the official file is known to have lines
    with another number of fields than the header, and leaves them out: for
    splits whose size is stated, which shows whether there were more.
    """

    path: str
    columns: tuple[tuple[str, str], ...]
    quoted: bool = False
    delimiter: str = "\t"
    multiline: bool = False
    malformed: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        (path,) = self.places(data_dir)
        found = records(path, self.delimiter, self.quoted, self.multiline)
        _, header = next(found)
        places = self._places(header, path)

        def named(fields: list[str], where: str) -> dict[str, str]:
            check_width(fields, len(header), self.delimiter, where)
            return {name: fields[place] for name, place in places}

        numbered = (
            (f"{path}:{number}", fields)
            for number, fields in found
            if not self.malformed or len(fields) == len(header)
        )
        yield from damage.examples(numbered, named)

    def _places(self, header: list[str], path: Path) -> list[tuple[str, int]]:
        for _, column in self.columns:
            if header.count(column) != 1:
                raise InputError(
                    f"{path}:1: the header names {header.count(column)} "
                    f"columns {column!r}, separated by "
                    f"{spelled(self.delimiter)}.{nearest(column, header)}"
                )
        return [(field, header.index(name)) for field, name in self.columns]
