"""The transfer matrix: rows intermediate, columns language."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xltransfer.language_groups import ENGLISH
from xltransfer.selection import NOT_ZERO_SHOT
from xltransfer.statistics import (
    ZERO_SHOT,
    Estimate,
    Key,
    estimate,
    paired_delta,
)
from xltransfer.study import Flag, Label

# The mean over languages, `ZERO_SHOT`, under a rule that has looked at the target languages.
OTHERS = "others"
# Of a row that is not what it seems, and what makes it so.
MARK = "‡"
MARKED = ("degenerate", "failed", "missing")

BySeed = dict[int, float]
# Columns, and rows.
Numbers = tuple[tuple[str, ...], tuple["Row", ...]]


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: an estimate a column, and the deltas to direct transfer.

    `zero-shot`, or `others` under a rule that is not, is the mean over all of
    the matrix's languages but English; a row that lacks one of them has none.
    """

    label: str
    scores: Mapping[str, Estimate]
    deltas: Mapping[str, Estimate]


@dataclasses.dataclass(frozen=True)
class Matrix:
    """The table of one model, method, target and metric, under one rule.

    `selection` names the rule that chose the checkpoints; `rule` is what a reader must know of it: nothing
    where there is one rule alone and it is zero-shot; `arm` names model and
    method, as far as there are several. `flagged` names rows of
    which a run is degenerate, failed or missing, and `notes` says which and
    why: such a run's numbers are in the means, as far as it has any.
    """

    model: str
    method: str
    target: str
    metric: str
    selection: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    rule: str = ""
    arm: str = ""
    flagged: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Which table of the study it is."""
        return Key(
            self.model, self.method, self.target, self.metric, self.selection
        )

    @property
    def title(self) -> str:
        """The target, after model and method where there are several."""
        return ", ".join(filter(None, (self.arm, self.target)))


def matrices(
    results: Sequence[Mapping[str, Any]],
    direct: str,
    controls: Sequence[str],
    flags: Sequence[Flag] = (),
) -> list[Matrix]:
    """Returns a matrix for each model, method, target, metric and rule.

    Deltas are to direct transfer of the same model by the same method.

    Args:
      results: rows with intermediate, target, language, metric, value, seed,
        selection, and model and method where there are several.
      direct: the label of the direct row.
      controls: labels for which no delta is taken.
      flags: what is to be told of the runs.
    """
    by_table: dict[Key, list[Mapping[str, Any]]] = {}
    for row in results:
        by_table.setdefault(Key.of(row), []).append(row)
    models, methods, rules = (
        {getattr(key, name) for key in by_table}
        for name in ("model", "method", "selection")
    )
    found = []
    for key, rows in by_table.items():
        mine = _marks(key, flags)
        several = (
            key.model if len(models) > 1 else "",
            key.method if len(methods) > 1 else "",
        )
        made = functools.partial(
            _numbers,
            selection=key.selection,
            direct=direct,
            controls=controls,
        )
        columns, lines = made(rows)
        found.append(
            Matrix(
                **dataclasses.asdict(key),
                columns=columns,
                rows=lines,
                rule=_rule(key.selection, is_named=len(rules) > 1),
                arm=", ".join(filter(None, several)),
                flagged=frozenset(label.intermediate for label, _ in mine),
                notes=tuple(_notes(mine, rows, made)),
            )
        )
    return found


def _marks(key: Key, flags: Sequence[Flag]) -> list[tuple[Label, Flag]]:
    """Returns the runs behind a table that are not what they seem."""
    return [
        (label, flag)
        for flag in flags
        if flag.phase and flag.kind in MARKED
        for label in flag.cells
        if (label.model, label.method, label.target)
        == (key.model, key.method, key.target)
    ]


def _notes(
    flags: Sequence[tuple[Label, Flag]],
    results: Sequence[Mapping[str, Any]],
    made: Callable[[Sequence[Mapping[str, Any]]], Numbers],
) -> Iterator[str]:
    """Yields what is flagged, and the means without degenerate runs."""
    concerned: dict[tuple[int, Flag], list[str]] = {}
    for label, flag in flags:
        concerned.setdefault((label.seed, flag), []).append(label.intermediate)
    for (seed, flag), names in concerned.items():
        yield (
            f"{MARK} {'; '.join(names)}, seed {seed}: {flag.kind}, "
            f"{flag.phase}: {flag.reason}"
        )
    bad = {
        (label.intermediate, label.seed)
        for label, flag in flags
        if flag.kind == "degenerate"
    }
    if not bad:
        return
    columns, others = made(
        [x for x in results if (x["intermediate"], x["seed"]) not in bad]
    )
    names = dict.fromkeys(intermediate for intermediate, _ in sorted(bad))
    lost = [x for x in names if x not in {row.label for row in others}]
    if lost:
        yield f"{MARK} {'; '.join(lost)}: all runs are degenerate"
    for name in names:
        for row in (row for row in others if row.label == name):
            column = next(x for x in columns if x in row.scores)
            score = row.scores[column]
            yield (
                f"{MARK} {name} without degenerate runs: {column} {score} over "
                f"{score.count} seeds"
            )


def markdown(matrix: Matrix) -> str:
    """Returns the matrix as a Markdown table: score, and delta in brackets."""
    title = ", ".join(filter(None, (matrix.title, matrix.metric, matrix.rule)))
    lines = [
        _line([title, *matrix.columns]),
        "|" + "---|" * (len(matrix.columns) + 1),
    ]
    for row in matrix.rows:
        cells = [cell(row, column) for column in matrix.columns]
        lines.append(_line([label(matrix, row), *cells]))
    notes = "".join(f"\n{note}\n" for note in matrix.notes)
    return "\n".join(lines) + "\n" + notes


def label(matrix: Matrix, row: Row) -> str:
    """Returns a row's label, marked where something is flagged."""
    return f"{row.label} {MARK}" if row.label in matrix.flagged else row.label


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(escaped) + " |"


def cell(row: Row, column: str) -> str:
    """Returns `71.2 ±1.3 (+0.4)`, without what there is not."""
    if column not in row.scores:
        return "–"
    text = str(row.scores[column])
    if column in row.deltas:
        text += f" ({signed(row.deltas[column].mean)})"
    return text


def signed(value: float) -> str:
    """Returns a delta with its sign; what rounds to nothing is no loss."""
    return f"{round(value, 1) + 0.0:+.1f}"


def _numbers(
    results: Sequence[Mapping[str, Any]],
    selection: str,
    direct: str,
    controls: Sequence[str],
) -> Numbers:
    """Returns the columns and rows of one table's results."""
    mean = OTHERS if selection in NOT_ZERO_SHOT else ZERO_SHOT
    table: dict[str, dict[str, BySeed]] = {}
    for result in results:
        row = table.setdefault(result["intermediate"], {})
        by_seed = row.setdefault(result["language"], {})
        by_seed[result["seed"]] = result["value"]
    languages = tuple(dict.fromkeys(row["language"] for row in results))
    columns = languages
    if set(languages) != {ENGLISH}:
        columns = (mean, *languages)
        for row in table.values():
            if all(one in row for one in languages):
                row[mean] = _mean_without_english(row)
    rows = tuple(
        Row(
            label,
            {name: estimate(list(one.values())) for name, one in row.items()},
            _deltas(row, table.get(direct, {}), label in (direct, *controls)),
        )
        for label, row in table.items()
    )
    return columns, rows


def _rule(selection: str, is_named: bool) -> str:
    """Returns a rule's name, and why its numbers are not zero-shot."""
    if selection in NOT_ZERO_SHOT:
        return f"{selection} (not zero-shot: {NOT_ZERO_SHOT[selection]})"
    return selection if is_named else ""


def _mean_without_english(row: Mapping[str, BySeed]) -> BySeed:
    others = [one for name, one in row.items() if name != ENGLISH]
    seeds = set.intersection(*(set(one) for one in others))
    return {
        seed: float(np.mean([one[seed] for one in others]))
        for seed in sorted(seeds)
    }


def _deltas(
    row: Mapping[str, BySeed], baseline: Mapping[str, BySeed], without: bool
) -> dict[str, Estimate]:
    if without:
        return {}
    return {
        name: paired_delta(by_seed, baseline[name])
        for name, by_seed in row.items()
        if name in baseline and by_seed.keys() == baseline[name].keys()
    }
