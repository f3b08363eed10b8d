"""Where parameters are while they are used, under the rules in force.

The axis `embed` of a parameter is split to store it only (FSDP): a product
needs the whole of it, so that kernels are gathered, one layer at a time, and
never the activations. A table of embeddings that is larger than what is read of
it is not: every device reads its columns for the rows of all, and the columns
change places with the rows. Without rules all of this does nothing.
"""

import functools
import math

import jax
from flax import linen as nn
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int

STORED = "embed"


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def gathered(
    kernel: Float[Array, "D F"], axes: tuple[str, ...]
) -> Float[Array, "D F"]:
    """Returns a parameter whole along `embed`; its gradient is split again."""
    used = tuple(None if axis == STORED else axis for axis in axes)
    return nn.with_logical_constraint(kernel, used)


def _gather(kernel: Array, axes: tuple[str, ...]) -> tuple[Array, None]:
    return gathered(kernel, axes), None


def _scatter(axes: tuple[str, ...], _: None, gradient: Array) -> tuple[Array]:
    return (nn.with_logical_constraint(gradient, axes),)


gathered.defvjp(_gather, _scatter)


def share(ids: Int[Array, "B L"]) -> int:
    """Returns how many of the ids are of one device's rows."""
    return ids.size // parts("activation_batch", ids.shape[0])


def lookup_ids(ids: Int[Array, "B L"], width: int) -> Int[Array, "B L"]:
    """Returns ids that every device has which holds columns of their table."""
    if not _columns(width) or ids.shape[0] == 1:
        return ids
    spec = PartitionSpec(_others(), *(None,) * (ids.ndim - 1))
    return jax.lax.with_sharding_constraint(ids, spec)


def lookup_rows(rows: Float[Array, "B L D"]) -> Float[Array, "B L D"]:
    """Returns what was read, split by columns and then by rows of the batch."""
    columns = _columns(rows.shape[-1])
    if not columns or rows.shape[0] == 1:
        return rows
    inner = (None,) * (rows.ndim - 2)
    for spec in (
        PartitionSpec(_others(), *inner, columns),
        PartitionSpec(_axes("activation_batch"), *inner, None),
    ):
        rows = jax.lax.with_sharding_constraint(rows, spec)
    return rows


def parts(name: str, size: int) -> int:
    """Returns in how many parts a parameter's axis is split."""
    mesh = jax.sharding.get_abstract_mesh()
    count = math.prod(mesh.shape[axis] for axis in _axes(name))
    return count if size % count == 0 else 1


def _columns(width: int) -> tuple[str, ...]:
    """The axes of the mesh that split both a table's columns and the batch."""
    batch, columns = _axes("activation_batch"), _axes(STORED)
    is_shared = parts(STORED, width) > 1 and set(columns) <= set(batch)
    return columns if is_shared else ()


def _others() -> tuple[str, ...]:
    """The axes of the mesh that split the batch alone."""
    columns = _axes(STORED)
    return tuple(a for a in _axes("activation_batch") if a not in columns)


def _axes(name: str) -> tuple[str, ...]:
    """The axes of the mesh that a logical axis is split over, in order."""
    if jax.sharding.get_abstract_mesh().empty:
        return ()
    found = dict(nn.get_logical_axis_rules()).get(name) or ()
    return (found,) if isinstance(found, str) else tuple(found)
