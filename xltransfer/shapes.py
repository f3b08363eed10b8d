"""What a phase compiles: its programs, and the shapes of their batches."""

import jax
import numpy as np

from xltransfer import phase as phases
from xltransfer.components import Component
from xltransfer.objectives.objective import Batch
from xltransfer.prediction import Predictor
from xltransfer.renderings import RANK, Prediction
from xltransfer.specification import Phase
from xltransfer.train import Program
from xltransfer.workspace import Workspace


def training(phase: Phase, workspace: Workspace) -> list[tuple[Program, Batch]]:
    """Returns what a phase runs, and shapes of its tallest batches.

    One for each group of tasks that have batches of their own. Caches are
    built where they are not there yet.
    """
    made, found = phases.opened(phase, workspace), []
    for group in phase.groups:
        stream = made.group_batches(group, phase.seed)
        arrays = stream.batch(0, np.arange).arrays
        if len(phase.groups) > 1:
            arrays = {group.name: arrays}
        found.append((made.rows.program, of(arrays, max(stream.heights))))
    return found


def evaluation(
    phase: Phase,
    workspace: Workspace,
    part: Component,
    prediction: Prediction = RANK,
) -> tuple[Predictor, Batch]:
    """Returns what predicts a component after a phase, and a batch's shapes."""
    made = phases.opened(phase, workspace)
    params = made.program.abstract.params
    asked = made.evaluation(params, part, prediction)
    batches = asked.batches(workspace.cache(phase, part))
    packed, *_ = next(batches.iterate(np.arange))
    return asked.program, of(packed.arrays, packed.rows)


def of(batch: Batch, rows: int) -> Batch:
    """Returns the shapes and types of a batch's arrays, were it of B rows."""

    def shape(array: np.ndarray) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((rows, *array.shape[1:]), array.dtype)

    return jax.tree.map(shape, batch)
