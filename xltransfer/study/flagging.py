"""What a reader must know of the numbers behind a cell.

A phase is degenerate where its score on the dev set by which its checkpoint is
chosen is not above that of the best constant answer by more than `MARGIN`
standard errors (`xltransfer.constant`).
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from xltransfer import files
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.study.plan import (
    Cell,
    Label,
    cells,
    evaluated,
    overlaps,
)
from xltransfer.study.states import State, states
from xltransfer.workspace import Workspace, finished

Kind = Literal["failed", "skipped", "degenerate", "overlap", "missing"]
NAME = "flags.json"
# Standard errors of a share, on a dev set of that size.
MARGIN = 2.0


@dataclasses.dataclass(frozen=True)
class Flag:
    """One thing that is out of the ordinary.

    Attributes:
      phase: name of the folder, KIND-IDENTITY, of the phase in question; ""
        where it is about several alike.
      cells: whose numbers it concerns; none where the phase is a trial of a
        sweep.
      kind: `failed`: a training or evaluation; `skipped`: not tried, since
        what it starts from failed; `degenerate`: no better than a constant
        answer; `overlap`: trained on what is evaluated; `missing`: not yet
        there, or without the data's files.
      reason: a sentence.
    """

    phase: str
    cells: tuple[Label, ...]
    kind: Kind
    reason: str

    @property
    def identity(self) -> str:
        """The phase's, as the column `phase` of results has it."""
        return self.phase.rpartition("-")[2]

    def __str__(self) -> str:
        where = self.phase or ", ".join(
            dict.fromkeys(
                f"{x.target} after {x.intermediate}" for x in self.cells
            )
        )
        return f"{self.kind}: {where}: {self.reason}"


def flags(study: Study, workspace: Workspace) -> tuple[Flag, ...]:
    """Returns everything that is to be told, phase by phase."""
    every = list(cells(study))
    served, known = _served(every), states(study, workspace)
    readable = [cell for cell in every if known[cell.phase].folder]
    return (
        *_of_phases(known, served, workspace),
        *_of_evaluations(readable, workspace),
        *_absent(every, workspace),
        *_overlaps(every, study, workspace),
    )


def write(study: Study, workspace: Workspace) -> tuple[Flag, ...]:
    """Writes `flags.json` into the study's folder; returns what it holds."""
    found = flags(study, workspace)
    plain = [dataclasses.asdict(one) for one in found]
    files.replace_json(workspace.out / NAME, plain)
    return found


def is_degenerate(record: dict[str, Any]) -> bool:
    """Tells whether a finished phase is no better than a constant answer.

    Args:
      record: `done.json`; `constant` is not there where nothing was measured.
    """
    constant = record.get("constant")
    if constant is None or record["score"] is None:
        return False
    return record["score"] <= constant["score"] + MARGIN * constant["error"]


def _served(every: list[Cell]) -> dict[Phase, tuple[Label, ...]]:
    """Returns for every phase the cells whose numbers go back to it."""
    found: dict[Phase, dict[Label, None]] = {}
    for cell in every:
        for one in cell.phase.lineage:
            found.setdefault(one, {})[cell.label] = None
    return {one: tuple(labels) for one, labels in found.items()}


def _of_phases(
    known: Mapping[Phase, State],
    served: Mapping[Phase, tuple[Label, ...]],
    workspace: Workspace,
) -> Iterator[Flag]:
    for one, state in known.items():
        found = _what(one, known, workspace)
        if found is not None:
            name = state.folder.name if state.folder else ""
            yield Flag(name, served.get(one, ()), *found)


def _what(
    one: Phase, known: Mapping[Phase, State], workspace: Workspace
) -> tuple[Kind, str] | None:
    """Returns what is out of the ordinary with a phase, and a sentence."""
    state = known[one]
    if state.kind == "files missing":
        return "missing", state.detail
    if state.kind == "skipped":
        return "skipped", f"{known[one.needs[0]].folder.name} is not there"
    if state.kind == "failed":
        return "failed", state.detail
    if state.kind != "done":
        return "missing", "not trained yet"
    record = finished(one, workspace)
    if not is_degenerate(record):
        return None
    constant = record["constant"]
    return "degenerate", (
        f"scores {record['score']:.1f} on the dev set, the best constant "
        f"answer {constant['score']:.1f} ± {constant['error']:.1f}"
    )


def _of_evaluations(every: list[Cell], workspace: Workspace) -> Iterator[Flag]:
    """Yields evaluations of finished phases that failed or are not there."""
    for cell in every:
        if finished(cell.phase, workspace) is None:
            continue
        each, left = CellEvaluations(cell, workspace), []
        for part in each.left():
            failure = each.failure(part)
            if failure is None:
                left.append(part.dataset.name)
                continue
            reason = f"evaluation on {part.dataset.name}: {failure.reason}"
            yield Flag(each.folder.name, (cell.label,), "failed", reason)
        if left:
            reason = f"not evaluated yet on {', '.join(left)}"
            yield Flag(each.folder.name, (cell.label,), "missing", reason)


def _absent(every: list[Cell], workspace: Workspace) -> Iterator[Flag]:
    """Yields the datasets that no cell is evaluated on, for want of files."""
    concerned: dict[tuple[str, ...], list[Label]] = {}
    for cell in every:
        absent = tuple(evaluated(cell, workspace)[1])
        if absent:
            concerned.setdefault(absent, []).append(cell.label)
    for absent, labels in concerned.items():
        reason = (
            f"not evaluated on {', '.join(absent)}: their files are not in "
            "the data directory"
        )
        yield Flag("", tuple(labels), "missing", reason)


def _overlaps(
    every: list[Cell], study: Study, workspace: Workspace
) -> Iterator[Flag]:
    for one in overlaps(study, workspace):
        labels = tuple(
            cell.label
            for cell in every
            if (cell.intermediate, cell.target)
            == (one.intermediate, one.target)
        )
        yield Flag("", labels, "overlap", str(one))
