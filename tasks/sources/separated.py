"""Lines of separated fields, as tables and spreadsheets write them."""

import csv
from collections.abc import Iterator
from pathlib import Path

from tasks.sources.lines import lines
from xltransfer.errors import InputError


def records(
    path: Path, delimiter: str, quoted: bool, multiline: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of a record's first line, from 1, and its fields.

    Args:
      path: the file.
      delimiter: between two fields.
      quoted: fields may stand in double quotes, where delimiters belong to the
        field and quotes are doubled.
      multiline: line ends in quotes belong to the field, too. Otherwise every
        line is a record, and a stray quote cannot swallow the lines after it.

    Raises:
      InputError: with file and line, for a missing quote and for what `lines`
        refuses.
    """
    found = lines(path)
    if multiline:
        yield from _multiline(path, found, delimiter)
        return
    for number, line in enumerate(found, start=1):
        if quoted:
            # A line with nothing on it has one empty field.
            reader = csv.reader([line], delimiter=delimiter, strict=True)
            fields = _next(reader, f"{path}:{number}") or [""]
        else:
            fields = line.split(delimiter)
        yield number, fields


def _multiline(
    path: Path, found: list[str], delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        (f"{line}\n" for line in found), delimiter=delimiter, strict=True
    )
    number = 1
    while number <= len(found):
        yield number, _next(reader, f"{path}:{number}")
        number = reader.line_num + 1


def _next(reader: Iterator[list[str]], where: str) -> list[str]:
    try:
        return next(reader)
    except csv.Error as error:
        raise InputError(f"{where}: {error}. Is a quote missing?") from error
