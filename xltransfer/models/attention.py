"""Multi-head attention, and what of it is kept for the gradient."""

import functools
import math

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Bool, Float

from xltransfer.models import stack
from xltransfer.models.layers import (
    MASKED,
    Dense,
    Initializer,
    Survivors,
    constrain,
    dropped,
)

KeysValues = tuple[Float[Array, "B S H K"], Float[Array, "B S H K"]]


class Attention(nn.Module):
    """Multi-head attention, `softmax(scale QKᵀ + bias) V`, softmax in float32.

    Source: https://arxiv.org/abs/1706.03762. `query_init` initialises the
    query kernel and `kernel_init` the other three. Keys and values can be
    computed apart and kept by the caller, who decodes token by token.
    """

    width: int
    num_heads: int
    head_dim: int
    scale: float
    use_bias: bool
    dropout_rate: float
    query_init: Initializer
    kernel_init: Initializer
    dtype: str

    def setup(self) -> None:
        self.query = self._projection(self.query_init)
        self.key = self._projection(self.kernel_init)
        self.value = self._projection(self.kernel_init)
        self.out = Dense(
            features=self.width,
            axes=("joined_kv", "embed"),
            kernel_init=self.kernel_init,
            dtype=self.dtype,
            use_bias=self.use_bias,
        )
        self.dropout = Survivors(self.dropout_rate)

    def _projection(self, init: Initializer) -> Dense:
        return Dense(
            features=self.num_heads * self.head_dim,
            axes=("embed", "joined_kv"),
            kernel_init=init,
            dtype=self.dtype,
            use_bias=self.use_bias,
        )

    def __call__(
        self,
        queries: Float[Array, "B L D"],
        keys: Float[Array, "B S D"],
        mask: Bool[Array, "B 1 L S"],
        bias: Float[Array, "1 H L S"] | None = None,
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        """Mixes what `keys` hold for each of `queries`."""
        kept = self.keys_values(keys)
        return self.attend(
            queries, kept, mask, bias, deterministic=deterministic
        )

    def keys_values(self, x: Float[Array, "B S D"]) -> KeysValues:
        """Returns the keys and values of each column."""
        return (
            self._heads(self.key(x), "kv_length"),
            self._heads(self.value(x), "kv_length"),
        )

    def attend(
        self,
        queries: Float[Array, "B L D"],
        kept: KeysValues,
        mask: Bool[Array, "B 1 L S"],
        bias: Float[Array, "1 H L S"] | None,
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        """As `__call__`, with keys and values from `keys_values`."""
        query = self._heads(self.query(queries), "length")
        shape = *query.shape[:1], self.num_heads, query.shape[1], mask.shape[-1]
        kept_weights = self.dropout(shape, deterministic=deterministic)
        mixed = mix(
            self.scale,
            self.dropout_rate,
            query,
            *kept,
            mask,
            bias,
            kept_weights,
        )
        mixed = constrain(mixed, "batch", "length", "heads", "kv")
        return self.out(mixed.reshape(*mixed.shape[:2], -1))

    def _heads(self, joined: Float[Array, "B L J"], length: str) -> Array:
        split = joined.reshape(*joined.shape[:2], self.num_heads, self.head_dim)
        return constrain(split, "batch", length, "heads", "kv")


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def mix(
    scale: float,
    rate: float,
    query: Float[Array, "B L H K"],
    key: Float[Array, "B S H K"],
    value: Float[Array, "B S H K"],
    mask: Bool[Array, "B 1 L S"],
    bias: Float[Array, "1 H L S"] | None,
    survivors: Bool[Array, "B H L S"] | None,
) -> Float[Array, "B L H K"]:
    """Returns the values, mixed by `attention_weights` after dropout.

    For the gradient one array of weights is kept, in the type of the values;
    differentiated as it stands, a softmax in float32 would keep three.

    Args:
      scale: what the products of queries and keys are multiplied by.
      rate: the share of weights that dropout takes.
      query: of each column that asks.
      key: of each column that is asked.
      value: of the same.
      mask: which of them a query sees.
      bias: is added to the logits.
      survivors: the weights that dropout leaves; None leaves all.
    """
    return _mix(scale, rate, query, key, value, mask, bias, survivors)[0]


def _mix(
    scale: float,
    rate: float,
    query: Array,
    key: Array,
    value: Array,
    mask: Array,
    bias: Array | None,
    survivors: Array | None,
) -> tuple[Array, tuple]:
    weights = attention_weights(query, key, mask, bias, scale)
    weights = constrain(weights, "batch", "heads", "length", "kv_length")
    weights = checkpoint_name(weights.astype(value.dtype), stack.KEPT)
    left = dropped(weights, survivors, rate)
    mixed = jnp.einsum("BHLS,BSHK->BLHK", left, value)
    mixed = checkpoint_name(mixed, stack.KEPT)
    # Structure alone: the bias itself is not needed.
    marker = None if bias is None else ()
    return mixed, (query, key, value, mask, marker, survivors, weights)


def _mix_gradient(
    scale: float, rate: float, kept: tuple, outer: Float[Array, "B L H K"]
) -> tuple:
    query, key, value, mask, marker, survivors, weights = kept
    left = dropped(weights, survivors, rate)
    of_value = jnp.einsum("BHLS,BLHK->BSHK", left, outer)
    slope = jnp.einsum(
        "BLHK,BSHK->BHLS", outer, value, preferred_element_type=jnp.float32
    )
    slope = dropped(slope, survivors, rate)
    # Of the softmax: p (g - <p, g>).
    weights = weights.astype(jnp.float32)
    slope = weights * (slope - (weights * slope).sum(-1, keepdims=True))
    slope = jnp.where(mask, slope, 0.0)
    slope = constrain(slope, "batch", "heads", "length", "kv_length")
    of_bias = None if marker is None else slope.sum(0, keepdims=True)
    slope = (slope * scale).astype(query.dtype)
    of_query = jnp.einsum("BHLS,BSHK->BLHK", slope, key)
    of_key = jnp.einsum("BHLS,BLHK->BSHK", slope, query)
    return of_query, of_key, of_value, None, of_bias, None


mix.defvjp(_mix, _mix_gradient)


def attention_weights(
    query: Float[Array, "B L H K"],
    key: Float[Array, "B S H K"],
    mask: Bool[Array, "B 1 L S"],
    bias: Float[Array, "1 H L S"] | None,
    scale: float,
) -> Float[Array, "B H L S"]:
    """How much each query takes from each key, in float32; rows sum to 1."""
    logits = jnp.einsum(
        "BLHK,BSHK->BHLS", query, key, preferred_element_type=jnp.float32
    )
    logits = logits * scale
    if bias is not None:
        logits = logits + bias
    return jax.nn.softmax(jnp.where(mask, logits, MASKED), axis=-1)


def inverse_root(width: int) -> float:
    """`1 / sqrt(width)`, the usual scale of attention logits."""
    return 1 / math.sqrt(width)
