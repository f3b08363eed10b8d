"""What the phases of a study need on a machine, compiled but never run."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax

import tasks
from xltransfer import shapes, unread
from xltransfer.components import Component, shortened
from xltransfer.errors import InputError
from xltransfer.objectives.objective import Batch
from xltransfer.prediction import Predictor
from xltransfer.specification import Phase
from xltransfer.study import Study, cells, evaluated, rules_of
from xltransfer.topology import kept
from xltransfer.topology.chips import Chip
from xltransfer.topology.step import Step, prediction_step, train_step
from xltransfer.train import Program
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
      change: what makes it fit, where it does not.
      unread: why its data were not read, and a bound is given; else empty.
    """

    label: str
    step: Step
    rows: int
    count: int = 0
    updates: int = 0
    examples: int = 0
    change: "Change | None" = None
    unread: str = ""

    @property
    def chosen(self) -> Step:
        """The step that would run."""
        return self.change.step if self.change else self.step

    @property
    def hours(self) -> float | None:
        """Of all updates at the roofline; evaluation not counted."""
        seconds = self.chosen.seconds
        return None if seconds is None else seconds * self.updates / 3600


@dataclasses.dataclass(frozen=True)
class Change:
    """What makes a step fit.

    Attributes:
      settings: of the study, by name: `Partitioning.remat`.
      step: the step then.
    """

    settings: tuple[tuple[str, str | int], ...]
    step: Step

    @property
    def name(self) -> str:
        """As it would stand in a file."""
        return ", ".join(f"{name} = {value!r}" for name, value in self.settings)


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
    study: Study,
    workspace: Workspace,
    chip: Chip | None,
    announce: Callable[[str], None] = lambda _: None,
) -> Iterator[Line | Missing]:
    """Yields a line for every shape of phase, and for its evaluation.

    Args:
      study: what is to be run.
      workspace: where; its partitioning is made of the devices asked about.
      chip: what each of them can do, where that is known.
      announce: is told what is compiled next.
    """
    folder = workspace.cache_dir / kept.FOLDER
    announce("reading the shapes of batches")
    jobs: list[_Training | _Prediction] = []
    for one in (*_trainings(study, workspace), *_predictions(study, workspace)):
        if isinstance(one, Missing):
            yield one
        else:
            jobs.append(one)
    for number, job in enumerate(jobs, 1):
        announce(f"compiling {number} of {len(jobs)}: {job.label}")
        yield job.line(workspace, chip, folder)


@dataclasses.dataclass(frozen=True)
class _Training:
    """Phases that share a train step: the `number`th of the first one's."""

    members: tuple[Phase, ...]
    number: int
    program: Program
    batch: Batch
    unread: str

    @property
    def label(self) -> str:
        return _label(self.members[0], self.number)

    def line(
        self, workspace: Workspace, chip: Chip | None, folder: Path
    ) -> Line:
        step, change = train_step(self.program, self.batch, chip, folder), None
        if step.fits is False:
            change = _remedy(
                workspace,
                lambda changed: train_step(*self._again(changed), chip, folder),
            )
        return Line(
            label=self.label,
            step=step,
            rows=_rows(self.batch),
            count=len(self.members),
            updates=sum(one.training.steps for one in self.members),
            examples=self.members[0].training.batch_size,
            change=change,
            unread=self.unread,
        )

    def _again(self, changed: Workspace) -> tuple[Program, Batch]:
        made = unread if self.unread else shapes
        program, batch = made.training(self.members[0], changed)[self.number]
        return dataclasses.replace(program, steps=STEPS), batch


@dataclasses.dataclass(frozen=True)
class _Prediction:
    """What predicts a cell's first data."""

    label: str
    predictor: Predictor
    batch: Batch
    unread: str

    def line(
        self, workspace: Workspace, chip: Chip | None, folder: Path
    ) -> Line:
        step = prediction_step(self.predictor, self.batch, chip, folder)
        return Line(self.label, step, _rows(self.batch), unread=self.unread)


def _trainings(
    study: Study, workspace: Workspace
) -> Iterator[_Training | Missing]:
    """Yields each shape of phase once."""
    seen: dict[Any, tuple[Batch, str, list[Phase]]] = {}
    for one in rules_of(study, workspace):
        why = ""
        try:
            trained = shapes.training(one, workspace)
        except InputError as error:
            why = str(error)
            trained = unread.training(one, workspace)
        for number, (program, batch) in enumerate(trained):
            program = dataclasses.replace(program, steps=STEPS)
            key = number, program, _key(batch), bool(why)
            seen.setdefault(key, (batch, why, []))[2].append(one)
    for (number, program, *_), (batch, why, members) in seen.items():
        yield _Training(tuple(members), number, program, batch, why)


def _predictions(
    study: Study, workspace: Workspace
) -> Iterator[_Prediction | Missing]:
    """Yields each shape in which a cell's first data are predicted."""
    known = set()
    for cell in cells(study):
        present = evaluated(cell, workspace)[0]
        first = tasks.mixture(cell.evaluation).components[0][0]
        part = next(iter(present), Component(tasks.dataset(first), cell.split))
        label, why = f"evaluation {part.dataset.name}", ""
        try:
            try:
                predictor, batch = shapes.evaluation(
                    cell.phase, workspace, part, cell.prediction
                )
            except InputError as error:
                why = str(error)
                predictor, batch = unread.prediction(
                    cell.phase, workspace, part
                )
        except InputError:
            yield Missing(label, why)
            continue
        if (predictor, _key(batch)) not in known:
            known.add((predictor, _key(batch)))
            yield _Prediction(label, predictor, batch, why)


def _label(phase: Phase, number: int) -> str:
    group = phase.groups[number].components
    names = shortened([part.dataset.name for part in group])
    return f"{phase.kind} {names}"


def _remedy(
    workspace: Workspace, step: Callable[[Workspace], Step]
) -> Change | None:
    """Returns the least change with which a step fits, if any does.

    The batch's examples stay: less is done at a time, or less is kept.
    """
    for settings in _changes(workspace):
        try:
            found = step(_changed(workspace, settings))
        except InputError:  # Candidates are compared within a whole batch.
            continue
        if found.fits:
            return Change(tuple(settings.items()), found)
    return None


def _changes(workspace: Workspace) -> Iterator[dict[str, str | int]]:
    """Yields settings, the least change first."""
    partitioning, execution = workspace.partitioning, workspace.execution
    for count in (2, 4, 8):
        yield {"Execution.microbatches": execution.microbatches * count}
    remat = {"Partitioning.remat": "full"}
    yield remat
    devices = partitioning.mesh.size // partitioning.tensor
    wider = min(devices // partitioning.slices, WIDEST)
    if partitioning.mesh.shape["fsdp"] < wider:
        yield {"Partitioning.fsdp": wider, "Partitioning.data": -1, **remat}


def _changed(workspace: Workspace, settings: dict[str, str | int]) -> Workspace:
    made = {"Partitioning": workspace.partitioning}
    made["Execution"] = workspace.execution
    for name, value in settings.items():
        part, field = name.split(".")
        made[part] = dataclasses.replace(made[part], **{field: value})
    return dataclasses.replace(
        workspace,
        partitioning=made["Partitioning"],
        execution=made["Execution"],
    )


def _key(batch: Batch) -> tuple:
    leaves, structure = jax.tree.flatten(batch)
    return structure, tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)


def _rows(batch: Batch) -> int:
    return jax.tree.leaves(batch)[0].shape[0]
