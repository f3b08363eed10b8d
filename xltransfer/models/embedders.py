"""Sentence embeddings from either encoder."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from xltransfer.errors import InputError, nearest
from xltransfer.models.heads import EMBEDDINGS
from xltransfer.models.layers import Embed, constrain, segment_mask
from xltransfer.models.mt5 import Encoder, MT5Config, token_embedder
from xltransfer.models.retriever import normalized
from xltransfer.models.xlmr import XLMRConfig, XLMREncoder


class XLMREmbedder(nn.Module):
    """A vector for each example: XLM-R's hidden states, pooled.

    Attributes:
      config: sizes.
      layer: which hidden states: 0 the embeddings, i the i-th layer's output,
        -1 the last layer's.
      pooling: `mean` over the example's tokens, markers included, or
        `first_token`.
      normalize: whether vectors have length 1.

    Raises:
      InputError: when used, for a layer or a pooling that does not exist.
    """

    config: XLMRConfig
    layer: int = -1
    pooling: str = "mean"
    normalize: bool = False

    def setup(self) -> None:
        _check(self.pooling, self.layer, self.config.num_layers)
        self.encoder = XLMREncoder(self.config)

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B S D"]:
        """Returns float32 vectors; an empty slot's means nothing."""
        states = self.encoder.hidden_states(
            tokens, segment_ids, positions, deterministic=deterministic
        )
        return _vectors(self, states, segment_ids, starts)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class MT5Embedder(nn.Module):
    """A vector for each example: hidden states of mT5's encoder, pooled.

    Attributes: as of `XLMREmbedder`; with `first_token` the example's first
    piece, since mT5 has no marker there.
    """

    config: MT5Config
    layer: int = -1
    pooling: str = "mean"
    normalize: bool = False

    def setup(self) -> None:
        _check(self.pooling, self.layer, self.config.num_encoder_layers)
        self.token_embedder: Embed = token_embedder(self.config)
        self.encoder = Encoder(self.config)

    def __call__(
        self,
        encoder_input_tokens: Int[Array, "B L"],
        encoder_segment_ids: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B S D"]:
        """Returns float32 vectors; an empty slot's means nothing."""
        states = self.encoder.hidden_states(
            self.token_embedder(encoder_input_tokens),
            segment_mask(encoder_segment_ids, encoder_segment_ids),
            deterministic=deterministic,
        )
        return _vectors(self, states, encoder_segment_ids, starts)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 3


def _vectors(
    model: XLMREmbedder | MT5Embedder,
    states: list[Float[Array, "B L D"]],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> Float[Array, "B S D"]:
    pool = EMBEDDINGS[model.pooling]
    vectors = pool(states[model.layer].astype(jnp.float32), segment_ids, starts)
    vectors = constrain(vectors, "batch", "slots", "embed")
    return normalized(vectors) if model.normalize else vectors


def _check(pooling: str, layer: int, layers: int) -> None:
    if pooling not in EMBEDDINGS:
        raise InputError(
            f"pooling is {pooling!r}; one of {', '.join(EMBEDDINGS)}."
            f"{nearest(pooling, EMBEDDINGS)}"
        )
    if not -layers - 1 <= layer <= layers:
        raise InputError(f"layer is {layer}; the model has {layers}")
