"""Tagging with XLM-R: a class for each word, read at its first piece."""

import dataclasses

import jax
from jaxtyping import Array, Float, Int

from xltransfer.models.xlmr_tasks import XLMRTagger
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    cross_entropy,
    rngs,
)


@dataclasses.dataclass(frozen=True)
class Tagging(OfOneModel):
    """Cross-entropy over the tags, at the words' first pieces alone."""

    model: XLMRTagger
    fresh: tuple[str, ...] = ("head",)

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the words."""
        logits = self._logits(params, batch, dropout)
        return cross_entropy(logits, batch["tags"], batch["tag_weights"])

    def predict(self, params: Params, batch: Batch) -> Int[Array, "B L"]:
        """Returns the class with the largest logit at each first piece."""
        return self._logits(params, batch, None).argmax(-1)

    def _logits(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Float[Array, "B L C"]:
        return self.model.apply(
            {"params": params},
            batch["tokens"],
            batch["segment_ids"],
            batch["positions"],
            batch["first_pieces"],
            **rngs(dropout),
        )
