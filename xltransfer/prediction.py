"""What predictions are compiled from: an objective and where it runs."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax

from xltransfer.objectives.objective import Batch, Objective, Params
from xltransfer.partitioning import Partitioning, unboxed


@dataclasses.dataclass(frozen=True)
class Predictor:
    """A model that is only asked. Equal predictors compile once.

    Attributes:
      objective: model and prediction.
      partitioning: mesh and rules.
    """

    objective: Objective
    partitioning: Partitioning

    def predict(self, params: Params, batch: Batch) -> Any:
        """Returns the objective's outputs, a whole copy on every device."""
        with self.partitioning.scope():
            return compiled_prediction(self)(params, batch)

    @property
    def abstract(self) -> Params:
        """Shapes, types and shardings of the parameters."""
        return _abstract(self)


@functools.lru_cache
def compiled_prediction(predictor: Predictor) -> Callable[[Params, Batch], Any]:
    """Returns the jitted function of `Predictor.predict`, for its scope."""
    return jax.jit(
        predictor.objective.predict,
        out_shardings=predictor.partitioning.replicated,
    )


@functools.lru_cache
def _abstract(predictor: Predictor) -> Params:
    # Of a key's shape: an absent machine cannot compute one.
    key = jax.eval_shape(lambda: jax.random.key(0))
    boxed = jax.eval_shape(predictor.objective.new_params, key)
    return jax.tree.map(
        lambda leaf, sharding: jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=sharding
        ),
        unboxed(boxed),
        predictor.partitioning.shardings(boxed),
    )
