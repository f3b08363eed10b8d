"""Retrieval: a query's own candidate among all of a batch."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from xltransfer.models.embedders import MT5Embedder, XLMREmbedder
from xltransfer.models.layers import MASKED, constrain
from xltransfer.models.retriever import MT5Retriever, XLMRRetriever
from xltransfer.models.softmax import Losses
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    rngs,
    summed,
)

# Query and candidate, as T5X's dual encoders call them.
SIDES = ("left", "right")


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
        vectors, scale = _applied(self.model, params, batch, dropout)
        # A query's own candidate stands in the slot after it.
        return _in_batch(vectors, vectors, scale, batch, distance=1)

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S D"]:
        """Returns the vector of each slot."""
        return _applied(self.model, params, batch, None)[0]


@dataclasses.dataclass(frozen=True)
class InBatchTextRetrieval(OfOneModel):
    """The same with mT5's encoder: queries and candidates in rows of their own."""

    model: MT5Retriever
    fresh: tuple[str, ...] = ("head",)
    whole_batch: ClassVar[bool] = True

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the queries."""
        queries, candidates, scale = self._applied(params, batch, dropout)
        return _in_batch(queries, candidates, scale, batch, distance=0)

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S 2 D"]:
        """Returns the vectors of each slot's query and candidate."""
        return jnp.stack(self._applied(params, batch, None)[:2], axis=2)

    def _applied(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B S D"], Float[Array, ""]]:
        arrays = [one for side in SIDES for one in _side(batch, side)]
        return self.model.apply({"params": params}, *arrays, **rngs(dropout))


class _Untrained(OfOneModel):
    """What is only asked for vectors."""

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """There is nothing to train: raises NotImplementedError."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Embedding(_Untrained):
    """An encoder's own vectors, of whatever it was trained for."""

    model: XLMREmbedder
    fresh: tuple[str, ...] = ()

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S D"]:
        """Returns the vector of each slot."""
        # Heads of what it was trained for may lie beside it.
        own = {"encoder": params["encoder"]}
        return _applied(self.model, own, batch, None)


@dataclasses.dataclass(frozen=True)
class TextEmbedding(_Untrained):
    """The vectors of mT5's encoder, of whatever it was trained for."""

    model: MT5Embedder
    fresh: tuple[str, ...] = ()

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S 2 D"]:
        """Returns the vectors of each slot's query and candidate."""
        own = {name: params[name] for name in ("token_embedder", "encoder")}
        sides = [
            self.model.apply(
                {"params": own}, *_side(batch, side), deterministic=True
            )
            for side in SIDES
        ]
        return jnp.stack(sides, axis=2)


def _in_batch(
    queries: Float[Array, "B S D"],
    candidates: Float[Array, "B S D"],
    scale: Float[Array, ""],
    batch: Batch,
    distance: int,
) -> Sums:
    """Sums the loss of queries whose candidate is `distance` slots further."""
    rows, slots, width = candidates.shape
    everywhere = constrain(
        candidates.reshape(rows * slots, width), "gathered", "embed"
    )
    logits = scale * jnp.einsum(
        "BSD,ND->BSN", queries, everywhere, preferred_element_type=jnp.float32
    )
    is_candidate = batch["candidate_weights"].reshape(-1) > 0
    logits = jnp.where(is_candidate, logits, MASKED)
    own = jnp.arange(rows * slots).reshape(rows, slots) + distance
    chosen = jnp.take_along_axis(
        logits, jnp.minimum(own, rows * slots - 1)[..., None], axis=-1
    )[..., 0]
    surprisal = jax.nn.logsumexp(logits, axis=-1) - chosen
    losses = Losses(surprisal, logits.argmax(-1) == own)
    return summed(losses, batch["query_weights"])


def _side(batch: Batch, side: str) -> tuple[Array, ...]:
    """Returns what an encoder of texts reads of one side."""
    return (
        batch[f"{side}_encoder_input_tokens"],
        batch[f"{side}_encoder_segment_ids"],
        batch[f"{side}_starts"],
    )


def _applied(
    model: XLMRRetriever | XLMREmbedder,
    params: Params,
    batch: Batch,
    dropout: jax.Array | None,
) -> Any:
    """Returns what a model gives of a batch's packed sides."""
    return model.apply(
        {"params": params},
        batch["tokens"],
        batch["segment_ids"],
        batch["positions"],
        batch["starts"],
        **rngs(dropout),
    )
