"""Dual encoders: one encoder for queries and candidates."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from xltransfer.models.heads import Initializer, mean_vector
from xltransfer.models.layers import Dense, constrain
from xltransfer.models.mt5 import MT5
from xltransfer.models.xlmr import XLMRConfig, XLMREncoder

# XTREME-R's run_retrieval_qa and run_retrieval_el start their scale here.
SCALE = 100.0


class XLMRRetriever(nn.Module):
    """A vector of length 1 for each slot, from `<s>` through a pooler."""

    config: XLMRConfig

    def setup(self) -> None:
        self.encoder = XLMREncoder(self.config)
        self.head = RetrievalHead(self.config.kernel_init, self.config.dtype)

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "B S D"], Float[Array, ""]]:
        """Returns float32 vectors and the scale of their products."""
        first = self.encoder.at_columns(
            tokens, segment_ids, positions, starts, deterministic=deterministic
        )
        return self.head(first)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class MT5Retriever(MT5):
    """A vector of length 1 for each text: the mean of the encoder's output.

    Beside it a learnt scale. The decoder is left as it is: it comes along for
    whatever is trained next.

    Source: Sentence-T5 (https://arxiv.org/abs/2108.08877), encoder-only mean,
    without its linear layer, so that any encoder is one already.
    """

    def setup(self) -> None:
        super().setup()
        self.head = ScaleHead()

    def __call__(
        self,
        left_encoder_input_tokens: Int[Array, "B L"],
        left_encoder_segment_ids: Int[Array, "B L"],
        left_starts: Int[Array, "B S"],
        right_encoder_input_tokens: Int[Array, "B T"],
        right_encoder_segment_ids: Int[Array, "B T"],
        right_starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B S D"], Float[Array, ""]]:
        """Returns float32 vectors of queries and candidates, and the scale."""
        sides = [
            self._vectors(*side, deterministic=deterministic)
            for side in (
                (
                    left_encoder_input_tokens,
                    left_encoder_segment_ids,
                    left_starts,
                ),
                (
                    right_encoder_input_tokens,
                    right_encoder_segment_ids,
                    right_starts,
                ),
            )
        ]
        if self.is_initializing():
            # Makes the decoder's parameters.
            super().__call__(
                *(left_encoder_input_tokens, left_encoder_segment_ids) * 2,
                deterministic=True,
            )
        return *sides, self.head()

    def _vectors(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B S D"]:
        encoded = self.encode(tokens, segment_ids, deterministic=deterministic)
        encoded = encoded.astype(jnp.float32)
        vectors = mean_vector(encoded, segment_ids, starts)
        return normalized(constrain(vectors, "batch", "slots", "embed"))

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 6


class ScaleHead(nn.Module):
    """A learnt scale alone."""

    @nn.compact
    def __call__(self) -> Float[Array, ""]:
        return _scale(self)


class RetrievalHead(nn.Module):
    """Dense, tanh, length 1; beside it a learnt scale, a plain number.

    Source: google-research/xtreme, `BertForSequenceRetrieval` and its likes.
    """

    kernel_init: Initializer
    dtype: str

    @nn.compact
    def __call__(
        self, first: Float[Array, "B S D"]
    ) -> tuple[Float[Array, "B S D"], Float[Array, ""]]:
        x = Dense(
            first.shape[-1],
            ("embed", "mlp"),
            self.kernel_init,
            self.dtype,
            name="pooler",
        )(first)
        x = jnp.tanh(x.astype(jnp.float32))
        return normalized(x), _scale(self)


def _scale(head: nn.Module) -> Float[Array, ""]:
    start = nn.with_logical_partitioning(nn.initializers.constant(SCALE), ())
    return head.param("scale", start, (), jnp.float32)


def normalized(x: Float[Array, "... D"]) -> Float[Array, "... D"]:
    """Returns vectors of length 1; of a zero vector, zeros."""
    square = jnp.square(x).sum(-1, keepdims=True)
    return x / jnp.sqrt(jnp.maximum(square, 1e-24))
