"""XLM-R as a dual encoder: one encoder for queries and candidates."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from xltransfer.models.heads import Initializer
from xltransfer.models.layers import Dense, constrain, take_columns
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
        hidden = self.encoder(
            tokens, segment_ids, positions, deterministic=deterministic
        )
        first = take_columns(hidden, starts)
        return self.head(constrain(first, "batch", "slots", "embed"))

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


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
        start = nn.with_logical_partitioning(
            nn.initializers.constant(SCALE), ()
        )
        return normalized(x), self.param("scale", start, (), jnp.float32)


def normalized(x: Float[Array, "... D"]) -> Float[Array, "... D"]:
    """Returns vectors of length 1; of a zero vector, zeros."""
    square = jnp.square(x).sum(-1, keepdims=True)
    return x / jnp.sqrt(jnp.maximum(square, 1e-24))
