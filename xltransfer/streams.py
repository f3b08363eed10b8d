"""A phase's data -> its stream of training batches."""

from collections.abc import Callable

import numpy as np

from xltransfer.components import Group
from xltransfer.data.features import Features
from xltransfer.data.loader import TrainingBatches
from xltransfer.data.mixing import Batches, MixedBatches
from xltransfer.specification import Phase
from xltransfer.workspace import Workspace

BatchesOf = Callable[[Group, int], TrainingBatches]


def batches(phase: Phase, of: BatchesOf) -> Batches:
    """Returns the batches of all of a phase's groups, at their rates.

    Args:
      phase: what is trained.
      of: gives those of one group with a seed.
    """
    if len(phase.groups) == 1:
        return of(phase.groups[0], phase.seed)
    return MixedBatches(
        tuple(
            (group.name, of(group, group_seed(phase.seed, number)), group.rate)
            for number, group in enumerate(phase.groups)
        )
    )


def group_seed(seed: int, number: int) -> int:
    """Returns a seed of its own for each group: equal ones, equal orders."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def of_group(
    phase: Phase,
    workspace: Workspace,
    group: Group,
    features: Features,
    seed: int,
) -> TrainingBatches:
    """Returns the batches of tasks that are packed together.

    Args:
      phase: what is trained.
      workspace: where the caches are, and how batches are made.
      group: the tasks.
      features: how they become arrays.
      seed: decides order, mixing and corruption.
    """
    execution = workspace.execution
    return TrainingBatches(
        components=tuple(
            (workspace.cache(phase, part), part.rate)
            for part in group.components
        ),
        features=features,
        batch_size=phase.training.batch_size,
        columns=phase.reading.columns,
        seed=seed,
        multiple=workspace.partitioning.batch_multiple * execution.microbatches,
        packed=execution.packed,
        lengthen=phase.training.row_lengths is None,
        programs=execution.programs,
    )
