"""Rows of text as columns of one width, for a terminal or a pipe."""

from collections.abc import Collection, Iterator, Sequence


def aligned(
    rows: Sequence[Sequence[str]], numbers: Collection[int]
) -> Iterator[str]:
    """Yields a line for each row; the columns of numbers stand on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
