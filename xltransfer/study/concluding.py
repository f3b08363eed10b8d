"""What a study's folder says, by the statistics."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer import example_counts, selection
from xltransfer.example_counts import Counts
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.statistics.comparing import Intermediate
from xltransfer.statistics.concluding import conclude
from xltransfer.statistics.conclusions import Conclusions
from xltransfer.statistics.pairs import Method
from xltransfer.study.declaration import Study
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.study.flagging import is_degenerate
from xltransfer.study.plan import Cell, cells, rules
from xltransfer.workspace import Workspace, finished

# Whose score is on dev data, that a choice may be made by.
_DEV = (selection.ENGLISH_DEV, selection.TARGET_DEV)
_Place = tuple[str, str, str, str]


def conclusions(
    study: Study,
    workspace: Workspace,
    rows: Sequence[Mapping[str, Any]],
    method: Method | None = None,
) -> Conclusions:
    """Returns what is concluded from a study's results.

    Args:
      study: the study.
      workspace: where it was carried out.
      rows: its results in long form.
      method: of intervals; by default that of `conclude`.

    Raises:
      InputError: where what was kept of examples is damaged.
    """
    every = list(cells(study))
    places = dict(place for cell in every for place in _places(cell, workspace))

    def examples(row: Mapping[str, Any]) -> Counts | None:
        names = ("phase", "target", "language", "selection")
        path = places.get(tuple(row[name] for name in names))
        return path and example_counts.read(path)

    return conclude(
        rows,
        examples,
        _degenerate(every, workspace),
        direct=study.direct,
        controls=tuple(study.controls),
        known={cell.intermediate: _known(cell.phase) for cell in every},
        dev=dict(score for cell in every for score in _dev(cell, workspace)),
        method=method,
    )


def _places(cell: Cell, workspace: Workspace) -> Iterator[tuple[_Place, Path]]:
    """Yields where the examples of each number are kept."""
    evaluations = CellEvaluations(cell, workspace)
    for record in evaluations.rows():
        key = (
            record["phase"],
            cell.target,
            record["language"],
            record["selection"],
        )
        yield key, evaluations.examples(record)


def _degenerate(every: Sequence[Cell], workspace: Workspace) -> set[str]:
    """Returns the phases whose numbers go back to one that learnt nothing."""

    @functools.cache
    def is_flagged(one: Phase) -> bool:
        record = finished(one, workspace)
        return record is not None and is_degenerate(record)

    return {
        cell.phase.identity(workspace.data_dir)
        for cell in every
        if any(map(is_flagged, cell.phase.lineage))
    }


def _known(last: Phase) -> Intermediate:
    """Returns what a cell's intermediate phases trained on."""
    return Intermediate.of(
        (part.dataset.language, part.dataset.problem)
        for one in last.lineage
        if one.kind == "intermediate"
        for part in one.components
    )


def _dev(
    cell: Cell, workspace: Workspace
) -> Iterator[tuple[tuple[str, str], float]]:
    """Yields the dev score by which each rule chose."""
    for rule in rules(cell, workspace):
        score = _score(cell.phase, rule, workspace)
        if rule.name in _DEV and score is not None:
            identity = cell.phase.identity(workspace.data_dir)
            yield (identity, rule.name), score


def _score(one: Phase, rule: Rule, workspace: Workspace) -> float | None:
    record = finished(one, workspace, [rule])
    if record is None:
        return None
    return record["rules"][rule.key(one, workspace.data_dir)]["score"]
