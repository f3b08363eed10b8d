"""The most memory that a training step takes, by model and by method.

Batches of a fixed shape (`shapes`) in float32: 32 rows of 128 tokens for XLM-R,
8 rows of 128 and 32 for mT5. Each line is a process of its own. `state` are
parameters and the optimiser's state, `temporary` what the compiler reserves
beside them while a step runs (its own analysis), `peak` the largest resident
set of the process during two steps, compiling and reading not counted; on an
accelerator, the most that its allocator gave out. Hugging Face PyTorch, on the
same shapes with AdamW, has a peak alone.

    python benchmarks/memory.py [--model NAME ...] [--method NAME ...]
"""

import argparse
import ctypes
import dataclasses
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import processes

GIB = 1 << 30
STEPS = 2
PEER = "Hugging Face PyTorch"
# XLM-R base's rows of pieces that English NLI touches (benchmarks/trimming.py).
TRIMMED = 8192


@dataclasses.dataclass(frozen=True)
class Method:
    """How a step is carried out.

    Attributes:
      partitioning: fields of `Partitioning`.
      microbatches: parts of the batch.
      pieces: rows of the table that are trained, where not all are.
    """

    partitioning: tuple[tuple[str, Any], ...] = ()
    microbatches: int = 1
    pieces: int | None = None


METHODS = {
    "plain": Method(),
    "remat dots": Method((("remat", "dots"),)),
    "remat full": Method((("remat", "full"),)),
    "scan": Method((("scan", True),)),
    "scan, remat full": Method((("scan", True), ("remat", "full"))),
    "4 microbatches": Method(microbatches=4),
    "trimmed": Method(pieces=TRIMMED),
    "trimmed, remat full": Method((("remat", "full"),), pieces=TRIMMED),
}
# Rows, and columns of inputs and targets.
MODELS = {
    "xlmr_base": (32, (128, 0)),
    "mt5_small": (8, (128, 32)),
    "xlmr_large": (32, (128, 0)),
}
RULES = (("activation_batch", ("data", "fsdp")),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*METHODS, PEER]
    parser.add_argument(
        "--model", nargs="*", choices=MODELS, default=["xlmr_base", "mt5_small"]
    )
    parser.add_argument("--method", nargs="*", choices=names, default=names)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(_measured(arguments.model[0], arguments.method[0])))
        return
    print(
        f"{'model':<12}{'method':<22}{'state':>8}{'temporary':>11}{'peak':>8}"
    )
    found = []
    for model in arguments.model:
        for method in _possible(model, arguments.method):
            found.append(
                {"model": model, "method": method, **_apart(model, method)}
            )
            print(_line(found[-1]), flush=True)
    print("GiB")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


def _possible(model: str, methods: Sequence[str]) -> list[str]:
    """Leaves out what would be another training, and peers that are not there."""
    import pytorch_peer

    return [
        one
        for one in methods
        if not (model.startswith("mt5") and "trimmed" in one)
        and (one != PEER or model in pytorch_peer.MODELS)
    ]


def _apart(model: str, method: str) -> dict[str, Any]:
    """Measures in another process."""
    if method == PEER:
        return _of_peer(model)
    command = [__file__, "--here", "--model", model, "--method", method]
    return processes.output(command)


def _measured(model: str, method: str) -> dict[str, Any]:
    """Measures a method in this process: bytes."""
    import jax

    from xltransfer import host_memory
    from xltransfer.topology.step import train_step

    host_memory.keep_freed_memory(250002)
    program, batch = _program(model, METHODS[method])
    # It compiles what the updates then find compiled.
    step = train_step(program, batch, None)
    arrays = program.partitioning.put(_filled(batch), _rows(batch))
    state = program.init(0)
    state, _ = jax.block_until_ready(program.update(state, arrays, 0))
    _forget_peak()
    for _ in range(STEPS):
        # One at a time: the next one's buffers may else be taken beside.
        state, _ = jax.block_until_ready(program.update(state, arrays, 0))
    return {
        "state": step.parameter_bytes + step.optimizer_bytes,
        "temporary": step.temporary_bytes,
        "peak": _peak(),
    }


def _program(model: str, method: Method) -> tuple:
    import shapes

    from xltransfer.partitioning import Partitioning
    from xltransfer.train import Program

    rows, lengths = MODELS[model]
    objective, optimizer, batch = shapes.training(
        model, rows, "float32", lengths
    )
    if method.pieces:
        objective = objective.resized(method.pieces)
    partitioning = Partitioning(RULES, **dict(method.partitioning))
    return (
        Program(objective, optimizer, 100, partitioning, method.microbatches),
        batch,
    )


def _filled(batch: dict[str, Any]) -> dict[str, Any]:
    """Returns ones: that all tokens are alike takes no less memory."""
    import numpy as np

    return {
        name: np.ones(leaf.shape, leaf.dtype) for name, leaf in batch.items()
    }


def _rows(batch: dict[str, Any]) -> int:
    return next(iter(batch.values())).shape[0]


def _forget_peak() -> None:
    """Has Linux measure the largest resident set from now on.

    What compiling has freed is given back before, since it would be kept.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    import jax

    stats = jax.local_devices()[0].memory_stats()
    if stats and "peak_bytes_in_use" in stats:
        return stats["peak_bytes_in_use"]
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def _of_peer(model: str) -> dict[str, Any]:
    """Measures Hugging Face PyTorch on a batch of the same shape."""
    import numpy as np

    peer = str(Path(__file__).with_name("pytorch_peer.py"))
    rows, (columns, targets) = MODELS[model]
    with tempfile.TemporaryDirectory() as folder:
        processes.output([peer, "write", folder, "--model", model])
        name = "inputs" if targets else "tokens"
        arrays: dict[str, Any] = {}
        for step in range(STEPS):
            arrays[f"{name}_{step}"] = np.full(rows * columns, 5)
            arrays[f"{name}_lengths_{step}"] = np.full(rows, columns)
            arrays[f"labels_{step}"] = np.zeros(rows, np.int64)
            if targets:
                arrays[f"targets_{step}"] = np.full(rows * targets, 5)
                arrays[f"targets_lengths_{step}"] = np.full(rows, targets)
        np.savez(Path(folder) / "batches.npz", **arrays)
        command = [peer, "train", folder, "--model", model]
        found = processes.output([*command, "--steps", str(STEPS)])
    return {"state": None, "temporary": None, "peak": found["peak"]}


def _line(found: dict[str, Any]) -> str:
    state, temporary, peak = (
        "" if found[name] is None else f"{found[name] / GIB:.2f}"
        for name in ("state", "temporary", "peak")
    )
    return (
        f"{found['model']:<12}{found['method']:<22}{state:>8}{temporary:>11}"
        f"{peak:>8}"
    )


if __name__ == "__main__":
    main()
