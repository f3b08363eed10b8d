"""Retrieval with XLM-R: a query's own candidate among all of a batch."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from xltransfer.models.embedders import XLMREmbedder
from xltransfer.models.layers import MASKED, constrain
from xltransfer.models.retriever import XLMRRetriever
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    rngs,
)


@dataclasses.dataclass(frozen=True)
class InBatchRetrieval(OfOneModel):
    """Softmax over the candidates of the whole batch, from query to candidate.

    The candidates of all devices are gathered. Another half, from candidate to
    query, is not taken: XTREME-R's dual encoders do not.
    """

    model: XLMRRetriever
    fresh: tuple[str, ...] = ("head",)
    # The loss of a part of the batch is another one.
    whole_batch: ClassVar[bool] = True

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the queries."""
        vectors, scale = _vectors(self.model, params, batch, dropout)
        rows, slots, width = vectors.shape
        everywhere = constrain(
            vectors.reshape(rows * slots, width), "gathered", "embed"
        )
        logits = scale * jnp.einsum(
            "BSD,ND->BSN",
            vectors,
            everywhere,
            preferred_element_type=jnp.float32,
        )
        is_candidate = batch["candidate_weights"].reshape(-1) > 0
        logits = jnp.where(is_candidate, logits, MASKED)
        # A query's own candidate stands in the slot after it.
        own = jnp.arange(rows * slots).reshape(rows, slots) + 1
        chosen = jnp.take_along_axis(
            logits, jnp.minimum(own, rows * slots - 1)[..., None], axis=-1
        )[..., 0]
        weights = batch["query_weights"]
        loss = jax.nn.logsumexp(logits, axis=-1) - chosen
        hits = logits.argmax(-1) == own
        return {
            "loss": (loss * weights).sum(),
            "correct": (hits * weights).sum(),
            "weight": weights.sum(),
        }

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S D"]:
        """Returns the vector of each slot."""
        return _vectors(self.model, params, batch, None)[0]


@dataclasses.dataclass(frozen=True)
class Embedding(OfOneModel):
    """An encoder's own vectors, of whatever it was trained for."""

    model: XLMREmbedder
    fresh: tuple[str, ...] = ()

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """There is nothing to train: raises NotImplementedError."""
        raise NotImplementedError

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S D"]:
        """Returns the vector of each slot."""
        # Heads of what it was trained for may lie beside it.
        own = {"encoder": params["encoder"]}
        return _applied(self.model, own, batch, None)


def _vectors(
    model: XLMRRetriever,
    params: Params,
    batch: Batch,
    dropout: jax.Array | None,
) -> tuple[Float[Array, "B S D"], Float[Array, ""]]:
    return _applied(model, params, batch, dropout)


def _applied(model, params: Params, batch: Batch, dropout: jax.Array | None):
    return model.apply(
        {"params": params},
        batch["tokens"],
        batch["segment_ids"],
        batch["positions"],
        batch["starts"],
        **rngs(dropout),
    )
