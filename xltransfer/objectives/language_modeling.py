"""Masked language modelling with XLM-R (Devlin et al., 2019)."""

import dataclasses

import jax
from jaxtyping import Array, Int

from xltransfer.models.xlmr import XLMRMaskedLM
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    rngs,
    summed,
)


@dataclasses.dataclass(frozen=True)
class MaskedLanguageModeling(OfOneModel):
    """Cross-entropy over the vocabulary at the masked columns only."""

    model: XLMRMaskedLM
    # The head is pretrained, too.
    fresh: tuple[str, ...] = ()

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the masked columns."""
        losses = self.model.apply(
            {"params": params},
            batch["tokens"],
            batch["segment_ids"],
            batch["positions"],
            batch["target_positions"],
            batch["target_tokens"],
            **rngs(dropout),
            method=self.model.losses,
        )
        return summed(losses, batch["target_weights"])

    def predict(self, params: Params, batch: Batch) -> Int[Array, "B S"]:
        """Refuses: nothing is evaluated by filling in masks."""
        raise NotImplementedError("masked language modelling is not evaluated")
