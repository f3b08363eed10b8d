"""Several tasks on one encoder: each batch is of one, each task has a head.

Source: multi-task learning as in MT-DNN (https://arxiv.org/abs/1901.11504,
section 3) and jiant, where Phang et al. (2020) trained nine tasks together.
"""

import dataclasses
import functools
from typing import Any

import jax
from flax import linen as nn

from xltransfer.objectives.objective import Batch, Objective, Params, Sums

HEADS = "heads"


@dataclasses.dataclass(frozen=True)
class MultiTask:
    """One objective of several, chosen by the name that a batch stands under.

    Parameters are the shared parts as each objective names them, and in
    `heads`, under a task's name, the parts that are its own. Batches are
    `{name: arrays}`: their structure says which program is compiled.

    Attributes:
      tasks: pairs of name and objective; all share all but their heads.
      own: the parts of each that are not shared, in the same order.
    """

    tasks: tuple[tuple[str, Objective], ...]
    own: tuple[tuple[str, ...], ...]
    fresh: tuple[str, ...] = (HEADS,)

    @property
    def whole_batch(self) -> bool:
        """Whether a batch of some task must not be taken apart."""
        return any(getattr(one, "whole_batch", False) for _, one in self.tasks)

    @property
    def model(self) -> nn.Module:
        """The first task's: it names the shared parts."""
        return self.tasks[0][1].model

    def new_params(self, key: jax.Array) -> Params:
        """Returns the shared parts of the first task, and every head."""
        params: Params = {}
        heads: Params = {}
        for (name, objective), own in zip(self.tasks, self.own, strict=True):
            # Each head has numbers of its own; the first has those that it
            # has alone.
            made = objective.new_params(jax.random.fold_in(key, len(heads)))
            params |= {
                part: made[part]
                for part in made
                if part not in own and part not in params
            }
            if own:
                heads[name] = {part: made[part] for part in own}
        return params | ({HEADS: heads} if heads else {})

    def resized(self, vocab_size: int) -> "MultiTask":
        """Returns the same objective with another number of pieces."""
        tasks = tuple(
            (name, objective.resized(vocab_size))
            for name, objective in self.tasks
        )
        return dataclasses.replace(self, tasks=tasks)

    def of(self, name: str, params: Params) -> Params:
        """Returns one task's parameters, as its objective names them."""
        shared = {part: x for part, x in params.items() if part != HEADS}
        return shared | params.get(HEADS, {}).get(name, {})

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns the sums of the task that the batch stands under."""
        ((name, arrays),) = batch.items()
        objective = self._objectives[name]
        return objective.sums(self.of(name, params), arrays, dropout)

    def predict(self, params: Params, batch: Batch) -> Any:
        """Returns the outputs of the task that the batch stands under."""
        ((name, arrays),) = batch.items()
        return self._objectives[name].predict(self.of(name, params), arrays)

    @functools.cached_property
    def _objectives(self) -> dict[str, Objective]:
        return dict(self.tasks)
