"""XLM-R for choices, tags and spans, on packed rows."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from xltransfer.models.heads import ChoiceHead, TaggingHead, example_masks
from xltransfer.models.layers import MASKED, Dense
from xltransfer.models.xlmr import XLMRConfig, XLMREncoder


class XLMRMultipleChoice(nn.Module):
    """XLM-R that scores each choice; a question's best choice is its answer."""

    config: XLMRConfig

    def setup(self) -> None:
        self.encoder = XLMREncoder(self.config)
        self.head = ChoiceHead(
            dropout_rate=self.config.dropout_rate,
            kernel_init=self.config.kernel_init,
            dtype=self.config.dtype,
        )

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B S"]:
        """Returns a float32 score for each slot: one question, one choice.

        The softmax over the choices of a question is the caller's: it knows
        which slots belong together.
        """
        first = self.encoder.at_columns(
            tokens, segment_ids, positions, starts, deterministic=deterministic
        )
        return self.head(first, deterministic=deterministic)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class XLMRTagger(nn.Module):
    """XLM-R that puts the tokens at some columns into one of C classes."""

    config: XLMRConfig
    num_labels: int

    def setup(self) -> None:
        self.encoder = XLMREncoder(self.config)
        self.head = TaggingHead(
            num_labels=self.num_labels,
            dropout_rate=self.config.dropout_rate,
            kernel_init=self.config.kernel_init,
        )

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        target_positions: Int[Array, "B P"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B P C"]:
        """Returns float32 logits at `target_positions`.

        Those are, by convention, the columns of the words' first pieces.
        """
        where = tokens, segment_ids, positions, target_positions
        hidden = self.encoder.at_columns(*where, deterministic=deterministic)
        return self.head(hidden, deterministic=deterministic)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class XLMRSpanFinder(nn.Module):
    """XLM-R that finds where the answer to a question starts and ends."""

    config: XLMRConfig

    def setup(self) -> None:
        self.encoder = XLMREncoder(self.config)
        self.head = Dense(
            2, ("embed", "labels"), self.config.kernel_init, "float32"
        )

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "B S L"], Float[Array, "B S L"]]:
        """Returns float32 logits of the answer's first and last column.

        Columns of other slots hold `layers.MASKED`, so that a softmax over L
        is one over the slot's own tokens. No answer is the slot's first
        token, `starts`, in both (BERT's convention for SQuAD 2).
        """
        hidden = self.encoder(
            tokens, segment_ids, positions, deterministic=deterministic
        )
        logits = jnp.moveaxis(self.head(hidden), -1, 0)
        own = example_masks(segment_ids, starts)
        first, last = jnp.where(own, logits[:, :, None], MASKED)
        return first, last

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4
