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
from jax.experimental import mesh_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from xltransfer import fields
from xltransfer.errors import InputError
from xltransfer.models.stack import Layering, Remat, layering

AXES = ("slice", "data", "fsdp", "tensor")
BATCH_AXES = ("slice", "data", "fsdp")
Rules = tuple[tuple[str, str | tuple[str, ...] | None], ...]


@dataclasses.dataclass(frozen=True)
class Partitioning:
    """A mesh shape, the rules that place logical axes on it, and how layers run.

    Attributes:
      rules: pairs of logical axis and mesh axis (or axes, or None).
      data: devices along which only the batch is split; -1 takes what is left.
      fsdp: devices along which the batch and the parameters are split.
      tensor: devices along which heads, hidden units and vocabulary are split.
      slices: parts of a machine that a slower network joins; only the batch is
        split over them.
      scan: compiles one layer of a stack and runs it over all.
      remat: what a layer keeps for its gradient: all (`none`), its products
        with parameters (`dots`), or its input alone (`full`).
      devices: what the mesh is made of; by default all devices of all hosts.
    """

    rules: Rules
    data: int = -1
    fsdp: int = 1
    tensor: int = 1
    slices: int = 1
    scan: bool = False
    remat: Remat = "none"
    devices: tuple[jax.Device, ...] | None = None

    def __post_init__(self) -> None:
        fields.check(self)

    @functools.cached_property
    def mesh(self) -> Mesh:
        """The mesh over all of the devices.

        Raises:
          InputError: if the shape does not divide the devices.
        """
        shape = self.slices, self.data, self.fsdp, self.tensor
        return _mesh(shape, self.devices or tuple(jax.devices()))

    @property
    def batch_multiple(self) -> int:
        """The number of parts in which the rows of a batch are split."""
        return math.prod(self.mesh.shape[axis] for axis in BATCH_AXES)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Makes mesh, rules and layering known to the models traced inside."""
        with (
            jax.set_mesh(self.mesh),
            nn.logical_axis_rules(self.rules),
            layering(Layering(self.scan, self.remat)),
        ):
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
        """Rows split over slices, data and fsdp."""
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
def _mesh(
    shape: tuple[int, int, int, int], devices: tuple[jax.Device, ...]
) -> Mesh:
    known = math.prod(size for size in shape if size > 0)
    sizes = tuple(len(devices) // known if size < 0 else size for size in shape)
    if sum(size < 0 for size in shape) > 1 or math.prod(sizes) != len(devices):
        raise InputError(
            f"Partitioning: slices {shape[0]} x data {shape[1]} x fsdp "
            f"{shape[2]} x tensor {shape[3]} does not make {len(devices)} "
            "devices; at most one may be -1 (what is left)."
        )
    return Mesh(
        _arranged(sizes, devices),
        AXES,
        axis_types=(AxisType.Auto,) * len(AXES),
    )


def _arranged(
    sizes: tuple[int, int, int, int], devices: tuple[jax.Device, ...]
) -> np.ndarray:
    """Orders devices so that those near in the mesh are near in the machine.

    Raises:
      InputError: if the devices do not lie in as many slices.
    """
    found = len({getattr(one, "slice_index", None) for one in devices})
    if found == 1:
        # 16 devices along an axis are two rows of an 8 x 8 machine.
        return mesh_utils.create_device_mesh(
            sizes, devices, allow_split_physical_axes=True
        )
    if found != sizes[0]:
        raise InputError(
            f"Partitioning.slices is {sizes[0]}, but the devices lie in "
            f"{found} slices."
        )
    return mesh_utils.create_hybrid_device_mesh(
        (1, *sizes[1:]),
        (found, 1, 1, 1),
        devices,
        allow_split_physical_axes=True,
    )
