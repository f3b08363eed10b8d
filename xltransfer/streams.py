"""A phase's data -> its stream of training batches."""

from collections.abc import Callable

import numpy as np

from xltransfer.components import Group
from xltransfer.data.features import Features
from xltransfer.data.loader import TrainingBatches
from xltransfer.data.mixing import Batches, MixedBatches
from xltransfer.specification import Phase
from xltransfer.workspace import Workspace

FeaturesOf = Callable[[Group], Features]


def batches(
    phase: Phase, workspace: Workspace, features: FeaturesOf
) -> Batches:
    """Returns the batches of all of a phase's groups, at their rates.

    Args:
      phase: what is trained.
      workspace: where the caches are, and how batches are made.
      features: of each group.
    """
    if len(phase.groups) == 1:
        group = phase.groups[0]
        return _of_group(phase, workspace, group, features(group), phase.seed)
    return MixedBatches(
        tuple(
            (
                group.name,
                _of_group(phase, workspace, group, features(group), seed),
                group.rate,
            )
            for number, group in enumerate(phase.groups)
            for seed in [group_seed(phase.seed, number)]
        )
    )


def group_seed(seed: int, number: int) -> int:
    """Returns a seed of its own for each group: equal ones, equal orders."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _of_group(
    phase: Phase,
    workspace: Workspace,
    group: Group,
    features: Features,
    seed: int,
) -> TrainingBatches:
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
