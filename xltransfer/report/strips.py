"""A board's deltas by language, with intervals: a panel for each row."""

import math
from collections.abc import Iterator, Sequence

from xltransfer.report import drawing
from xltransfer.report.boards import Board, language_name
from xltransfer.report.document import Figure
from xltransfer.report.drawing import Axis
from xltransfer.report.matrix import Row

_WIDTH = 1180
_LABELS, _GAP, _LINE, _HEAD, _FOOT = 96, 10, 15, 20, 26
_PANELS = 10  # In one band, at most.
_WIDEST = 230


def strip(board: Board) -> Figure:
    """Returns the drawing: languages down, points across, a panel a row."""
    rows = board.compared
    limits = _limits(board, rows)
    parts: list[str] = []
    bands = math.ceil(len(rows) / _PANELS)
    count = math.ceil(len(rows) / bands)
    width = min((_WIDTH - _LABELS) / count - _GAP, _WIDEST)
    height = _HEAD + _LINE * len(board.languages) + _FOOT
    for band in range(bands):
        top = band * height
        parts += _names(board, top)
        for number, row in enumerate(rows[band * count : (band + 1) * count]):
            left = _LABELS + number * (width + _GAP)
            axis = Axis(-limits, limits, left, left + width)
            parts += _panel(board, row, axis, top)
    made = drawing.drawing(
        _LABELS + count * (width + _GAP),
        bands * height,
        _alternative(board, rows),
        parts,
    )
    return Figure(
        made,
        _alternative(board, rows),
        f"{board.title}: delta to {board.direct!r} in points by language, "
        "grouped by family. Lines: 95 % intervals; one without an end cap goes "
        "on outside. Filled: differs from none at 5 % after Holm's correction.",
    )


def _alternative(board: Board, rows: Sequence[Row]) -> str:
    return (
        f"Deltas of {board.title} by language with intervals, for "
        f"{len(rows)} intermediates; the table above has the same numbers."
    )


def _limits(board: Board, rows: Sequence[Row]) -> float:
    """Returns the points that the axis shows on either side.

    All means, and nine of ten ends of intervals: with few seeds some intervals
    are so wide that nothing else could be seen.
    """
    means, ends = [0.5], [0.5]
    for row in rows:
        for code in board.languages:
            if code in row.deltas:
                means.append(abs(row.deltas[code].mean))
            found = board.comparison(row, code)
            if found and found.interval:
                ends += map(abs, found.interval)
    return 1.05 * max(*means, sorted(ends)[int(0.9 * (len(ends) - 1))])


def _names(board: Board, top: float) -> Iterator[str]:
    for number, code in enumerate(board.languages):
        place = (_LABELS - 8, top + _HEAD + _LINE * (number + 0.5) + 4)
        name = drawing.fitted(language_name(code), _LABELS - 10)
        yield drawing.text(place, name, "end")


def _panel(board: Board, row: Row, axis: Axis, top: float) -> Iterator[str]:
    bottom = top + _HEAD + _LINE * len(board.languages)
    label = drawing.fitted(board.label(row), axis.end - axis.start)
    yield drawing.text((axis.start, top + 13), label, "strong")
    yield drawing.box(
        axis.start,
        top + _HEAD,
        axis.end - axis.start,
        bottom - top - _HEAD,
        "ground",
    )
    step = _step(axis.high)
    ticks = [-step, 0, step]
    yield drawing.segments(
        [((axis(x), top + _HEAD), (axis(x), bottom)) for x in ticks], "grid"
    )
    yield drawing.segments(
        [((axis(0), top + _HEAD), (axis(0), bottom))], "zero"
    )
    for x in ticks:
        yield drawing.text(
            (axis(x), bottom + 13),
            f"{x:+g}".replace("-", "−") if x else "0",
            "tick",
        )
    yield from _marks(board, row, axis, top)


def _step(limit: float) -> float:
    """Returns a round number well inside of a panel."""
    unit = 10.0 ** math.floor(math.log10(0.8 * limit))
    return max(unit * one for one in (1, 2, 3, 5) if unit * one <= 0.8 * limit)


def _marks(board: Board, row: Row, axis: Axis, top: float) -> Iterator[str]:
    lines, caps, open_dots, filled = [], [], [], []
    for number, code in enumerate(board.languages):
        if code not in row.deltas:
            continue
        y = top + _HEAD + _LINE * (number + 0.5)
        found = board.comparison(row, code)
        if found and found.interval:
            low, high = found.interval
            lines.append(((axis(low), y), (axis(high), y)))
            caps += [
                ((axis(x), y - 3), (axis(x), y + 3))
                for x in (low, high)
                if axis.holds(x)
            ]
        is_sure = found is not None and found.is_significant
        (filled if is_sure else open_dots).append(
            (axis(row.deltas[code].mean), y)
        )
    yield drawing.segments(lines, "interval")
    yield drawing.segments(caps, "interval")
    yield drawing.dots(open_dots, "open")
    yield drawing.dots(filled, "filled")
