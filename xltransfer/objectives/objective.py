"""What every objective offers, and the loss that they share."""

import dataclasses
from typing import Any, Protocol, Self

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from xltransfer.models.softmax import Losses

Params = dict[str, Any]
Batch = dict[str, Array]
Sums = dict[str, Float[Array, ""]]


class Objective(Protocol):
    """A model and what is asked of it. Hashable: it names a program.

    Attributes:
      model: the Flax module; its parameters' top level names its parts.
      fresh: parts that a new phase starts anew (a task's head).
    """

    model: nn.Module
    fresh: tuple[str, ...]

    def new_params(self, key: jax.Array) -> Params:
        """Returns new parameters, with the names of their axes."""

    def resized(self, vocab_size: int) -> "Objective":
        """Returns the same objective with another number of pieces."""

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed `loss`, `correct` and their `weight` in float32.

        Sums, not means: they add up over microbatches and devices to exactly
        what one large batch gives, and are divided once.
        """

    def predict(self, params: Params, batch: Batch) -> Any:
        """Returns arrays [B, ...] of which predictions are made."""


class OfOneModel:
    """What objectives share whose parameters are one model's."""

    model: nn.Module

    def new_params(self, key: jax.Array) -> Params:
        """Returns the model's new parameters."""
        inputs = self.model.sample_inputs()
        return self.model.init(key, *inputs, deterministic=True)["params"]

    def resized(self, vocab_size: int) -> Self:
        """Returns the same objective with another number of pieces."""
        config = dataclasses.replace(self.model.config, vocab_size=vocab_size)
        return dataclasses.replace(self, model=self.model.clone(config=config))


def cross_entropy(
    logits: Float[Array, "*any C"],
    targets: Int[Array, "*any"],
    weights: Float[Array, "*any"],
) -> Sums:
    """Returns weighted sums of -log softmax(logits)[target] and of hits."""
    log_probs = jax.nn.log_softmax(logits.astype(jnp.float32))
    chosen = jnp.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    return summed(Losses(-chosen, logits.argmax(-1) == targets), weights)


def summed(losses: Losses, weights: Float[Array, "*any"]) -> Sums:
    """Returns weighted sums of what a softmax said of targets."""
    return {
        "loss": (losses.surprisal * weights).sum(),
        "correct": (losses.hits * weights).sum(),
        "weight": weights.sum(),
    }


def rngs(dropout: jax.Array | None) -> dict[str, Any]:
    """Keyword arguments that turn dropout on, with a key, or off."""
    if dropout is None:
        return {"deterministic": True}
    return {"deterministic": False, "rngs": {"dropout": dropout}}
