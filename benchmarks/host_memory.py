"""A masked LM step on CPU, with and without keeping freed memory.

Both sides run alternately, each in a process of its own; the median of the
rounds is shown.

    python benchmarks/host_memory.py [--vocab-size 32000] [--json FILE]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

STEPS = 40
ROWS, COLUMNS, MASKED = 24, 64, 14


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocab-size", type=int, default=32000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--side", choices=["kept", "returned"])
    arguments = parser.parse_args()
    if arguments.side:
        print(_milliseconds(arguments.vocab_size, arguments.side == "kept"))
        return
    medians = _medians(arguments.vocab_size, arguments.rounds)
    for side, value in medians.items():
        print(f"{side:>9} {value:8.1f} ms a step")
    print(f"    ratio {medians['returned'] / medians['kept']:8.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(medians, indent=1) + "\n")


def _medians(vocab_size: int, rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {"kept": [], "returned": []}
    for _ in range(rounds):
        for side, found in times.items():
            command = [sys.executable, __file__, "--side", side]
            command += ["--vocab-size", str(vocab_size)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True
            )
            found.append(float(done.stdout))
    return {side: statistics.median(found) for side, found in times.items()}


def _milliseconds(vocab_size: int, kept: bool) -> float:
    from xltransfer import host_memory

    if kept:
        host_memory.keep_freed_memory(vocab_size)
    import jax

    program, batch = _program(vocab_size)
    state = program.init(0)
    state, metrics = program.update(state, batch, 0)
    jax.block_until_ready(metrics)
    begin = time.perf_counter()
    for _ in range(STEPS):
        state, metrics = program.update(state, batch, 0)
    jax.block_until_ready(metrics)
    return (time.perf_counter() - begin) / STEPS * 1000


def _program(vocab_size: int) -> tuple:
    import numpy as np

    from xltransfer.models.xlmr import XLMRConfig, XLMRMaskedLM
    from xltransfer.objectives.language_modeling import MaskedLanguageModeling
    from xltransfer.optimizer import AdamW
    from xltransfer.partitioning import Partitioning
    from xltransfer.train import Program

    config = XLMRConfig(vocab_size, 64, 2, 4, 256, 130)
    partitioning = Partitioning((("activation_batch", ("data", "fsdp")),))
    objective = MaskedLanguageModeling(XLMRMaskedLM(config))
    program = Program(objective, AdamW(1e-3), 100, partitioning)
    rng = np.random.default_rng(0)
    tokens = rng.integers(4, vocab_size, (ROWS, COLUMNS), np.int32)
    positions = np.tile(np.arange(COLUMNS, dtype=np.int32), (ROWS, 1))
    batch = {
        "tokens": tokens,
        "segment_ids": np.ones_like(tokens),
        "positions": positions,
        "target_positions": positions[:, :MASKED],
        "target_tokens": tokens[:, :MASKED],
        "target_weights": np.ones((ROWS, MASKED), np.float32),
    }
    return program, partitioning.put(batch, ROWS)


if __name__ == "__main__":
    main()
