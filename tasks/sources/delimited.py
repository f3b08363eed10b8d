"""One example a line, its fields separated by tabs."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class Delimited(FileSource):
    """Lines of tab-separated fields.

    `columns` names the fields in order; `''` leaves a column out. `header` is
    the first line's names, for a file that has one. `quoted` says that fields may
    stand in double quotes, as spreadsheets write them: tabs inside belong to
    the field, quotes inside are doubled.
    """

    path: str
    columns: tuple[str, ...]
    header: tuple[str, ...] = ()
    quoted: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        (path,) = self.files(data_dir)
        first = 1
        found = lines(path)
        if self.header:
            self._check_header(path, found.pop(0))
            first = 2
        for number, line in enumerate(found, start=first):
            where = f"{path}:{number}"
            fields = dict(
                zip(self.columns, self._fields(line, where), strict=True)
            )
            fields.pop("", None)
            yield where, fields

    def _check_header(self, path: Path, line: str) -> None:
        found = tuple(line.split("\t"))
        if found != self.header:
            raise InputError(
                f"{path}:1: the header is {', '.join(found)!r}, expected "
                f"{', '.join(self.header)!r}, separated by tabs."
            )

    def _fields(self, line: str, where: str) -> list[str]:
        fields = _unquoted(line, where) if self.quoted else line.split("\t")
        if len(fields) != len(self.columns):
            raise InputError(
                f"{where}: {len(fields)} columns, expected "
                f"{len(self.columns)}, separated by tabs."
            )
        return fields


def _unquoted(line: str, where: str) -> list[str]:
    # Line by line: a stray quote must not swallow the lines after it.
    try:
        return next(csv.reader([line], delimiter="\t", strict=True), [""])
    except csv.Error as error:
        raise InputError(f"{where}: {error}. Is a quote missing?") from error
