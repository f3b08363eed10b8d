"""What the phases of a study need on a machine, compiled but never run."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax

from xltransfer import shapes
from xltransfer.components import shortened
from xltransfer.errors import InputError
from xltransfer.objectives.objective import Batch
from xltransfer.specification import Phase
from xltransfer.study import Study, cells, evaluated, rules_of
from xltransfer.topology.chips import Chip
from xltransfer.topology.step import Step, prediction_step, train_step
from xltransfer.workspace import Workspace

# The schedule's length changes constants alone.
STEPS = 1000
# What is tried where a step does not fit, from the least change on.
WIDEST = 16


@dataclasses.dataclass(frozen=True)
class Line:
    """Phases of one shape, or the evaluation of them.

    Attributes:
      label: kind of phase and data.
      step: of the tallest batch.
      rows: B of it.
      count: how many phases have this shape; 0 for an evaluation.
      updates: of all of them together, at most.
      examples: of one batch; 0 for an evaluation.
      change: what makes it fit, and the step then, where it does not.
    """

    label: str
    step: Step
    rows: int
    count: int = 0
    updates: int = 0
    examples: int = 0
    change: "tuple[str, Step] | None" = None

    @property
    def chosen(self) -> Step:
        """The step that would run."""
        return self.change[1] if self.change else self.step

    @property
    def hours(self) -> float | None:
        """Of all updates at the roofline; evaluation not counted."""
        seconds = self.chosen.seconds
        return None if seconds is None else seconds * self.updates / 3600


@dataclasses.dataclass(frozen=True)
class Missing:
    """A phase or evaluation whose shapes cannot be known.

    Attributes:
      label: which.
      why: what is not there.
    """

    label: str
    why: str


def budget(
    study: Study, workspace: Workspace, chip: Chip | None
) -> Iterator[Line | Missing]:
    """Yields a line for every shape of phase, and for its evaluation.

    Args:
      study: what is to be run.
      workspace: where; its partitioning is made of the devices asked about.
      chip: what each of them can do, where that is known.
    """
    seen: dict[Any, tuple[Batch, list[Phase]]] = {}
    for one in rules_of(study, workspace):
        try:
            trained = shapes.training(one, workspace)
        except InputError as error:
            yield Missing(_label(one, 0), str(error))
            continue
        for number, (program, batch) in enumerate(trained):
            key = number, dataclasses.replace(program, steps=STEPS), _key(batch)
            seen.setdefault(key, (batch, []))[1].append(one)
    for (number, program, _), (batch, members) in seen.items():
        step, change = train_step(program, batch, chip), None
        if step.fits is False:
            again = functools.partial(_step, members[0], number, chip)
            change = _remedy(workspace, again)
        yield Line(
            label=_label(members[0], number),
            step=step,
            rows=_rows(batch),
            count=len(members),
            updates=sum(one.training.steps for one in members),
            examples=members[0].training.batch_size,
            change=change,
        )
    yield from _evaluations(study, workspace, chip)


def _evaluations(
    study: Study, workspace: Workspace, chip: Chip | None
) -> Iterator[Line | Missing]:
    """Yields a line for each shape in which a cell's first data are predicted."""
    known = set()
    for cell in cells(study):
        part = evaluated(cell, workspace)[0][0]
        label = f"evaluation {part.dataset.name}"
        try:
            predictor, batch = shapes.evaluation(
                cell.phase, workspace, part, cell.prediction
            )
        except InputError as error:
            yield Missing(label, str(error))
            continue
        if (predictor, _key(batch)) not in known:
            known.add((predictor, _key(batch)))
            step = prediction_step(predictor, batch, chip)
            yield Line(label, step, _rows(batch))


def _label(phase: Phase, number: int) -> str:
    group = phase.groups[number].components
    names = shortened([part.dataset.name for part in group])
    return f"{phase.kind} {names}"


def _step(
    phase: Phase, number: int, chip: Chip | None, workspace: Workspace
) -> Step:
    program, batch = shapes.training(phase, workspace)[number]
    program = dataclasses.replace(program, steps=STEPS)
    return train_step(program, batch, chip)


def _remedy(
    workspace: Workspace, step: Callable[[Workspace], Step]
) -> tuple[str, Step] | None:
    """Returns the least change with which a step fits, if any does.

    The batch's examples stay: less is done at a time, or less is kept.
    """
    for name, changed in _changes(workspace):
        try:
            found = step(changed)
        except InputError:  # Candidates are compared within a whole batch.
            continue
        if found.fits:
            return name, found
    return None


def _changes(workspace: Workspace) -> Iterator[tuple[str, Workspace]]:
    partitioning, execution = workspace.partitioning, workspace.execution
    settings: list[tuple[str, dict, dict]] = []
    for count in (2, 4, 8):
        parts = execution.microbatches * count
        settings.append(
            (f"Execution.microbatches = {parts}", {}, {"microbatches": parts})
        )
    settings.append(("Partitioning.remat = 'full'", {"remat": "full"}, {}))
    devices = partitioning.mesh.size // partitioning.tensor
    wider = min(devices // partitioning.slices, WIDEST)
    if partitioning.mesh.shape["fsdp"] < wider:
        settings.append(
            (
                f"Partitioning.fsdp = {wider}, remat = 'full'",
                {"fsdp": wider, "data": -1, "remat": "full"},
                {},
            )
        )
    for name, mesh, other in settings:
        yield (
            name,
            dataclasses.replace(
                workspace,
                partitioning=dataclasses.replace(partitioning, **mesh),
                execution=dataclasses.replace(execution, **other),
            ),
        )


def _key(batch: Batch) -> tuple:
    leaves, structure = jax.tree.flatten(batch)
    return structure, tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)


def _rows(batch: Batch) -> int:
    return jax.tree.leaves(batch)[0].shape[0]
