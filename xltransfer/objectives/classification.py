"""Sequence classification with XLM-R: one label for every slot of a row."""

import dataclasses

import jax
from jaxtyping import Array, Float, Int

from xltransfer.models.xlmr import XLMRClassifier
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    cross_entropy,
    rngs,
)


@dataclasses.dataclass(frozen=True)
class Classification(OfOneModel):
    """Cross-entropy over the labels; the largest logit is the prediction."""

    model: XLMRClassifier
    fresh: tuple[str, ...] = ("head",)

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the filled slots."""
        logits = self._logits(params, batch, dropout)
        return cross_entropy(logits, batch["labels"], batch["label_weights"])

    def predict(self, params: Params, batch: Batch) -> Int[Array, "B S"]:
        """Returns the class with the largest logit."""
        return self._logits(params, batch, None).argmax(-1)

    def _logits(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Float[Array, "B S C"]:
        return self.model.apply(
            {"params": params},
            batch["tokens"],
            batch["segment_ids"],
            batch["positions"],
            batch["starts"],
            **rngs(dropout),
        )
