"""Multiple choice with XLM-R: a score for each choice of a question."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from xltransfer.models.layers import MASKED
from xltransfer.models.xlmr_tasks import XLMRMultipleChoice
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    rngs,
)


@dataclasses.dataclass(frozen=True)
class MultipleChoice(OfOneModel):
    """Cross-entropy of the softmax over a question's choices."""

    model: XLMRMultipleChoice
    fresh: tuple[str, ...] = ("head",)

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the questions."""
        scores = self._scores(params, batch, dropout)
        questions, right = batch["questions"], batch["label_weights"]
        # [B S S]: for each slot, the scores of its own question's choices.
        related = questions[:, :, None] == questions[:, None, :]
        related = jnp.where(related, scores[:, None, :], MASKED)
        loss = jax.nn.logsumexp(related, axis=-1) - scores
        hits = related.argmax(-1) == jnp.arange(scores.shape[1])
        return {
            "loss": (loss * right).sum(),
            "correct": (hits * right).sum(),
            "weight": right.sum(),
        }

    def predict(self, params: Params, batch: Batch) -> Float[Array, "B S"]:
        """Returns the score of each choice."""
        return self._scores(params, batch, None)

    def _scores(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Float[Array, "B S"]:
        return self.model.apply(
            {"params": params},
            batch["tokens"],
            batch["segment_ids"],
            batch["positions"],
            batch["starts"],
            **rngs(dropout),
        )
