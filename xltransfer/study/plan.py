"""What follows from a study: its phases, shared, and the cells of its table."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import tasks
from tasks.row import Split
from xltransfer import overlap, selection
from xltransfer.components import (
    Component,
    components_of,
    examples_of,
    with_companions,
)
from xltransfer.errors import InputError
from xltransfer.origins import SCRATCH
from xltransfer.overlap import Overlap
from xltransfer.renderings import RANK, Prediction
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study, Target
from xltransfer.study.lineage import Arm, Following
from xltransfer.workspace import Workspace


class Label(NamedTuple):
    """Which cell: `method` is empty where the study names none."""

    intermediate: str
    target: str
    seed: int
    model: str = ""
    method: str = ""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One target phase of the table, evaluated at one or more checkpoints.

    Attributes:
      intermediate: the label of the row, or of the control.
      target: the label of the target.
      seed: of all phases after pretraining.
      phase: what is evaluated.
      evaluation: mixture of what it is evaluated on.
      split: of that.
      rules: names of those that choose its checkpoints.
      prediction: how mT5 predicts labels.
      model: the label of the model.
      method: the label of the method; empty where the study names none.
      examples: how many different examples the intermediate phases have;
        None where a row does not state its size.
    """

    intermediate: str
    target: str
    seed: int
    phase: Phase
    evaluation: str
    split: str
    rules: tuple[str, ...] = ()
    prediction: Prediction = RANK
    model: str = ""
    method: str = ""
    examples: int | None = 0

    @property
    def label(self) -> Label:
        """What tells it from the other cells."""
        return Label(
            self.intermediate, self.target, self.seed, self.model, self.method
        )


def cells(study: Study) -> Iterator[Cell]:
    """Yields the cells: table by table, row by row."""
    if "cells" not in study.derived:
        study.derived["cells"] = tuple(_cells(study))
    yield from study.derived["cells"]


def _cells(study: Study) -> Iterator[Cell]:
    for model_label, model in study.variants.items():
        for label, method in study.methods_for(model_label).items():
            for cell in _table(Arm(study, model, method)):
                yield dataclasses.replace(cell, model=model_label, method=label)


def _table(arm: Arm) -> Iterator[Cell]:
    """Yields the cells of one model and method."""
    study, first = arm.study, arm.pretraining()
    targets = _columns(arm, study.targets)
    for label, steps in study.rows.items():
        made = arm.intermediates(steps)
        parents = {seed: made(seed, first) for seed in study.seeds}
        parts = [p for one in steps for p in components_of(one.data, "train")]
        yield from _row(label, targets, parents, examples_of(parts))
    fresh = dataclasses.replace(
        arm, model=dataclasses.replace(arm.model, init=SCRATCH)
    )
    for label, control in study.controls.items():
        columns = _columns(
            arm if control.pretrained else fresh,
            control.target or study.targets,
        )
        parent = first if control.pretrained else None
        yield from _row(label, columns, dict.fromkeys(study.seeds, parent), 0)


@dataclasses.dataclass(frozen=True)
class _Column:
    """A target, what makes its phase, and a cell but for its row."""

    made: Following
    cell: Callable[..., Cell]


def _columns(arm: Arm, targets: Mapping[str, Target]) -> list[_Column]:
    return [
        _Column(
            arm.target(target),
            functools.partial(
                Cell,
                target=label,
                evaluation=target.evaluation,
                split=target.split,
                rules=target.rules,
                prediction=arm.method.prediction or target.prediction,
            ),
        )
        for label, target in targets.items()
    ]


def _row(
    label: str,
    columns: list[_Column],
    parents: Mapping[int, Phase | None],
    examples: int | None,
) -> Iterator[Cell]:
    for column in columns:
        for seed, parent in parents.items():
            yield column.cell(
                intermediate=label,
                seed=seed,
                phase=column.made(seed, parent),
                examples=examples,
            )


def phases(study: Study) -> list[Phase]:
    """Returns every distinct phase, parents before children."""
    if "phases" not in study.derived:
        study.derived["phases"] = _phases(study)
    return list(study.derived["phases"])


def _phases(study: Study) -> list[Phase]:
    found: dict[Phase, None] = {}

    def add(one: Phase) -> None:
        if one not in found:
            for before in one.needs:
                add(before)
            found.setdefault(one)

    for cell in cells(study):
        add(cell.phase)
    return list(found)


def rules(cell: Cell, workspace: Workspace) -> tuple[Rule, ...]:
    """Returns what chooses the checkpoints that the cell is evaluated at.

    A rule that goes by scores has no parts where their files are missing.
    """
    own = selection.own(cell.phase)
    parts = {
        selection.LAST: (),
        selection.ENGLISH_DEV: cell.phase.validation,
        selection.TARGET_DEV: _present(cell.evaluation, "dev", workspace),
        selection.ORACLE: _present(cell.evaluation, cell.split, workspace),
        own.name: own.parts,
    }
    return tuple(Rule(one, parts[one]) for one in cell.rules or (own.name,))


def rules_of(
    study: Study, workspace: Workspace
) -> dict[Phase, tuple[Rule, ...]]:
    """Returns for every phase the rules of all cells that it serves."""
    found: dict[Phase, dict[Rule, None]] = {
        one: {selection.own(one): None} for one in phases(study)
    }
    for cell in cells(study):
        asked = dict.fromkeys(rules(cell, workspace))
        for one in (cell.phase, *cell.phase.candidates):
            found[one] |= asked
    return {one: tuple(asked) for one, asked in found.items()}


def splits(
    study: Study, workspace: Workspace
) -> Iterator[tuple[Phase, Component]]:
    """Yields all that is read, training data first, and the phase it is for."""
    for one, asked in rules_of(study, workspace).items():
        scored = [part for rule in asked for part in rule.parts]
        others = with_companions([*one.validation, *scored])
        for part in (*one.components, *others):
            yield one, part
    for cell in cells(study):
        for part in with_companions(evaluated(cell, workspace)[0]):
            yield cell.phase, part


def overlaps(study: Study, workspace: Workspace) -> list[Overlap]:
    """Returns where rows train on what a target is evaluated on."""
    found: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
    for cell in cells(study):
        pairs = overlap.overlaps(cell.phase, evaluated(cell, workspace)[0])
        seeds = found.setdefault((cell.intermediate, cell.target), {})
        seeds |= dict.fromkeys(pairs)
    return [
        Overlap(
            *labels,
            trained=tuple(dict.fromkeys(name for name, _ in pairs)),
            evaluated=tuple(dict.fromkeys(name for _, name in pairs)),
        )
        for labels, pairs in found.items()
        if pairs
    ]


def evaluated(
    cell: Cell, workspace: Workspace
) -> tuple[list[Component], list[str]]:
    """Returns the splits that are evaluated, and the datasets whose files lack."""
    present = _present(cell.evaluation, cell.split, workspace)
    names = {one.dataset.name for one in present}
    every = [name for name, _ in tasks.mixture(cell.evaluation).components]
    return list(present), [name for name in every if name not in names]


def _present(
    mixture: str, split: str, workspace: Workspace
) -> tuple[Component, ...]:
    """Returns a split of the datasets that have it, and its files."""
    key = mixture, split
    if key not in workspace.present:
        rows = [
            tasks.dataset(name) for name, _ in tasks.mixture(mixture).components
        ]
        workspace.present[key] = tuple(
            Component(row, split)
            for row in rows
            for one in row.splits
            if one.name == split and is_there(one, workspace.data_dir)
        )
    return workspace.present[key]


def is_there(split: Split, data_dir: Path | None) -> bool:
    """Tells whether a split's files are in the data directory."""
    try:
        return not split.source.missing(data_dir)
    except InputError:
        # Files, and no data directory.
        return False
