"""A machine by its name: chips, and how they are joined.

`v5e:8x8` and `v4:2x2x4` are TPU slices that need not be there: their compiler,
libtpu, needs no TPU. `v5e:16x16*2` are two slices; `local` is what is here.
"""

import dataclasses
import functools
import os
import re

import jax
from jax.experimental import topologies

from xltransfer.errors import InputError
from xltransfer.partitioning import Partitioning
from xltransfer.topology.chips import CHIPS, Chip, of_kind

LOCAL = "local"
_NAME = re.compile(r"(v\w+):(\d+x\d+(?:x\d+)?)(?:\*(\d+))?")
# For libtpu: there is no machine that could be asked for its own description, or
# that two processes would share, and nothing to be said of that. The stack of its
# threads is too small for products that are merged with several others: it died
# of small and of very large mT5s (version 0.0.42.1).
_ALONE = {
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
    "TPU_STDERR_LOG_LEVEL": "3",
    "TPU_MIN_LOG_LEVEL": "3",
    "TPU_HOST_BOUNDS": "1,1,1",
    "LIBTPU_INIT_ARGS": "--fibers_default_thread_stack_size=2097152",
}
# The names by which slices are rented; v4 and v5p count cores, two a chip.
RENTED = {
    "v4-8": "v4:2x2x1",
    "v4-32": "v4:2x2x4",
    "v4-64": "v4:2x4x4",
    "v5e-16": "v5e:4x4",
    "v5e-64": "v5e:8x8",
    "v5e-256": "v5e:16x16",
    "v5p-128": "v5p:4x4x4",
    "v6e-16": "v6e:4x4",
}


@dataclasses.dataclass(frozen=True)
class Machine:
    """Devices that a program is compiled for.

    Attributes:
      name: as it was asked for.
      devices: one for each chip.
      chip: what each of them can do, where that is known.
      slices: parts that a slower network joins.
    """

    name: str
    devices: tuple[jax.Device, ...]
    chip: Chip | None
    slices: int = 1

    @property
    def rented(self) -> str | None:
        """The accelerator type of one of its slices; None for what is here.

        Those of v4 and v5p count cores, two a chip.
        """
        if self.name == LOCAL or self.chip is None:
            return None
        chips = len(self.devices) // self.slices
        kind = self.chip.name
        if kind in ("v4", "v5p"):
            return f"{kind}-{2 * chips}"
        return f"{'v5litepod' if kind == 'v5e' else kind}-{chips}"

    def place(self, partitioning: Partitioning) -> Partitioning:
        """Returns a partitioning whose mesh is made of these devices."""
        return dataclasses.replace(
            partitioning, devices=self.devices, slices=self.slices
        )


@functools.cache
def find(name: str) -> Machine:
    """Returns a machine by its name.

    Raises:
      InputError: for a name that is none, or without libtpu.
    """
    if name == LOCAL:
        devices = tuple(jax.devices())
        return Machine(name, devices, of_kind(devices[0].device_kind))
    match = _NAME.fullmatch(RENTED.get(name, name))
    chips = {chip.name: chip for chip in CHIPS if chip.kind.startswith("TPU")}
    if not match or match[1] not in chips:
        raise InputError(
            f"topology {name!r}: neither 'local' nor a TPU slice such as "
            f"'v5e:8x8', 'v4:2x2x4' or 'v5e:16x16*2', of {', '.join(chips)}; "
            f"nor one of {', '.join(RENTED)}."
        )
    slices = int(match[3] or 1)
    devices = _absent(name, f"{match[1]}:{match[2]}", slices)
    return Machine(name, devices, chips[match[1]], slices)


def _absent(name: str, shape: str, slices: int) -> tuple[jax.Device, ...]:
    for variable, value in _ALONE.items():
        os.environ.setdefault(variable, value)
    options = {"num_slices": slices} if slices > 1 else {}
    if shape.startswith(("v4", "v5p")):
        # Two cores a chip that work as one, as JAX has it on such machines.
        options["chip_config_name"] = "megacore"
    try:
        topology = topologies.get_topology_desc(
            platform="tpu", topology_name=shape, **options
        )
    except Exception as error:  # Of several types, by version.
        said = str(error).splitlines()[0]
        if "libtpu" in said or "not found" in said.lower():
            raise InputError(
                f"topology {name!r} needs the TPU's compiler: pip install "
                f"'.[tpu]'. ({said})"
            ) from error
        raise InputError(f"topology {name!r}: {said}") from error
    return tuple(topology.devices)
