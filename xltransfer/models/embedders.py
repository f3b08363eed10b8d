"""Sentence embeddings from either encoder, and two of them to compare."""

import math

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from xltransfer.errors import InputError, nearest
from xltransfer.models.heads import EMBEDDINGS
from xltransfer.models.layers import Embed, constrain, segment_mask
from xltransfer.models.mt5 import Encoder, MT5Config, token_embedder
from xltransfer.models.xlmr import XLMRConfig, XLMREncoder

# CLIP's initial scale (https://arxiv.org/abs/2103.00020, section 2.5).
LOG_SCALE = math.log(1 / 0.07)


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


class XLMRDualEncoder(nn.Module):
    """Vectors of two sides by one encoder, and the scale of their products.

    Attributes: as of `XLMREmbedder`; vectors have length 1, so that products
    are cosines.
    """

    config: XLMRConfig
    layer: int = -1
    pooling: str = "mean"
    normalize: bool = True

    def setup(self) -> None:
        _check(self.pooling, self.layer, self.config.num_layers)
        self.encoder = XLMREncoder(self.config)
        self.head = Scale()

    def __call__(
        self,
        left: tuple[Array, Array, Array, Array],
        right: tuple[Array, Array, Array, Array],
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B S D"], Float[Array, ""]]:
        """Returns both sides' float32 vectors and the scale.

        A side is `tokens, segment_ids, positions [B L], starts [B S]`; slots
        of the same number belong together.
        """
        vectors = (
            _vectors(
                self,
                self.encoder.hidden_states(*rows, deterministic=deterministic),
                rows[1],
                starts,
            )
            for *rows, starts in (left, right)
        )
        return *vectors, self.head()

    def sample_inputs(self) -> tuple[tuple[Array, ...], ...]:
        """The smallest inputs, to initialise with."""
        return ((jnp.zeros((1, 1), jnp.int32),) * 4,) * 2


class Scale(nn.Module):
    """A learnt positive number, kept as its logarithm."""

    @nn.compact
    def __call__(self) -> Float[Array, ""]:
        start = nn.initializers.constant(LOG_SCALE)
        boxed = nn.with_logical_partitioning(start, ())
        return jnp.exp(self.param("log_scale", boxed, (), jnp.float32))


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
    model: XLMREmbedder | XLMRDualEncoder | MT5Embedder,
    states: list[Float[Array, "B L D"]],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> Float[Array, "B S D"]:
    pool = EMBEDDINGS[model.pooling]
    vectors = pool(states[model.layer].astype(jnp.float32), segment_ids, starts)
    vectors = constrain(vectors, "batch", "slots", "embed")
    if not model.normalize:
        return vectors
    square = jnp.square(vectors).sum(-1, keepdims=True)
    return vectors / jnp.sqrt(jnp.maximum(square, 1e-24))


def _check(pooling: str, layer: int, layers: int) -> None:
    if pooling not in EMBEDDINGS:
        raise InputError(
            f"pooling is {pooling!r}; one of {', '.join(EMBEDDINGS)}."
            f"{nearest(pooling, EMBEDDINGS)}"
        )
    if not -layers - 1 <= layer <= layers:
        raise InputError(f"layer is {layer}; the model has {layers}")
