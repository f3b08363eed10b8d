"""A stack of layers that are alike: one after the other, or one that is scanned.

A scan compiles one layer where it would compile all. It is given parameters that
are joined (`depth`), or joins those of `layers_0`, … by itself. And a layer's
activations can be thrown away and computed again for the gradient. Neither changes the mathematics, so neither is
part of a model: the program that is traced says which (`layering`).
"""

import contextlib
import contextvars
import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from xltransfer.models import depth

Remat = Literal["none", "dots", "full"]
# Marks what takes long to compute and is no product with parameters: random
# masks, and what attention gives.
KEPT = "kept"
_policies = jax.checkpoint_policies
POLICIES = {
    "none": _policies.save_from_both_policies(
        _policies.dots_with_no_batch_dims_saveable,
        _policies.save_only_these_names(KEPT),
    ),
    "dots": _policies.dots_with_no_batch_dims_saveable,
    "full": _policies.nothing_saveable,
}


@dataclasses.dataclass(frozen=True)
class Layering:
    """How a stack is carried out.

    Attributes:
      scan: compiles one layer and runs it over all.
      remat: what a layer keeps for its gradient: whatever took long to compute
        (`none`: only sums, norms and activation functions are computed again,
        and parameters gathered again), the results of its products with
        parameters (`dots`), or its input alone (`full`).
    """

    scan: bool = False
    remat: Remat = "none"


UNROLLED = Layering()
_layering = contextvars.ContextVar("layering", default=UNROLLED)


@contextlib.contextmanager
def layering(chosen: Layering) -> Iterator[None]:
    """Says how the stacks are carried out that are traced inside."""
    token = _layering.set(chosen)
    try:
        yield
    finally:
        _layering.reset(token)


def run(
    stack: nn.Module,
    x: Float[Array, "B L D"],
    *shared: Any,
    deterministic: bool,
) -> Float[Array, "B L D"]:
    """Returns the output of the last of `stack.layers`, which are alike.

    Args:
      stack: a bound module.
      x: the input of the first layer.
      *shared: what every layer is given beside its input.
      deterministic: False draws dropout masks, others for every layer.
    """
    chosen = _layering.get()
    if chosen == UNROLLED or stack.is_initializing():
        for layer in stack.layers:
            x = layer(x, *shared, deterministic=deterministic)
        return x
    return _run_apart(stack, chosen, x, shared, deterministic)


def _run_apart(
    stack: nn.Module,
    chosen: Layering,
    x: Float[Array, "B L D"],
    shared: tuple,
    deterministic: bool,
) -> Float[Array, "B L D"]:
    """Runs the layers as functions of their parameters."""
    layer = stack.layers[0].clone(parent=None, name=None)
    key = None if deterministic else stack.make_rng("dropout")

    def step(x: Array, part: tuple[Any, Array]) -> tuple[Array, None]:
        own, number = part
        rngs = {}
        if key is not None:
            rngs["dropout"] = jax.random.fold_in(key, number)
        y = layer.apply(
            {"params": own},
            x,
            *shared,
            deterministic=deterministic,
            rngs=rngs,
        )
        return y, None

    # Inside of a scan nothing can be merged with the first computation.
    step = jax.checkpoint(
        step, policy=POLICIES[chosen.remat], prevent_cse=not chosen.scan
    )
    numbers = jnp.arange(len(stack.layers))
    params = stack.variables["params"]
    if chosen.scan:
        joined = _multiplied(depth.join(params)[depth.JOINED], layer)
        return jax.lax.scan(step, x, (joined, numbers))[0]
    for number, one in enumerate(numbers):
        x, _ = step(x, (params[f"{depth.JOINED}_{number}"], one))
    return x


def _multiplied(params: Any, layer: nn.Module) -> Any:
    """Returns kernels in the type that they are multiplied in.

    Each is used once, so that it is the same rounding in half the memory.
    """

    def rounded(path: tuple, leaf: Array) -> Array:
        is_kernel = path[-1].key == "kernel"
        return leaf.astype(layer.config.dtype) if is_kernel else leaf

    return jax.tree_util.tree_map_with_path(rounded, params)
