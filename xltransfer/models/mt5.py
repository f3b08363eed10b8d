"""mT5 (https://arxiv.org/abs/2010.11934), with T5X minimal's parameter names.

A T5 1.1 encoder-decoder: pre-RMS-norm, gated tanh-GELU, no biases, relative
positions, an output layer of its own. Batches are packed: `*_segment_ids`
tell the examples of a row apart (0 is padding), and a decoder segment sees
the encoder segment of the same number.

Dropout is drawn per element; T5X shares one mask along the length.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.models.layers import (
    Attention,
    Dense,
    Embed,
    RMSNorm,
    causal_mask,
    check_dtype,
    check_rates,
    check_sizes,
    constrain,
    inverse_root,
    segment_mask,
)

# T5X: attention kernels are normal, all others truncated normal.
_normal = nn.initializers.variance_scaling(1.0, "fan_in", "normal")
_truncated = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")
_uniform = nn.initializers.variance_scaling(1.0, "fan_avg", "uniform")


@dataclass(frozen=True)
class MT5Config:
    """The sizes of an mT5, under T5X's names.

    Raises:
      InputError: when a size is not positive or `dtype` is not supported.
    """

    vocab_size: int
    emb_dim: int
    num_heads: int
    num_encoder_layers: int
    num_decoder_layers: int
    head_dim: int
    mlp_dim: int
    dropout_rate: float = 0.1
    relpos_buckets: int = 32
    relpos_max_distance: int = 128
    layer_norm_epsilon: float = 1e-6
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_dtype(
            self.dtype,
            "it overflows in mT5's feed-forward layers; use bfloat16 or "
            "float32",
        )
        check_rates(self, "dropout_rate")
        check_sizes(
            self,
            "vocab_size",
            "emb_dim",
            "num_heads",
            "num_encoder_layers",
            "num_decoder_layers",
            "head_dim",
            "mlp_dim",
        )


class MT5(nn.Module):
    """mT5 for training (`__call__`) and decoding (`encode`, `decode`).

    Positions are not asked for: examples lie in one piece, so the distance of
    two columns of a segment is the distance of their positions.
    """

    config: MT5Config

    def setup(self) -> None:
        config = self.config
        self.token_embedder = Embed(
            size=config.vocab_size,
            width=config.emb_dim,
            axes=("vocab", "embed"),
            embedding_init=nn.initializers.normal(1.0),
            dtype=config.dtype,
        )
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def __call__(
        self,
        encoder_input_tokens: Int[Array, "B L"],
        encoder_segment_ids: Int[Array, "B L"],
        decoder_input_tokens: Int[Array, "B T"],
        decoder_segment_ids: Int[Array, "B T"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T V"]:
        """Returns float32 logits of the token after each decoder input."""
        encoded = self.encode(
            encoder_input_tokens,
            encoder_segment_ids,
            deterministic=deterministic,
        )
        return self.decode(
            encoded,
            encoder_segment_ids,
            decoder_input_tokens,
            decoder_segment_ids,
            deterministic=deterministic,
        )

    def encode(
        self,
        encoder_input_tokens: Int[Array, "B L"],
        encoder_segment_ids: Int[Array, "B L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        """Returns the encoder's output, which serves many decodings."""
        x = self.token_embedder(encoder_input_tokens)
        mask = segment_mask(encoder_segment_ids, encoder_segment_ids)
        return self.encoder(x, mask, deterministic=deterministic)

    def decode(
        self,
        encoded: Float[Array, "B L D"],
        encoder_segment_ids: Int[Array, "B L"],
        decoder_input_tokens: Int[Array, "B T"],
        decoder_segment_ids: Int[Array, "B T"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T V"]:
        """Returns float32 logits, given `encode`'s output.

        `decoder_input_tokens` are the targets shifted right within each
        segment, padding id 0 first.
        """
        y = self.token_embedder(decoder_input_tokens)
        length = decoder_input_tokens.shape[1]
        return self.decoder(
            y,
            encoded,
            segment_mask(decoder_segment_ids, decoder_segment_ids)
            & causal_mask(length),
            segment_mask(decoder_segment_ids, encoder_segment_ids),
            deterministic=deterministic,
        )

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class Encoder(nn.Module):
    """A stack of encoder layers and a final norm."""

    config: MT5Config

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        config = self.config
        drop = nn.Dropout(config.dropout_rate, deterministic=deterministic)
        bias = RelativePositionBias(
            config, bidirectional=True, name="relpos_bias"
        )(x.shape[1])
        x = constrain(drop(x), "batch", "length", "embed")
        for i in range(config.num_encoder_layers):
            layer = EncoderLayer(config, name=f"layers_{i}")
            x = layer(x, mask, bias, deterministic=deterministic)
        return drop(_norm(config, "encoder_norm")(x))


class Decoder(nn.Module):
    """A stack of decoder layers, a final norm and the output layer."""

    config: MT5Config

    @nn.compact
    def __call__(
        self,
        y: Float[Array, "B T D"],
        encoded: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 T T"],
        cross_mask: Bool[Array, "B 1 T L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T V"]:
        config = self.config
        drop = nn.Dropout(config.dropout_rate, deterministic=deterministic)
        bias = RelativePositionBias(
            config, bidirectional=False, name="relpos_bias"
        )(y.shape[1])
        y = constrain(drop(y), "batch", "length", "embed")
        for i in range(config.num_decoder_layers):
            layer = DecoderLayer(config, name=f"layers_{i}")
            y = layer(
                y, encoded, mask, cross_mask, bias, deterministic=deterministic
            )
        y = drop(_norm(config, "decoder_norm")(y))
        # In float32 throughout, as T5X has it.
        logits = Dense(
            config.vocab_size,
            ("embed", "vocab"),
            _truncated,
            "float32",
            use_bias=False,
            name="logits_dense",
        )(y)
        return constrain(logits, "batch", "length", "vocab")


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each normalised first and then added."""

    config: MT5Config

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        bias: Float[Array, "1 H L L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        config = self.config
        drop = nn.Dropout(config.dropout_rate, deterministic=deterministic)
        y = _norm(config, "pre_attention_layer_norm")(x)
        attention = _attention(config, "attention")
        x = x + drop(attention(y, y, mask, bias, deterministic=deterministic))
        x = constrain(x, "batch", "length", "embed")
        y = _norm(config, "pre_mlp_layer_norm")(x)
        x = x + drop(MLP(config, name="mlp")(y, deterministic=deterministic))
        return constrain(x, "batch", "length", "embed")


class DecoderLayer(nn.Module):
    """Self-attention, attention to the encoder, feed-forward."""

    config: MT5Config

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B T D"],
        encoded: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 T T"],
        cross_mask: Bool[Array, "B 1 T L"],
        bias: Float[Array, "1 H T T"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T D"]:
        config = self.config
        drop = nn.Dropout(config.dropout_rate, deterministic=deterministic)
        y = _norm(config, "pre_self_attention_layer_norm")(x)
        attention = _attention(config, "self_attention")
        x = x + drop(attention(y, y, mask, bias, deterministic=deterministic))
        x = constrain(x, "batch", "length", "embed")
        y = _norm(config, "pre_cross_attention_layer_norm")(x)
        attention = _attention(config, "encoder_decoder_attention")
        x = x + drop(
            attention(y, encoded, cross_mask, deterministic=deterministic)
        )
        x = constrain(x, "batch", "length", "embed")
        y = _norm(config, "pre_mlp_layer_norm")(x)
        x = x + drop(MLP(config, name="mlp")(y, deterministic=deterministic))
        return constrain(x, "batch", "length", "embed")


def _attention(config: MT5Config, name: str) -> Attention:
    # No scale on the logits: T5 folds 1/sqrt(K) into the query kernel's
    # initial values, which is equivalent under Adafactor only.
    return Attention(
        num_heads=config.num_heads,
        head_dim=config.head_dim,
        scale=1.0,
        use_bias=False,
        dropout_rate=config.dropout_rate,
        query_init=lambda *a: _normal(*a) * inverse_root(config.head_dim),
        kernel_init=_normal,
        dtype=config.dtype,
        name=name,
    )


def _norm(config: MT5Config, name: str) -> RMSNorm:
    return RMSNorm(config.layer_norm_epsilon, config.dtype, name=name)


class MLP(nn.Module):
    """`wo(gelu(wi_0 x) * wi_1 x)` (https://arxiv.org/abs/2002.05202)."""

    config: MT5Config

    @nn.compact
    def __call__(
        self, x: Float[Array, "B L D"], *, deterministic: bool
    ) -> Float[Array, "B L D"]:
        config = self.config
        gate = self._dense(config.mlp_dim, ("embed", "mlp"), "wi_0")(x)
        linear = self._dense(config.mlp_dim, ("embed", "mlp"), "wi_1")(x)
        x = jax.nn.gelu(gate, approximate=True) * linear
        x = nn.Dropout(config.dropout_rate)(x, deterministic=deterministic)
        x = constrain(x, "batch", "length", "mlp")
        return self._dense(config.emb_dim, ("mlp", "embed"), "wo")(x)

    def _dense(self, features: int, axes: tuple[str, str], name: str) -> Dense:
        return Dense(
            features,
            axes,
            _truncated,
            self.config.dtype,
            use_bias=False,
            name=name,
        )


class RelativePositionBias(nn.Module):
    """What a pair of columns adds to the attention logits, by distance."""

    config: MT5Config
    bidirectional: bool

    @nn.compact
    def __call__(self, length: int) -> Float[Array, "1 H L L"]:
        config = self.config
        table = self.param(
            "rel_embedding",
            nn.with_logical_partitioning(_uniform, ("heads", "relpos_buckets")),
            (config.num_heads, config.relpos_buckets),
            jnp.float32,
        )
        column = np.arange(length)
        buckets = relative_position_buckets(
            column[None, :] - column[:, None],
            self.bidirectional,
            config.relpos_buckets,
            config.relpos_max_distance,
        )
        # A product, since the gradient of a gather with few distinct rows is
        # a scatter with many collisions.
        one_hot = jax.nn.one_hot(buckets, config.relpos_buckets)
        return jnp.einsum("HN,LSN->HLS", table, one_hot)[None]


def relative_position_buckets(
    distance: Int[np.ndarray, "L S"],
    bidirectional: bool,
    buckets: int,
    max_distance: int,
) -> Int[np.ndarray, "L S"]:
    """Maps `key - query` to a bucket, exact when near, logarithmic when far.

    Source: `_relative_position_bucket` of Mesh TensorFlow's transformer
    layers; T5, https://arxiv.org/abs/1910.10683, section 2.1.
    """
    offset = np.zeros_like(distance)
    if bidirectional:
        buckets //= 2
        offset = (distance > 0) * buckets
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = buckets // 2
    ratio = np.maximum(distance, exact) / exact
    scale = (buckets - exact) / np.log(max_distance / exact)
    # 16, 32 and 64 lie on an edge; 1e-6 keeps rounding from moving them.
    far = exact + (np.log(ratio) * scale + 1e-6).astype(distance.dtype)
    near_or_far = np.where(distance < exact, distance, far)
    return offset + np.minimum(near_or_far, buckets - 1)
