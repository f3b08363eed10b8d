"""One of two processes that train together; run by `test_train.py`.

python host.py PROCESS PORT CACHE OUT
"""

import sys
from pathlib import Path

import jax
import numpy as np
import small_models
from small_models import CLASSIFIER, Descent

from xltransfer.data.cache import open_cache
from xltransfer.data.loader import TrainingBatches
from xltransfer.train import Program

PROCESSES = 2


def main(process: str, port: str, cache: str, out: str) -> None:
    jax.distributed.initialize(f"localhost:{port}", PROCESSES, int(process))
    partitioning = small_models.partitioning("fsdp_tensor")
    packed = TrainingBatches(
        ((open_cache(Path(cache)), 1.0),),
        small_models.CLASSIFICATION,
        24,
        (24,),
        seed=7,
        multiple=8,
    ).batch(0, partitioning.host_rows)
    assert len(packed.arrays["tokens"]) == packed.rows // PROCESSES
    program = Program(CLASSIFIER, Descent(), 10, partitioning)
    state, (metrics,) = small_models.train(program, [packed])
    whole = jax.jit(lambda tree: tree, out_shardings=partitioning.replicated)
    gradient = jax.tree.leaves(whole(small_models.gradients(state)))
    np.savez(out, *gradient, loss=metrics["loss"])


if __name__ == "__main__":
    main(*sys.argv[1:])
