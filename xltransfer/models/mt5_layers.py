"""mT5's sizes, and the layers of its two stacks."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.models.attention import Attention, KeysValues, inverse_root
from xltransfer.models.layers import (
    Dense,
    Dropout,
    RMSNorm,
    check_dtype,
    check_rates,
    check_sizes,
    constrain,
)
from xltransfer.models.relative_positions import RelativePositionBias

# T5X: attention kernels are normal, all others truncated normal.
_normal = nn.initializers.variance_scaling(1.0, "fan_in", "normal")
truncated = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")


@dataclass(frozen=True)
class MT5Config:
    """The sizes of an mT5, under T5X's names.

    `relpos_per_layer`: whether each layer has its own relative position bias
    (umT5) or a stack shares one (mT5).

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
    relpos_per_layer: bool = False
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


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each normalised first and then added."""

    config: MT5Config

    def setup(self) -> None:
        config = self.config
        if config.relpos_per_layer:
            self.relpos_bias = relpos_bias(config, bidirectional=True)
        self.pre_attention_layer_norm = norm(config)
        self.attention = _attention(config)
        self.pre_mlp_layer_norm = norm(config)
        self.mlp = MLP(config)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        bias: Float[Array, "1 H L L"] | None,
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        """Returns the next hidden states; `bias` is the stack's, if any."""
        if self.config.relpos_per_layer:
            bias = self.relpos_bias(x.shape[1])
        y = self.pre_attention_layer_norm(x)
        y = self.attention(y, y, mask, bias, deterministic=deterministic)
        x = x + self.dropout(y, deterministic=deterministic)
        x = constrain(x, "batch", "length", "embed")
        y = self.pre_mlp_layer_norm(x)
        y = self.mlp(y, deterministic=deterministic)
        x = x + self.dropout(y, deterministic=deterministic)
        return constrain(x, "batch", "length", "embed")


class DecoderLayer(nn.Module):
    """Self-attention, attention to the encoder, feed-forward."""

    config: MT5Config

    def setup(self) -> None:
        config = self.config
        if config.relpos_per_layer:
            self.relpos_bias = relpos_bias(config, bidirectional=False)
        self.pre_self_attention_layer_norm = norm(config)
        self.self_attention = _attention(config)
        self.pre_cross_attention_layer_norm = norm(config)
        self.encoder_decoder_attention = _attention(config)
        self.pre_mlp_layer_norm = norm(config)
        self.mlp = MLP(config)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(
        self,
        x: Float[Array, "B T D"],
        encoded: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 T T"],
        cross_mask: Bool[Array, "B 1 T L"],
        bias: Float[Array, "1 H T T"] | None,
        *,
        deterministic: bool,
    ) -> Float[Array, "B T D"]:
        """Returns the next hidden states; `bias` is the stack's, if any."""
        if self.config.relpos_per_layer:
            bias = self.relpos_bias(x.shape[1])
        y = self.pre_self_attention_layer_norm(x)
        y = self.self_attention(y, y, mask, bias, deterministic=deterministic)
        cross = self.encoder_decoder_attention.keys_values(encoded)
        return self._rest(x, y, cross, cross_mask, deterministic=deterministic)

    def step(
        self,
        x: Float[Array, "B Q D"],
        index: Int[Array, ""],
        cache: KeysValues,
        cross: KeysValues,
        cross_mask: Bool[Array, "B 1 Q L"],
        bias: Float[Array, "1 H 1 T"],
    ) -> tuple[Float[Array, "B Q D"], KeysValues]:
        """As `__call__` for one token of each of Q sequences a row.

        For the self-attention every sequence is a row of its own, for the
        attention to the encoder the Q tokens lie side by side in theirs.
        """
        y = self.pre_self_attention_layer_norm(x)
        rows = y.reshape(-1, 1, y.shape[-1])
        cache = tuple(
            jax.lax.dynamic_update_index_in_dim(
                old, new.reshape(*y.shape[:2], *new.shape[2:]), index, axis=2
            )
            for old, new in zip(
                cache, self.self_attention.keys_values(rows), strict=True
            )
        )
        seen = jnp.arange(bias.shape[-1]) <= index
        y = self.self_attention.attend(
            rows,
            tuple(kept.reshape(-1, *kept.shape[2:]) for kept in cache),
            seen[None, None, None],
            bias,
            deterministic=True,
        )
        y = y.reshape(x.shape)
        return self._rest(x, y, cross, cross_mask, deterministic=True), cache

    def _rest(
        self,
        x: Float[Array, "B T D"],
        y: Float[Array, "B T D"],
        cross: KeysValues,
        cross_mask: Bool[Array, "B 1 T L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T D"]:
        """Adds `y`, what the self-attention gave, and goes on from there."""
        x = x + self.dropout(y, deterministic=deterministic)
        x = constrain(x, "batch", "length", "embed")
        y = self.encoder_decoder_attention.attend(
            self.pre_cross_attention_layer_norm(x),
            cross,
            cross_mask,
            None,
            deterministic=deterministic,
        )
        x = x + self.dropout(y, deterministic=deterministic)
        x = constrain(x, "batch", "length", "embed")
        y = self.pre_mlp_layer_norm(x)
        y = self.mlp(y, deterministic=deterministic)
        x = x + self.dropout(y, deterministic=deterministic)
        return constrain(x, "batch", "length", "embed")


def _attention(config: MT5Config) -> Attention:
    # No scale on the logits: T5 folds 1/sqrt(K) into the query kernel's
    # initial values, which is equivalent under Adafactor only.
    return Attention(
        width=config.emb_dim,
        num_heads=config.num_heads,
        head_dim=config.head_dim,
        scale=1.0,
        use_bias=False,
        dropout_rate=config.dropout_rate,
        query_init=lambda *a: _normal(*a) * inverse_root(config.head_dim),
        kernel_init=_normal,
        dtype=config.dtype,
    )


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
        x = Dropout(config.dropout_rate)(x, deterministic=deterministic)
        x = constrain(x, "batch", "length", "mlp")
        return self._dense(config.emb_dim, ("mlp", "embed"), "wo")(x)

    def _dense(self, features: int, axes: tuple[str, str], name: str) -> Dense:
        return Dense(
            features,
            axes,
            truncated,
            self.config.dtype,
            use_bias=False,
            name=name,
        )


def norm(config: MT5Config) -> RMSNorm:
    """The norm before every layer and after every stack."""
    return RMSNorm(config.layer_norm_epsilon, config.dtype)


def relpos_bias(
    config: MT5Config, *, bidirectional: bool
) -> RelativePositionBias:
    """The bias of a stack (mT5) or of a layer (umT5)."""
    return RelativePositionBias(
        num_heads=config.num_heads,
        buckets=config.relpos_buckets,
        max_distance=config.relpos_max_distance,
        bidirectional=bidirectional,
    )
