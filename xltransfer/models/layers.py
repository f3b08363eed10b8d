"""Layers that XLM-R and mT5 share, and the logical axes that they name.

Every parameter and every large activation names its axes; `partitioning` maps
names to the axes of a mesh. Without a mesh, or without rules, names do
nothing. Parameters are float32; a layer computes in its `dtype`.

Axes of parameters:

* `embed` the model's width D; `mlp` the feed-forward width F, also the inner
  width of a task head; `joined_kv` heads times head width; `heads`
* `vocab`, `positions`, `token_types`, `relpos_buckets` rows of a table
* `labels` classes of a classification head

Axes of activations: `activation_batch`, `activation_length` (queries),
`activation_kv_length` (keys), `activation_slots` (examples or masked positions
of a row), `activation_embed`, `activation_heads`, `activation_kv` (head
width), `activation_mlp`, `activation_labels`, `activation_vocab`.

Letters: B batch rows, L length, T target length, S source length in attention
and slots per row elsewhere, D width, H heads, K head width, F hidden,
V vocabulary, C classes.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Bool, Float, Int

from xltransfer.errors import InputError
from xltransfer.models import placement, stack

PARAMETER_AXES = (
    "embed",
    "mlp",
    "joined_kv",
    "heads",
    "vocab",
    "positions",
    "token_types",
    "relpos_buckets",
    "labels",
)
ACTIVATION_AXES = (
    "activation_batch",
    "activation_length",
    "activation_kv_length",
    "activation_slots",
    "activation_embed",
    "activation_heads",
    "activation_kv",
    "activation_mlp",
    "activation_labels",
    "activation_vocab",
)

Initializer = Callable[..., jax.Array]

# T5X's constant: far below any logit, yet finite, so that a query with no
# visible key (padding) gives a mean and not NaN.
MASKED = -1e10


def constrain(x: Array, *axes: str) -> Array:
    """Shards `x` by the rules in force; `axes` leave out `activation_`."""
    return nn.with_logical_constraint(
        x, tuple(f"activation_{axis}" for axis in axes)
    )


def segment_mask(
    queries: Int[Array, "B L"], keys: Int[Array, "B S"]
) -> Bool[Array, "B 1 L S"]:
    """A token sees the tokens of its own segment, padding only padding."""
    return (queries[:, :, None] == keys[:, None, :])[:, None]


def causal_mask(length: int) -> Bool[Array, "1 1 L L"]:
    """A token sees itself and the columns to its left."""
    return jnp.tril(jnp.ones((length, length), dtype=bool))[None, None]


def take_columns(
    hidden: Float[Array, "B L D"], columns: Int[Array, "B S"]
) -> Float[Array, "B S D"]:
    """The hidden states at some columns of each row."""
    return jnp.take_along_axis(hidden, columns[..., None], axis=1)


def check_dtype(dtype: str, why_not_half: str) -> None:
    """Refuses any compute type but float32 and bfloat16.

    Raises:
      InputError: with `why_not_half` when it is float16.
    """
    if dtype == "float16":
        raise InputError(f"dtype 'float16': {why_not_half}")
    if dtype not in ("float32", "bfloat16"):
        raise InputError(f"dtype {dtype!r} is neither 'float32' nor 'bfloat16'")


def check_sizes(config: object, *fields: str) -> None:
    """Refuses sizes below one.

    Raises:
      InputError: naming the class and field.
    """
    for field in fields:
        if (value := getattr(config, field)) < 1:
            name = type(config).__name__
            raise InputError(f"{name}.{field} is {value}; it must be positive")


def check_rates(config: object, *fields: str) -> None:
    """Refuses dropout rates outside [0, 1).

    Raises:
      InputError: naming the class and field.
    """
    for field in fields:
        if not 0 <= (value := getattr(config, field)) < 1:
            name = type(config).__name__
            raise InputError(f"{name}.{field} is {value}; it must be in [0, 1)")


class Survivors(nn.Module):
    """Which elements a dropout leaves, drawn as `nn.Dropout` does."""

    rate: float

    @nn.compact
    def __call__(
        self, shape: tuple[int, ...], *, deterministic: bool
    ) -> Bool[Array, "..."] | None:
        """Returns a mask, or None where all are left."""
        if deterministic or not self.rate:
            return None
        key = self.make_rng("dropout")
        drawn = jax.random.bernoulli(key, 1 - self.rate, shape)
        # Else a compiler draws the bits twice: to be used, and to be kept. On
        # a TPU they take as long to compile as all the rest of a small model.
        drawn = jax.lax.optimization_barrier(drawn)
        return checkpoint_name(drawn, stack.KEPT)


class Dropout(Survivors):
    """Sets a share of all elements to zero, and enlarges the others."""

    @nn.compact
    def __call__(
        self, x: Float[Array, "..."], *, deterministic: bool
    ) -> Float[Array, "..."]:
        survivors = super().__call__(x.shape, deterministic=deterministic)
        return dropped(x, survivors, self.rate)


def dropped(
    x: Float[Array, "..."], survivors: Bool[Array, "..."] | None, rate: float
) -> Float[Array, "..."]:
    """Returns what a dropout leaves of `x`, its mean unchanged."""
    if survivors is None:
        return x
    return jnp.where(survivors, x / (1 - rate), 0)


class Dense(nn.Module):
    """`x @ kernel + bias` over the last axis."""

    features: int
    axes: tuple[str, str]
    kernel_init: Initializer
    dtype: str
    use_bias: bool = True

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... F"]:
        kernel = self.param(
            "kernel",
            nn.with_logical_partitioning(self.kernel_init, self.axes),
            (x.shape[-1], self.features),
            jnp.float32,
        )
        kernel = placement.gathered(kernel.astype(self.dtype), self.axes)
        y = jnp.einsum("...D,DF->...F", x.astype(self.dtype), kernel)
        if not self.use_bias:
            return y
        bias = self.param(
            "bias",
            nn.with_logical_partitioning(
                nn.initializers.zeros_init(), self.axes[1:]
            ),
            (self.features,),
            jnp.float32,
        )
        return y + bias.astype(self.dtype)


class Embed(nn.Module):
    """A table of vectors, read by a gather."""

    size: int
    width: int
    axes: tuple[str, str]
    embedding_init: Initializer
    dtype: str

    def setup(self) -> None:
        self.embedding = self.param(
            "embedding",
            nn.with_logical_partitioning(self.embedding_init, self.axes),
            (self.size, self.width),
            jnp.float32,
        )

    def __call__(self, ids: Int[Array, "..."]) -> Float[Array, "... D"]:
        if is_small := self.size <= placement.share(ids):
            table = placement.gathered(self.embedding, self.axes)
        else:
            table, ids = self.embedding, placement.lookup_ids(ids, self.width)
        # An id beyond the table must not pass in silence: "fill" gives NaN
        # where plain indexing would give the last row.
        rows = jnp.take(table, ids, axis=0, mode="fill").astype(self.dtype)
        return rows if is_small else placement.lookup_rows(rows)


class LayerNorm(nn.Module):
    """Layer norm, computed in float32 (https://arxiv.org/abs/1607.06450)."""

    epsilon: float
    dtype: str

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... D"]:
        scale = self.param("scale", *_ones(x.shape[-1]))
        bias = self.param("bias", *_zeros(x.shape[-1]))

        x = x.astype(jnp.float32)
        centred = x - x.mean(-1, keepdims=True)
        variance = jnp.square(centred).mean(-1, keepdims=True)
        y = centred * jax.lax.rsqrt(variance + self.epsilon)
        return (y * scale + bias).astype(self.dtype)


class RMSNorm(nn.Module):
    """Root mean square norm, in float32 (https://arxiv.org/abs/1910.07467)."""

    epsilon: float
    dtype: str

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... D"]:
        x = x.astype(jnp.float32)
        mean_square = jnp.square(x).mean(-1, keepdims=True)
        y = x * jax.lax.rsqrt(mean_square + self.epsilon)
        return (y * self.param("scale", *_ones(x.shape[-1]))).astype(self.dtype)


def _ones(width: int):
    ones = nn.initializers.ones_init()
    return nn.with_logical_partitioning(ones, ("embed",)), (width,)


def _zeros(width: int):
    zeros = nn.initializers.zeros_init()
    return nn.with_logical_partitioning(zeros, ("embed",)), (width,)
