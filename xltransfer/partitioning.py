"""Where arrays live: mesh, logical axis rules, shardings, host's share.

The only file that builds a `Mesh`. Models name logical axes; the rules of
`gin/sharding/*.gin` map those to mesh axes.
"""

import contextlib
import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.core import meta
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from xltransfer.errors import InputError

AXES = ("data", "fsdp", "tensor")
BATCH_AXES = ("data", "fsdp")
Rules = tuple[tuple[str, str | tuple[str, ...] | None], ...]


@dataclasses.dataclass(frozen=True)
class Partitioning:
    """A mesh shape and the rules that place logical axes on it.

    Attributes:
      data: devices along which only the batch is split; -1 takes what is left.
      fsdp: devices along which the batch and the parameters are split.
      tensor: devices along which heads, hidden units and vocabulary are split.
      rules: pairs of logical axis and mesh axis (or axes, or None).
    """

    rules: Rules
    data: int = -1
    fsdp: int = 1
    tensor: int = 1

    @functools.cached_property
    def mesh(self) -> Mesh:
        """The mesh over all devices of all hosts.

        Raises:
          InputError: if the shape does not divide the devices.
        """
        return _mesh((self.data, self.fsdp, self.tensor))

    @property
    def batch_multiple(self) -> int:
        """The number of parts in which the rows of a batch are split."""
        return math.prod(self.mesh.shape[axis] for axis in BATCH_AXES)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Makes mesh and rules known to the models' logical constraints."""
        with jax.set_mesh(self.mesh), nn.logical_axis_rules(self.rules):
            yield

    def shardings(self, abstract: Any) -> Any:
        """Shardings for a tree of (boxed) abstract parameters or state.

        An axis that its devices do not divide is not split: a vocabulary of
        1,003, or three labels, are whole on each of two devices.
        """
        wanted = nn.logical_to_mesh_sharding(
            nn.get_partition_spec(abstract), self.mesh, list(self.rules)
        )
        return jax.tree.map(_evenly, unboxed(abstract), wanted)

    @property
    def batch_sharding(self) -> NamedSharding:
        """Rows split over data and fsdp."""
        return NamedSharding(self.mesh, PartitionSpec(BATCH_AXES))

    @property
    def replicated(self) -> NamedSharding:
        """One whole copy on every device."""
        return NamedSharding(self.mesh, PartitionSpec())

    def host_rows(self, rows: int) -> np.ndarray:
        """Returns the rows, of `rows` in a global batch, that this host reads.

        Derived from the mesh, so model axes may span hosts.
        """
        indices = self.batch_sharding.addressable_devices_indices_map((rows,))
        parts = {tuple(range(rows)[index[0]]) for index in indices.values()}
        return np.unique([row for part in parts for row in part])

    def put(self, batch: dict[str, Any], rows: int) -> dict[str, Any]:
        """Puts this host's rows on its devices as global arrays of `rows`."""
        sharding = self.batch_sharding
        if jax.process_count() == 1:
            return jax.device_put(batch, sharding)
        return jax.tree.map(
            lambda array: jax.make_array_from_process_local_data(
                sharding, array, (rows, *array.shape[1:])
            ),
            batch,
        )


def unboxed(abstract: Any) -> Any:
    """Takes the names of axes off; `nn.unbox` would constrain shardings too."""
    return meta.map_axis_meta(lambda box: box.value, abstract)


def _evenly(
    leaf: jax.ShapeDtypeStruct, sharding: NamedSharding
) -> NamedSharding:
    """Leaves axes whole where the mesh does not divide them."""

    def divides(names: str | tuple[str, ...] | None, size: int) -> bool:
        axes = (names,) if isinstance(names, str) else names or ()
        return size % math.prod(sharding.mesh.shape[one] for one in axes) == 0

    spec = (
        names if divides(names, size) else None
        for names, size in zip(sharding.spec, leaf.shape, strict=False)
    )
    return NamedSharding(sharding.mesh, PartitionSpec(*spec))


@functools.lru_cache
def _mesh(shape: tuple[int, int, int]) -> Mesh:
    devices = jax.device_count()
    known = math.prod(size for size in shape if size > 0)
    sizes = tuple(devices // known if size < 0 else size for size in shape)
    if sum(size < 0 for size in shape) > 1 or math.prod(sizes) != devices:
        raise InputError(
            f"Partitioning: data {shape[0]} x fsdp {shape[1]} x tensor "
            f"{shape[2]} does not make {devices} devices; at most one may "
            "be -1 (what is left)."
        )
    return jax.make_mesh(sizes, AXES, axis_types=(AxisType.Auto,) * len(AXES))
