"""What was concluded of deltas, one a line."""

from collections.abc import Sequence

from xltransfer.report.boards import interval, signed
from xltransfer.report.document import Cell, Table
from xltransfer.selection import NOT_ZERO_SHOT
from xltransfer.statistics.conclusions import Comparison

_COLUMNS = (
    *("against", "target", "metric", "rule", "points"),
    *("95 %", "p", "seeds", "over", "examples", "matched"),
)


def comparisons(name: str, caption: str, found: Sequence[Comparison]) -> Table:
    """Returns a table of them, each with its interval and test."""
    rules = [
        one for one in NOT_ZERO_SHOT if one in {x.selection for x in found}
    ]
    notes = [f"NOT ZERO-SHOT: {one}, {NOT_ZERO_SHOT[one]}." for one in rules]
    if any(one.flagged for one in found):
        notes.append("‡ A run of either side is degenerate or missing.")
    arms = [", ".join(filter(None, (x.model, x.method))) for x in found]
    # Which model and method, where there are several.
    width = int(len(set(arms)) > 1)
    rows = [
        [_label(one), *[arm][:width], *_row(one)]
        for one, arm in zip(found, arms, strict=True)
    ]
    columns = ["intermediate", *["model"][:width], *_COLUMNS]
    return Table(
        name, caption, columns, rows, headers=1, notes=notes, searched=True
    )


def _label(one: Comparison) -> str:
    return f"{one.intermediate}{' ‡' * one.flagged}"


def _row(one: Comparison) -> list[Cell | str]:
    rule = one.selection + ", NOT ZERO-SHOT" * (one.selection in NOT_ZERO_SHOT)
    return [
        one.baseline,
        one.target,
        one.metric,
        rule,
        Cell(
            signed(one.estimate.mean) + "*" * one.is_significant,
            one.estimate.mean,
            strong=one.is_significant,
        ),
        interval(one.interval),
        "–" if one.p_holm is None else Cell(_p(one.p_holm), one.p_holm),
        Cell(str(one.estimate.count), one.estimate.count),
        ", ".join(one.over) or "–",
        "–"
        if one.examples is None
        else Cell(f"{one.examples:,}", one.examples),
        "yes" if one.matched else "no",
    ]


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
