"""Text to text with mT5: teacher forcing, and ranking a given set of answers.

Every problem in text rendering trains by this objective. Classification is
predicted by rank: the answer whose pieces are the most probable, so that no
prediction lies outside the labels.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from xltransfer.models.mt5 import MT5
from xltransfer.models.softmax import Losses
from xltransfer.objectives.objective import (
    Batch,
    OfOneModel,
    Params,
    Sums,
    rngs,
    summed,
)


@dataclasses.dataclass(frozen=True)
class TextToText(OfOneModel):
    """Cross-entropy over the target pieces."""

    model: MT5
    fresh: tuple[str, ...] = ()

    def sums(
        self, params: Params, batch: Batch, dropout: jax.Array | None
    ) -> Sums:
        """Returns summed loss, hits and weight over the target pieces."""
        losses = self.model.apply(
            {"params": params},
            batch["encoder_input_tokens"],
            batch["encoder_segment_ids"],
            batch["decoder_input_tokens"],
            batch["decoder_segment_ids"],
            batch["decoder_target_tokens"],
            **rngs(dropout),
            method=_encode_and_decode,
        )
        return summed(losses, batch["decoder_loss_weights"])

    def predict(self, params: Params, batch: Batch) -> Int[Array, "B S"]:
        """Returns the most probable answer of each slot, encoding once."""
        encoded = self.model.apply(
            {"params": params},
            batch["encoder_input_tokens"],
            batch["encoder_segment_ids"],
            deterministic=True,
            method=self.model.encode,
        )
        scores = [
            self._score(params, batch, encoded, batch["answer_tokens"][:, one])
            for one in range(batch["answer_tokens"].shape[1])
        ]
        return jnp.stack(scores, axis=-1).argmax(-1)

    def _score(
        self,
        params: Params,
        batch: Batch,
        encoded: Float[Array, "B L D"],
        targets: Int[Array, "B T"],
    ) -> Float[Array, "B S"]:
        """Returns log p(answer | input), summed over the answer's pieces."""
        first = batch["decoder_positions"] == 0
        inputs = jnp.where(first, 0, jnp.roll(targets, 1, axis=1))
        surprisal, _ = self.model.apply(
            {"params": params},
            encoded,
            batch["encoder_segment_ids"],
            inputs,
            batch["decoder_segment_ids"],
            targets,
            deterministic=True,
            method=self.model.losses,
        )
        counted = -surprisal * (targets > 0)
        slots = jnp.arange(batch["slots"].shape[1]) + 1
        member = batch["decoder_segment_ids"][:, :, None] == slots
        return jnp.einsum("BT,BTS->BS", counted, member.astype(jnp.float32))


def _encode_and_decode(
    model: MT5,
    inputs: Int[Array, "B L"],
    segments: Int[Array, "B L"],
    *targets: Int[Array, "B T"],
    deterministic: bool,
) -> Losses:
    encoded = model.encode(inputs, segments, deterministic=deterministic)
    return model.losses(
        encoded, segments, *targets, deterministic=deterministic
    )
