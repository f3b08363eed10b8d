"""Shapes that bound what a phase compiles, where its data are not there.

A plan is made before anything is fetched. How long examples are is not known
then: each is taken to fill a row that is as long as it may be.
"""

import dataclasses

import numpy as np

from xltransfer import renderings, shapes
from xltransfer.components import Component
from xltransfer.data.features import Drawn, Features
from xltransfer.data.packing import Capacity, Layout, round_up
from xltransfer.errors import InputError
from xltransfer.evaluate import ROWS
from xltransfer.objectives.objective import Batch
from xltransfer.prediction import Predictor
from xltransfer.reading import Reading
from xltransfer.renderings import Facts, Rendering
from xltransfer.specification import Phase
from xltransfer.train import Program
from xltransfer.workspace import Workspace

# Slots that an encoder's example takes: choices of CommonsenseQA, which has the
# most, and both sides of a pair that is sought.
SLOTS = {"multiple_choice": 5, "retrieval": 2}
# Classes, where only the files tell them: CCG's, as many as sections 02 to 21 of
# CCGbank have (Hockenmaier and Steedman 2007).
CLASSES = {"tagging": 1286}


@dataclasses.dataclass(frozen=True)
class _Pieces:
    """What a rendering asks of a vocabulary: no shape depends on the ids."""

    vocab_size: int
    special_ids: tuple[int, ...] = (0, 1, 2, 3)
    mask_id: int = 3
    eos_id: int = 1


def training(phase: Phase, workspace: Workspace) -> list[tuple[Program, Batch]]:
    """Returns programs and batches, as `shapes.training` does with data."""
    execution, mesh = workspace.execution, workspace.partitioning
    firsts = {group.name: group.components[0] for group in phase.groups}
    made = {
        name: _rendering(phase.reading, part) for name, part in firsts.items()
    }
    program = Program(
        renderings.joint(made),
        phase.training.optimizer,
        phase.training.steps,
        mesh,
        execution.microbatches,
    )
    rows = round_up(
        phase.training.batch_size,
        mesh.batch_multiple * execution.microbatches,
    )
    found = []
    for name, part in firsts.items():
        batch = _batch(made[name].training, phase.reading, part, rows)
        found.append((program, batch if len(made) == 1 else {name: batch}))
    return found


def prediction(
    phase: Phase, workspace: Workspace, part: Component
) -> tuple[Predictor, Batch]:
    """Returns what predicts a component, as `shapes.evaluation` with data.

    Raises:
      InputError: for a text model, whose answers only the data tell.
    """
    if renderings.name(phase.model) == "text":
        raise InputError("its files are not there.")
    made, mesh = _rendering(phase.reading, part), workspace.partitioning
    rows = ROWS * mesh.batch_multiple
    batch = _batch(made.evaluation, phase.reading, part, rows)
    return Predictor(made.objective, mesh), batch


def _rendering(reading: Reading, part: Component) -> Rendering:
    row = part.dataset
    facts = Facts(
        row.problem,
        _Pieces(reading.model.vocab_size),
        len(row.labels) or CLASSES.get(row.problem, 0),
        output_length=dict(reading.lengths).get("targets", 0),
        metric=next(iter(row.metrics), ""),
    )
    return renderings.rendering(reading.model, facts)


def _batch(
    features: Features, reading: Reading, part: Component, rows: int
) -> Batch:
    """Returns the shapes of a batch in which no example is."""
    slots = 1
    if renderings.name(reading.model) == "encoder":
        slots = SLOTS.get(part.dataset.problem, 1)
    columns = tuple(length * slots for length in reading.columns)
    none = np.zeros(0, np.int64)
    layout = Layout(none, none, np.zeros((0, len(columns)), np.int64), 0)
    empty = Drawn((), none, layout, 1)
    return shapes.of(features.arrange(empty, Capacity(columns, slots)), rows)
