"""What a chip can do, as its maker publishes it.

Sources: "TPU v4", "TPU v5e", "TPU v5p" and "TPU v6e" in Google Cloud's
documentation (System architecture), NVIDIA's data sheets of the A100 80GB SXM
and H100 SXM. Memory of a TPU is what its compiler says there is for programs,
which is a little less than what is published.
"""

import dataclasses

GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Chip:
    """One accelerator.

    Attributes:
      name: what it is called.
      kind: how JAX calls it.
      memory: bytes that programs may use.
      flops: products of bfloat16 matrices, in FLOP/s.
      bandwidth: between chip and memory, in bytes/s.
      links: all links to other chips together, one way, in bytes/s.
    """

    name: str
    kind: str
    memory: int
    flops: float
    bandwidth: float
    links: float


CHIPS = (
    Chip("v4", "TPU v4", int(31.75 * GIB), 275e12, 1228e9, 300e9),
    Chip("v5e", "TPU v5 lite", int(15.75 * GIB), 197e12, 819e9, 200e9),
    Chip("v5p", "TPU v5", int(95.74 * GIB), 459e12, 2765e9, 600e9),
    Chip("v6e", "TPU v6 lite", int(31.25 * GIB), 918e12, 1640e9, 448e9),
    Chip("A100", "NVIDIA A100-SXM4-80GB", 80 * GIB, 312e12, 2039e9, 300e9),
    Chip("H100", "NVIDIA H100 80GB HBM3", 80 * GIB, 989e12, 3350e9, 450e9),
)


def of_kind(kind: str) -> Chip | None:
    """Returns the chip that JAX calls so, where it is known."""
    return next((chip for chip in CHIPS if chip.kind == kind), None)
