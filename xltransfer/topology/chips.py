"""What a chip can do, as its maker publishes it.

Memory of a TPU is what its compiler says there is for programs, which is a
little less than what is published.
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


# TPUs: the tables of specifications of cloud.google.com/tpu/docs/v4, v5e, v5p and
# v6e. They state links in both directions together (400, 1200 and 800 GB/s), of
# which half is one way; of v4 only what a pod of 4,096 chips reduces, 1.1 PB/s,
# which is six links of 45 GB/s each way. "How to Scale Your Model", part 2
# (jax-ml.github.io/scaling-book/tpus), has the same of all four.
# GPUs: NVIDIA's data sheets of A100 80GB SXM and H100 SXM; FLOPs without
# sparsity, and of NVLink's 600 and 900 GB/s one half.
CHIPS = (
    Chip("v4", "TPU v4", int(31.75 * GIB), 275e12, 1200e9, 270e9),
    Chip("v5e", "TPU v5 lite", int(15.75 * GIB), 197e12, 819e9, 200e9),
    Chip("v5p", "TPU v5", int(95.74 * GIB), 459e12, 2765e9, 600e9),
    Chip("v6e", "TPU v6 lite", int(31.25 * GIB), 918e12, 1638e9, 400e9),
    Chip("A100", "NVIDIA A100-SXM4-80GB", 80 * GIB, 312e12, 2039e9, 300e9),
    Chip("H100", "NVIDIA H100 80GB HBM3", 80 * GIB, 989e12, 3350e9, 450e9),
)


def of_kind(kind: str) -> Chip | None:
    """Returns the chip that JAX calls so, where it is known."""
    return next((chip for chip in CHIPS if chip.kind == kind), None)
