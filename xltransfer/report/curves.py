"""Learning curves as small multiples: a panel for each row, a line a seed."""

import dataclasses
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xltransfer.report import drawing
from xltransfer.report.document import Figure
from xltransfer.report.drawing import Axis, Point
from xltransfer.report.study_folder import PhaseRecord

_WIDTH, _LEFT, _GAP = 1180, 44, 12
_PANELS, _WIDEST = 6, 260
_HEAD, _HEIGHT, _FOOT = 20, 78, 24
# Points of a line; more would not be seen.
_POINTS = 48


@dataclasses.dataclass(frozen=True)
class Panel:
    """The phases of one label, one a seed."""

    label: str
    phases: Sequence[PhaseRecord]


def curves(
    panels: Sequence[Panel], metric: str, title: str, ghost: Panel | None = None
) -> Figure | None:
    """Returns the drawing of one metric; None where no phase has logged it.

    Args:
      panels: in order.
      metric: a name in `metrics.jsonl`.
      title: of what.
      ghost: drawn pale in every panel, to compare with.
    """
    lines = {
        one.name: _line(one.curve, metric)
        for panel in (*panels, *([ghost] if ghost else []))
        for one in panel.phases
    }
    if not any(lines.values()):
        return None
    vertical = _range(metric, [y for one in lines.values() for _, y in one])
    last = max(x for one in lines.values() for x, _ in one)
    bands = math.ceil(len(panels) / _PANELS)
    count = math.ceil(len(panels) / bands)
    width = min((_WIDTH - _LEFT) / count - _GAP, _WIDEST)
    height = _HEAD + _HEIGHT + _FOOT
    parts: list[str] = []
    for number, panel in enumerate(panels):
        band, place = divmod(number, count)
        left, top = _LEFT + place * (width + _GAP), band * height
        x = Axis(0, last, left, left + width)
        y = Axis(*vertical, top + _HEAD + _HEIGHT, top + _HEAD)
        parts += _frame(panel, x, y, is_first=place == 0)
        if ghost:
            parts += _lines(ghost, lines, x, y, "ghost")
        parts += _lines(panel, lines, x, y, "curve")
    alternative = (
        f"{title}: {metric} by step, for {len(panels)} rows with a line for "
        "each seed; the table of phases has their ends."
    )
    return Figure(
        drawing.drawing(
            *(
                _LEFT + count * (width + _GAP),
                bands * height,
                alternative,
                parts,
            )
        ),
        alternative,
        f"{title}: {metric} by step, a line a seed"
        + (f"; pale: {ghost.label}." if ghost else "."),
    )


def _line(curve: Sequence[Mapping[str, Any]], metric: str) -> list[Point]:
    """Returns a curve's points, or means over equal spans if they are many."""
    points = [(one["step"], one[metric]) for one in curve if metric in one]
    size = -(-len(points) // _POINTS)
    spans = [points[at : at + size] for at in range(0, len(points), size or 1)]
    return [
        (span[-1][0], statistics.fmean(value for _, value in span))
        for span in spans
    ]


def _range(metric: str, values: Sequence[float]) -> tuple[float, float]:
    """Returns what an axis shows; of losses 49 of 50, as a first one is large."""
    ordered = sorted(values)
    if metric == "loss":
        return 0.0, ordered[int(0.98 * (len(ordered) - 1))] or 1.0
    room = 0.05 * (ordered[-1] - ordered[0]) or 1.0
    return ordered[0] - room, ordered[-1] + room


def _frame(panel: Panel, x: Axis, y: Axis, is_first: bool) -> Iterator[str]:
    width = x.end - x.start
    label = drawing.fitted(panel.label, width)
    yield drawing.text((x.start, y.end - 7), label, "strong")
    yield drawing.box(x.start, y.end, width, y.start - y.end, "ground")
    ticks = y.ticks(3)
    yield drawing.segments(
        [((x.start, y(one)), (x.end, y(one))) for one in ticks], "grid"
    )
    if is_first:
        for one in ticks:
            yield drawing.text(
                (x.start - 6, y(one) + 4), f"{one:g}", "tick end"
            )
    yield drawing.text((x.end, y.start + 13), f"{x.high:,.0f}", "tick end")
    yield drawing.text((x.start, y.start + 13), "0", "tick start")


def _lines(
    panel: Panel,
    lines: Mapping[str, Sequence[Point]],
    x: Axis,
    y: Axis,
    kind: str,
) -> Iterator[str]:
    for one in panel.phases:
        places = [(x(step), y(value)) for step, value in lines[one.name]]
        if len(places) == 1:
            yield drawing.dots(places, f"{kind}-dot", 1.8)
        elif places:
            yield drawing.path(places, kind, f"{one.name}, seed {one.seed}")
