"""Cross-entropy over a vocabulary, without the logits of all of it at once.

250,112 float32 logits a token are the largest array of a step by far. Where
they are more than a device should hold, they are made and used up a few columns
at a time, once for the loss and once more for its gradient
(https://arxiv.org/abs/2411.09009, in plain JAX): a third more work, and no more
memory for more tokens. The table is gathered a few columns at a time too, where
its width is split over devices.

Letters: B batch rows, T targets, D width, V vocabulary, G groups of columns, one
for each device along which the vocabulary is split, C columns of a group that
are worked off together.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.models import placement

# What a device holds at a time: all logits up to 256 MiB where it has the whole
# table, else 64 MiB of them, and of the table.
WHOLE, PART = 1 << 26, 1 << 24
OUT = -jnp.inf


class Losses(NamedTuple):
    """What a softmax says of given targets.

    Attributes:
      surprisal: -log p(target).
      hits: whether the target has the largest logit.
    """

    surprisal: Float[Array, "*any"]
    hits: Bool[Array, "*any"]


def losses(
    x: Float[Array, "B T D"],
    table: Float[Array, "D V"],
    bias: Float[Array, "V"] | None,
    targets: Int[Array, "B T"],
    dtype: str,
    columns: int | None = None,
) -> Losses:
    """Returns what the softmax of `x @ table + bias` says of the targets.

    Args:
      x: what is projected.
      table: with the logical axes `embed` and `vocab`.
      bias: with the axis `vocab`, or None.
      targets: ids below V.
      dtype: the type of the factors; products are added up in float32.
      columns: how many at a time; by default as many as `WHOLE` and `PART`
        allow.
    """
    width, size = table.shape
    columns = columns or _columns(placement.share(targets), width, size)
    if columns >= size:
        return _at_once(x, table, bias, targets, dtype)
    groups = placement.parts("vocab", size)
    table = table.reshape(width, groups, -1).swapaxes(0, 1)
    if bias is None:
        bias = jnp.zeros(size, jnp.float32)
    within = table.shape[-1]
    count = -(-size // columns)
    # Whole registers of 128 lanes.
    step = min(-(-within // count // 128) * 128, within)
    plan = _Plan(step, -(-within // step), dtype)
    return Losses(*_losses(plan, x, table, bias.reshape(groups, -1), targets))


def _columns(tokens: int, width: int, size: int) -> int:
    """Returns C: as many as logits, and a gathered part of the table, allow."""
    is_whole = placement.parts("embed", width) == 1
    if is_whole and tokens * size <= WHOLE:
        return size
    return max(PART // max(tokens, width), 128)


def _at_once(
    x: Float[Array, "B T D"],
    table: Float[Array, "D V"],
    bias: Float[Array, "V"] | None,
    targets: Int[Array, "B T"],
    dtype: str,
) -> Losses:
    table = placement.gathered(table.astype(dtype), ("embed", "vocab"))
    logits = jnp.einsum(
        "BTD,DV->BTV",
        x.astype(dtype),
        table,
        preferred_element_type=jnp.float32,
    )
    if bias is not None:
        logits = logits + bias
    logits = nn.with_logical_constraint(
        logits, ("activation_batch", "activation_length", "activation_vocab")
    )
    chosen = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    surprisal = jax.nn.logsumexp(logits, axis=-1) - chosen
    return Losses(surprisal, logits.argmax(-1) == targets)


class _Plan(NamedTuple):
    """C, how many parts there are, and the type of the factors."""

    columns: int
    count: int
    dtype: str


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _losses(
    plan: _Plan, x: Array, table: Array, bias: Array, targets: Array
) -> tuple[Array, Array]:
    return _forward(plan, x, table, bias, targets)[0]


def _forward(
    plan: _Plan,
    x: Float[Array, "B T D"],
    table: Float[Array, "G D V/G"],
    bias: Float[Array, "G V/G"],
    targets: Int[Array, "B T"],
) -> tuple[tuple[Array, Array], tuple]:
    def add(seen: tuple, number: Array) -> tuple[tuple, None]:
        most, total, chosen, best = seen
        part = _part(plan, number, table, bias)
        logits = _logits(plan, x, part)
        here, place = _largest(logits, part.ids)
        best = jnp.where(here > most, place, best)
        higher = jnp.maximum(most, here)
        total = total * jnp.exp(most - higher)
        total += jnp.exp(logits - higher[..., None, None]).sum((-1, -2))
        is_target = (part.ids == targets[..., None, None]) & part.new
        chosen += jnp.where(is_target, logits, 0.0).sum((-1, -2))
        return (higher, total, chosen, best), None

    zeros = jnp.zeros(targets.shape, jnp.float32)
    start = zeros + OUT, zeros, zeros, jnp.zeros_like(targets)
    (most, total, chosen, best), _ = _each(plan, add, start)
    normalizer = most + jnp.log(total)
    found = normalizer - chosen, best == targets
    return found, (x, table, bias, targets, normalizer)


def _backward(
    plan: _Plan, kept: tuple, given: tuple[Array, Array]
) -> tuple[Array, Array, Array, None]:
    x, table, bias, targets, normalizer = kept
    outer = given[0][..., None, None]

    def add(seen: tuple, number: Array) -> tuple[tuple, None]:
        x_gradient, table_gradient, bias_gradient = seen
        part = _part(plan, number, table, bias)
        logits = _logits(plan, x, part)
        probabilities = jnp.exp(logits - normalizer[..., None, None])
        is_target = (part.ids == targets[..., None, None]) & part.new
        slope = outer * (probabilities - is_target)
        bias_gradient = _added(part, bias_gradient, slope.sum((0, 1)))
        slope = slope.astype(plan.dtype)
        x_gradient += jnp.einsum(
            "BTGC,GDC->BTD",
            slope,
            part.table,
            preferred_element_type=jnp.float32,
        )
        columns = jnp.einsum(
            "BTD,BTGC->GDC",
            x.astype(plan.dtype),
            slope,
            preferred_element_type=jnp.float32,
        )
        columns = nn.with_logical_constraint(columns, ("vocab", "embed", None))
        table_gradient = _added(part, table_gradient, columns)
        return (x_gradient, table_gradient, bias_gradient), None

    start = (
        jnp.zeros(x.shape, jnp.float32),
        nn.with_logical_constraint(
            jnp.zeros_like(table), ("vocab", "embed", None)
        ),
        jnp.zeros_like(bias),
    )
    (x_gradient, *others), _ = _each(plan, add, start)
    return x_gradient.astype(x.dtype), *others, None


_losses.defvjp(_forward, _backward)


class _Part(NamedTuple):
    """Some columns: where they start, their ids, and what belongs to them.

    The last part starts early where the parts do not divide the columns: those
    that were there before are no longer `new`.
    """

    start: Int[Array, ""]
    ids: Int[Array, "G C"]
    new: Bool[Array, "C"]
    table: Float[Array, "G D C"]
    bias: Float[Array, "G C"]


def _part(plan: _Plan, number: Array, table: Array, bias: Array) -> _Part:
    groups, _, size = table.shape
    start = jnp.minimum(number * plan.columns, size - plan.columns)
    places = start + jnp.arange(plan.columns)
    some = jax.lax.dynamic_slice_in_dim(table, start, plan.columns, axis=2)
    # Split along their width, until they are asked for.
    some = nn.with_logical_constraint(some, ("vocab", "embed", None))
    some = nn.with_logical_constraint(
        some.astype(plan.dtype), ("vocab", None, None)
    )
    return _Part(
        start,
        jnp.arange(groups)[:, None] * size + places,
        places >= number * plan.columns,
        some,
        jax.lax.dynamic_slice_in_dim(bias, start, plan.columns, axis=1),
    )


def _logits(
    plan: _Plan, x: Float[Array, "B T D"], part: _Part
) -> Float[Array, "B T G C"]:
    logits = jnp.einsum(
        "BTD,GDC->BTGC",
        x.astype(plan.dtype),
        part.table,
        preferred_element_type=jnp.float32,
    )
    logits = nn.with_logical_constraint(
        logits + part.bias,
        ("activation_batch", "activation_length", "activation_vocab", None),
    )
    return jnp.where(part.new, logits, OUT)


def _largest(
    logits: Float[Array, "B T G C"], ids: Int[Array, "G C"]
) -> tuple[Float[Array, "B T"], Int[Array, "B T"]]:
    """The largest logit and its id; of several, the least id."""
    place = logits.argmax(-1)
    largest = logits.max(-1)
    found = jnp.take_along_axis(ids[None, None], place[..., None], axis=-1)
    group = largest.argmax(-1)[..., None]
    best = jnp.take_along_axis(found[..., 0], group, axis=-1)[..., 0]
    return largest.max(-1), best


def _added(part: _Part, total: Array, some: Array) -> Array:
    """Adds columns to those of all."""
    size, axis = some.shape[-1], total.ndim - 1
    before = jax.lax.dynamic_slice_in_dim(total, part.start, size, axis)
    return jax.lax.dynamic_update_slice_in_dim(
        total, before + some, part.start, axis
    )


def _each(plan: _Plan, add: Callable, start: tuple) -> tuple:
    return jax.lax.scan(add, start, jnp.arange(plan.count))
