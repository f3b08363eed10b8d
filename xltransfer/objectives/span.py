"""Extractive question answering with XLM-R: where an answer starts and ends."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from xltransfer.models.xlmr_tasks import XLMRSpanFinder
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    cross_entropy,
    rngs,
)

# XTREME's train_qa.sh and run_squad: n_best_size.
N_BEST = 20


@dataclasses.dataclass(frozen=True)
class SpanFinding(OfOneModel):
    """The mean of two cross-entropies over the tokens of a slot's window.

    BERT's loss (Devlin et al. 2019, section 4.2); a window without an answer
    has its first token for both.
    """

    model: XLMRSpanFinder
    fresh: tuple[str, ...] = ("head",)

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits of both ends and weight over the slots."""
        logits = self._logits(params, batch, dropout)
        weights = batch["answer_weights"]
        targets = batch["answer_starts"], batch["answer_ends"]
        sides = [
            cross_entropy(side, target, weights)
            for side, target in zip(logits, targets, strict=True)
        ]
        hits = [
            side.argmax(-1) == target
            for side, target in zip(logits, targets, strict=True)
        ]
        return {
            "loss": (sides[0]["loss"] + sides[1]["loss"]) / 2,
            "correct": ((hits[0] & hits[1]) * weights).sum(),
            "weight": weights.sum(),
        }

    def predict(self, params: Params, batch: Batch) -> dict[str, Array]:
        """Returns each slot's best starts and ends, and its logits of nothing.

        `start_logits`, `end_logits`: Float[B S K], the K = 20 largest over the
        slot's own tokens (the question's among them, as in run_squad), largest
        first; `start_columns`, `end_columns`: Int[B S K], where; `null`:
        Float[B S], the sum of both at the slot's first token.
        """
        found: dict[str, Array] = {"null": jnp.zeros(())}
        logits = self._logits(params, batch, None)
        for name, side in zip(("start", "end"), logits, strict=True):
            best, columns = jax.lax.top_k(side, min(N_BEST, side.shape[-1]))
            found[f"{name}_logits"] = best
            found[f"{name}_columns"] = columns
            found["null"] += _at(side, batch["starts"])
        return found

    def _logits(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> tuple[Float[Array, "B S L"], Float[Array, "B S L"]]:
        return self.model.apply(
            {"params": params},
            batch["tokens"],
            batch["segment_ids"],
            batch["positions"],
            batch["starts"],
            **rngs(dropout),
        )


def _at(logits: Float[Array, "B S L"], columns: Array) -> Float[Array, "B S"]:
    return jnp.take_along_axis(logits, columns[..., None], axis=-1)[..., 0]
