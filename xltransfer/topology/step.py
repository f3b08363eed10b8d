"""One step of a program, compiled for a machine: memory, work and time."""

import dataclasses
import functools
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from xltransfer.errors import InputError
from xltransfer.objectives.objective import Batch
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor, compiled_prediction
from xltransfer.topology import flops, hlo, kept
from xltransfer.topology.chips import GIB, Chip
from xltransfer.train import Program, compiled_update


@dataclasses.dataclass(frozen=True)
class Step:
    """What one step needs on each chip.

    Attributes:
      parameters: how many the whole model has.
      parameter_bytes: of what a chip holds of them.
      optimizer_bytes: of what a chip holds of the optimiser's state.
      batch_bytes: of a chip's share of the batch.
      temporary_bytes: activations, gradients and whatever else the compiler
        needs while it runs; None where it gave up for lack of memory.
      needed: bytes that it said were needed where it gave up.
      flops: of matrix products, the machine's divided by its chips.
      memory_traffic: bytes between chip and memory.
      exchanged: bytes of results of collectives, by kind.
      sent: bytes that a chip sends to others for them.
      largest_gather: bytes of the largest result of one all-gather.
      chip: what the chip can do, where known.
      saving_bytes: of a second copy of parameters and state, which is there
        between two steps when a checkpoint is made of joined layers.
    """

    parameters: int
    parameter_bytes: int
    optimizer_bytes: int
    batch_bytes: int
    temporary_bytes: int | None
    needed: int
    flops: float
    memory_traffic: int
    exchanged: tuple[tuple[str, int], ...]
    sent: float
    largest_gather: int
    chip: Chip | None
    saving_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Memory at its fullest."""
        if self.temporary_bytes is None:
            return self.needed
        beside = self.batch_bytes + self.temporary_bytes
        held = self.parameter_bytes + self.optimizer_bytes
        return held + max(beside, self.saving_bytes)

    @property
    def fits(self) -> bool | None:
        """Does it fit the chip's memory? None where that is not known."""
        if self.temporary_bytes is None:
            return False
        return None if self.chip is None else self.headroom >= 0

    @property
    def headroom(self) -> float:
        """The share of the chip's memory that stays free."""
        return 1 - self.total_bytes / self.chip.memory

    @property
    def bounds(self) -> dict[str, float]:
        """Seconds that each resource alone would need."""
        if self.chip is None or self.temporary_bytes is None:
            return {}
        return {
            "compute": self.flops / self.chip.flops,
            "memory": self.memory_traffic / self.chip.bandwidth,
            "network": self.sent / self.chip.links,
        }

    @property
    def seconds(self) -> float | None:
        """The roofline: the longest of `bounds`, were the others hidden."""
        return max(self.bounds.values(), default=None)


def train_step(
    program: Program,
    batch: Batch,
    chip: Chip | None,
    folder: Path | None = None,
) -> Step:
    """Compiles a program's update.

    Args:
      program: what is trained, on the machine's devices.
      batch: shapes and types of a global batch.
      chip: what one of the devices can do.
      folder: where what was found is kept, and found again; None: nowhere.
    """
    state = program.held
    shapes = _placed(batch, program.partitioning)
    seed = jax.ShapeDtypeStruct((), jnp.uint32)
    held = state.params, state.opt_state
    step = _measured(
        program.partitioning,
        compiled_update(program),
        (state, shapes, seed),
        held,
        chip,
        folder,
    )
    saving = share(held) if program.joins_layers else 0
    return dataclasses.replace(step, saving_bytes=saving)


def prediction_step(
    predictor: Predictor,
    batch: Batch,
    chip: Chip | None,
    folder: Path | None = None,
) -> Step:
    """Compiles a predictor; as `train_step`."""
    params = predictor.abstract
    shapes = _placed(batch, predictor.partitioning)
    return _measured(
        predictor.partitioning,
        compiled_prediction(predictor),
        (params, shapes),
        (params, ()),
        chip,
        folder,
    )


def _placed(batch: Batch, partitioning: Partitioning) -> Batch:
    def place(leaf: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=partitioning.batch_sharding
        )

    return jax.tree.map(place, batch)


def _measured(
    partitioning: Partitioning,
    function: Callable,
    arguments: tuple,
    held: tuple[Any, Any],
    chip: Chip | None,
    folder: Path | None,
) -> Step:
    mesh = partitioning.mesh
    with partitioning.scope():
        traced = function.trace(*arguments)
        lowered = traced.lower()
        found = kept.facts(
            folder,
            lowered,
            mesh.devices.flat[0],
            functools.partial(_compiled, lowered, mesh.size),
        )
    exchanged = tuple((kind, size) for kind, size in found["exchanged"])
    return Step(
        parameters=sum(leaf.size for leaf in jax.tree.leaves(held[0])),
        parameter_bytes=share(held[0]),
        optimizer_bytes=share(held[1]),
        batch_bytes=share(arguments[1]),
        flops=flops.products(traced.jaxpr.jaxpr) / mesh.size,
        chip=chip,
        **(found | {"exchanged": exchanged}),
    )


def _compiled(lowered: jax.stages.Lowered, devices: int) -> dict[str, Any]:
    """Returns the fields of `Step` that a compiled program tells."""
    try:
        compiled = lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        return {
            "needed": _needed(error),
            "temporary_bytes": None,
            "memory_traffic": 0,
            "exchanged": [],
            "sent": 0.0,
            "largest_gather": 0,
        }
    module, memory = hlo.Module(compiled.as_text()), compiled.memory_analysis()
    kinds: Counter[str] = Counter()
    for one in module.collectives:
        kinds[one.kind] += one.bytes
    return {
        "needed": 0,
        "temporary_bytes": memory.temp_size_in_bytes
        + memory.output_size_in_bytes
        - memory.alias_size_in_bytes
        + memory.generated_code_size_in_bytes,
        "memory_traffic": module.memory_bytes,
        "exchanged": sorted(kinds.items()),
        "sent": sum(
            one.times * _sent(one, devices) for one in module.collectives
        ),
        "largest_gather": max(
            (c.size for c in module.collectives if c.kind == "all-gather"),
            default=0,
        ),
    }


def share(tree: Any) -> int:
    """Returns the bytes of a tree's arrays that one device holds."""
    return sum(
        math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize
        for leaf in jax.tree.leaves(tree)
    )


def _sent(one: hlo.Collective, devices: int) -> float:
    """Returns the bytes that a chip sends, in a ring (Chan et al., 2007)."""
    size = one.devices or devices
    others = (size - 1) / size
    return (
        one.size
        * {
            "all-gather": others,
            "all-to-all": others,
            "all-reduce": 2 * others,
            "reduce-scatter": size - 1,
            "collective-permute": 1,
        }[one.kind]
    )


def _needed(error: Exception) -> int:
    """Returns how much memory a compiler said it lacked.

    Raises:
      InputError: when it failed for another reason.
    """
    said = str(error)
    used = re.search(r"Used ([\d.]+)([KMGT]) of", said)
    if "RESOURCE_EXHAUSTED" not in said or not used:
        raise InputError(
            f"The step does not compile: {said.splitlines()[0]}"
        ) from error
    return int(float(used[1]) * GIB * 1024.0 ** ("KMGT".index(used[2]) - 2))
