"""One example a line, its fields told by their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.sources import damage
from tasks.sources.separated import records
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class Delimited(FileSource):
    """Lines of separated fields, by default with tabs.

    `columns` names the fields in order; `''` leaves a column out. `header` is
    the first line's names, for a file that has one; `skipped` first lines hold
    no example and are not looked at. `quoted` says that fields may stand in
    double quotes, as spreadsheets write them: delimiters inside belong to the
    field, quotes inside are doubled; with `multiline` line ends, too.
    """

    path: str
    columns: tuple[str, ...]
    header: tuple[str, ...] = ()
    quoted: bool = False
    delimiter: str = "\t"
    multiline: bool = False
    skipped: int = 0

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        (path,) = self.places(data_dir)
        found = records(path, self.delimiter, self.quoted, self.multiline)
        for _ in range(self.skipped):
            next(found, None)
        if self.header:
            number, fields = next(found)
            self._check_header(f"{path}:{number}", tuple(fields))
        numbered = ((f"{path}:{number}", fields) for number, fields in found)
        yield from damage.examples(numbered, self._named)

    def _check_header(self, where: str, found: tuple[str, ...]) -> None:
        if found != self.header:
            raise InputError(
                f"{where}: the header is {', '.join(found)!r}, expected "
                f"{', '.join(self.header)!r}, separated by "
                f"{spelled(self.delimiter)}."
            )

    def _named(self, fields: list[str], where: str) -> dict[str, str]:
        check_width(fields, len(self.columns), self.delimiter, where)
        named = dict(zip(self.columns, fields, strict=True))
        named.pop("", None)
        return named


def check_width(
    fields: list[str], columns: int, delimiter: str, where: str
) -> None:
    """Raises InputError for another number of fields than of columns."""
    if len(fields) != columns:
        raise InputError(
            f"{where}: {len(fields)} columns, expected {columns}, separated "
            f"by {spelled(delimiter)}."
        )


def spelled(delimiter: str) -> str:
    """Returns the name of a delimiter in messages."""
    return {"\t": "tabs", ",": "commas"}.get(delimiter, repr(delimiter))
