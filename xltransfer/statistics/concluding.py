"""Rows of results -> conclusions."""

from collections.abc import Collection, Sequence

from xltransfer.statistics import choosing, comparing, coverage
from xltransfer.statistics.choosing import Dev
from xltransfer.statistics.comparing import Known
from xltransfer.statistics.conclusions import Comparison, Conclusions, Row
from xltransfer.statistics.effects import effects
from xltransfer.statistics.pairs import (
    BOOTSTRAP,
    CROSSED,
    DRAWN,
    FLIPS,
    Method,
)
from xltransfer.statistics.tables import Examples, tables

_T = "Student's t on crossed variance components of seeds and examples"
_INTERVALS = {CROSSED: _T, BOOTSTRAP: "the hierarchical bootstrap (percentile)"}
_TESTS = {CROSSED: _T, FLIPS: "flips of the signs of seeds"}


def conclude(
    rows: Sequence[Row],
    examples: Examples,
    flags: Collection[str],
    *,
    direct: str,
    controls: Sequence[str] = (),
    known: Known | None = None,
    dev: Dev | None = None,
    method: Method | None = None,
) -> Conclusions:
    """Returns what a study's results say.

    Args:
      rows: in long form: `results.COLUMNS`.
      examples: gives what each example of a row adds to its number.
      flags: the phases (as in the rows) that are degenerate.
      direct: the label of direct transfer.
      controls: labels for which nothing is concluded.
      known: languages and problems of intermediates, by label.
      dev: scores, by phase and selection rule, that the best is chosen by.
      method: of intervals and p; by default crossed t, languages fixed.
    """
    known, dev, method = known or {}, dev or {}, method or Method()
    # A control may be evaluated on other examples than what it stands beside.
    rows = [row for row in rows if row["intermediate"] not in controls]
    comparisons, against, best, found = [], [], {}, []
    for table in tables(rows, examples, flags):
        made = comparing.to_direct(table, direct, controls, known, method)
        comparisons += made
        against += comparing.to_english(table, controls, known, method)
        found += effects(table, direct, controls, known)
        choice = choosing.best(table, direct, controls, dev, made)
        if choice is not None:
            place = (choice.model, choice.method, choice.target)
            key = (*place, choice.chosen_by)
            # What enters aggregates: F1 where there is one.
            if key not in best or choice.metric == "f1":
                best[key] = choice
    return Conclusions(
        tuple(comparisons),
        tuple(best.values()),
        tuple(found),
        _method(method),
        coverage.sentence(comparisons, method),
        _limits(comparisons, method),
        tuple(against),
    )


def _method(method: Method) -> str:
    about = "of the evaluated languages"
    if method.languages == DRAWN:
        about = "of languages like the evaluated ones, drawn anew"
    intervals, test = _INTERVALS[method.intervals], _TESTS[method.test]
    made = f"95 % intervals and p by {intervals}"
    if intervals != test:
        made = f"95 % intervals by {intervals}; p by {test}"
    return (
        f"Deltas are paired by seed; {made}; means are {about}; p corrected "
        "after Holm within a table, its means and its single languages apart"
    )


def _limits(
    comparisons: Sequence[Comparison], method: Method
) -> tuple[str, ...]:
    """Returns what must be known, as sentences."""
    limits = [
        "All runs start from one pretrained model: how another one would do "
        "is in no interval.",
        "A correction covers one table; several tables, rules or metrics are "
        "several families.",
        "Effects of kinship, family and script are associations: languages "
        "that share one differ in much else.",
    ]
    if method.languages != DRAWN:
        limits.append(
            "A mean is about the languages that were evaluated, not about "
            "others."
        )
    seeds = {one.estimate.count for one in comparisons}
    if 1 in seeds:
        limits.append(
            "With one seed an interval is over examples alone and says "
            "nothing of other seeds; there is no p."
        )
    if any("examples" not in one.over for one in comparisons):
        limits.append(
            "Some intervals are over seeds alone: what each example adds was "
            "not kept, or the metric is no sum over examples."
        )
    flagged = {
        (one.intermediate, one.target, one.selection)
        for one in comparisons
        if one.flagged
    }
    if flagged:
        limits.append(
            "A run is degenerate or missing in "
            f"{', '.join(sorted({one[0] for one in flagged}))}: these deltas "
            "are marked and have no p."
        )
    return tuple(limits)
