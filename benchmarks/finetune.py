"""Fine-tuning a published shape on real pairs, beside Hugging Face PyTorch.

    XLTRANSFER_DATA_DIR=... python benchmarks/finetune.py [--model mt5_small]

Real English NLI pairs of at most 128 tokens, 32 an update, AdamW, no dropout, the
same random weights and the same examples on every side. The sides take turns, each
in a process of its own; the medians over all rounds are shown, the first update,
which compiles, apart. Losses stand beside each other. All sides run on the GPU where
both frameworks see one (`--dtype bfloat16`).

`useful` are the FLOPs of XLM-R's matrix products on what is no padding
(`xltransfer.throughput`). `share` is their rate over the largest one of a matrix
product that JAX reached in the same run.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import options
import processes
import real_pairs

from xltransfer import throughput
from xltransfer.data.loader import TrainingBatches
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.topology.chips import GIB
from xltransfer.workspace import Execution

LENGTH = 128
# Updates in which a side compiles or warms up.
FIRST = 2
OURS = {
    "padded": Execution(log_every=1, checkpoint_every=0, packed=False),
    "packed": Execution(log_every=1, checkpoint_every=0),
    "packed + trimmed": Execution(
        log_every=1, checkpoint_every=0, trim=("target",)
    ),
}
THEIRS = {
    "Hugging Face, dynamic": "dynamic",
    f"Hugging Face, {LENGTH}": str(LENGTH),
}


def main() -> None:
    arguments = _arguments()
    if arguments.side:
        print(json.dumps(_measured(arguments)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        arguments.folder = Path(folder)
        arguments.cache_dir = arguments.cache_dir or Path(folder) / "cache"
        record = _compared(arguments)
    _report(record)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument(
        "--model", choices=real_pairs.SHAPES, default="xlmr_base"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20, help="of round 1")
    parser.add_argument("--later", type=int, default=8, help="of the others")
    parser.add_argument("--layers", type=int, help="fewer than published")
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16"),
        default="float32",
        help="of products; parameters and sums are float32",
    )
    parser.add_argument("--folder", type=Path, help="where to write")
    parser.add_argument("--side", choices=OURS, help=argparse.SUPPRESS)
    parser.add_argument("--stop", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compared(arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs all sides in turns; returns medians, losses and places."""
    # mT5's trimming changes the softmax, and with it the loss.
    is_encoder = arguments.model.startswith("xlmr")
    ours = [side for side in OURS if is_encoder or "trimmed" not in side]
    _peer(arguments, "write", str(arguments.folder))
    batches = {side: _batches(arguments, side) for side in ours}
    drawn = _write_examples(arguments, batches["padded"])
    if is_encoder:
        _write_head(arguments)
    rounds: dict[str, list[dict]] = {side: [] for side in (*ours, *THEIRS)}
    for number in range(arguments.rounds):
        stop = arguments.later if number else arguments.steps
        for side, found in rounds.items():
            run = _theirs if side in THEIRS else _ours
            found.append(run(arguments, side, stop))
            seconds = statistics.median(found[-1]["seconds"][FIRST:])
            print(f"{number + 1}: {side} {seconds:.2f} s", file=sys.stderr)
    model = real_pairs.sized(
        real_pairs.SHAPES[arguments.model], arguments.layers
    )
    return {
        "model": arguments.model,
        "layers": arguments.layers,
        "dtype": arguments.dtype,
        "device": rounds["packed"][0]["device"],
        "cores": len(os.sched_getaffinity(0)),
        "rounds": arguments.rounds,
        "tokens": _mean(sum(map(sum, one.values())) for one in drawn),
        "useful_gflop": _useful(model, drawn) / 1e9 if is_encoder else None,
        "gflop_per_second": max(one["rate"] for one in rounds["packed"]) / 1e9,
        "sides": {
            side: {
                "seconds": _seconds(found),
                "first": found[0]["seconds"][0],
                "peak_gib": max(one["peak"] for one in found) / GIB,
                "places": _places(arguments, side, batches, drawn),
                "losses": found[0]["losses"],
            }
            for side, found in rounds.items()
        },
    }


def _seconds(rounds: list[dict[str, Any]]) -> float:
    return statistics.median(
        second for one in rounds for second in one["seconds"][FIRST:]
    )


def _mean(values: Any) -> float:
    return statistics.fmean(values)


def _batches(arguments: argparse.Namespace, side: str) -> TrainingBatches:
    from xltransfer import phase

    trained, workspace = _phase(arguments, side)
    made = phase.opened(trained, workspace)
    return made.group_batches(trained.groups[0], trained.seed)


def _write_examples(
    arguments: argparse.Namespace, batches: TrainingBatches
) -> list[dict[str, list[int]]]:
    """Writes each update's examples for PyTorch; returns their lengths."""
    stored, drawn = {}, []
    for step in range(arguments.steps):
        examples = [
            (batches.components[part][0], number)
            for part, number in batches._draws[step]
        ]
        lengths = {}
        for name in dict(real_pairs.SHAPES[arguments.model].lengths):
            ids = [cache.tokens(name, number) for cache, number in examples]
            lengths[name] = [len(one) for one in ids]
            stored[f"{name}_{step}"] = np.concatenate(ids)
            stored[f"{name}_lengths_{step}"] = np.array(lengths[name])
        if "targets" not in lengths:
            stored[f"labels_{step}"] = np.array(
                [cache.scalars("label")[number] for cache, number in examples]
            )
        drawn.append(lengths)
    np.savez(arguments.folder / "batches.npz", **stored)
    return drawn


def _write_head(arguments: argparse.Namespace) -> None:
    """Writes the head that our sides start with, as PyTorch names it."""
    from xltransfer import phase

    trained, workspace = _phase(arguments, "padded")
    program = phase.opened(trained, workspace).program
    head = program.new_parts(trained.seed, ("head",))["head"]
    tensors = {
        f"{theirs}.{kind}": np.asarray(head[ours][name]).T
        for ours, theirs in (("dense", "dense"), ("out", "out_proj"))
        for name, kind in (("kernel", "weight"), ("bias", "bias"))
    }
    np.savez(arguments.folder / "head.npz", **tensors)


def _places(
    arguments: argparse.Namespace,
    side: str,
    batches: dict[str, TrainingBatches],
    drawn: list[dict[str, list[int]]],
) -> float:
    """Returns how many places of an update a side computes, tokens or not."""
    if side not in THEIRS:
        made = batches[side]
        whole = range(arguments.steps)
        return _mean(made.batch(step, np.arange).places for step in whole)
    pad = THEIRS[side]
    return _mean(
        sum(
            len(one) * (int(pad) if pad.isdigit() and number == 0 else max(one))
            for number, one in enumerate(lengths.values())
        )
        for lengths in drawn
    )


def _useful(model: XLMRConfig, drawn: list[dict[str, list[int]]]) -> float:
    """Returns the FLOPs of an update on what is no padding."""
    arithmetic = throughput.Arithmetic(model, masked=False, peak=None)
    lengths = (np.array(one["tokens"])[:, None] for one in drawn)
    return _mean(
        arithmetic.flops(one, np.ones(len(one), np.int64)) for one in lengths
    )


def _ours(
    arguments: argparse.Namespace, side: str, stop: int
) -> dict[str, Any]:
    command = [__file__, "--side", side, "--stop", str(stop)]
    names = ("data_dir", "cache_dir", "folder", "steps")
    return _output(arguments, command + processes.written(arguments, *names))


def _theirs(
    arguments: argparse.Namespace, side: str, stop: int
) -> dict[str, Any]:
    command = ["train", str(arguments.folder), "--pad", THEIRS[side]]
    command += ["--steps", str(stop), "--schedule", str(arguments.steps)]
    return _peer(arguments, *command)


def _peer(arguments: argparse.Namespace, *rest: str) -> dict[str, Any]:
    script = Path(__file__).with_name("pytorch_peer.py")
    return _output(arguments, [str(script), *rest])


def _output(arguments: argparse.Namespace, command: list[str]) -> Any:
    """Runs a side; returns what it printed."""
    command += processes.written(arguments, "model", "layers", "dtype")
    return processes.output(command, arguments.folder / "compiled")


def _phase(arguments: argparse.Namespace, side: str) -> tuple:
    shape = real_pairs.SHAPES[arguments.model]
    training = real_pairs.training(shape, arguments.steps)
    folder, layers = arguments.folder, arguments.layers
    return (
        real_pairs.phase(shape, training, folder, layers, arguments.dtype),
        real_pairs.workspace(
            Path(tempfile.mkdtemp(dir=folder)),
            arguments.cache_dir,
            arguments.data_dir,
            OURS[side],
        ),
    )


class _Enough(Exception):
    """As many updates as were asked for are done."""


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs one side: seconds and loss of its updates, and the peak."""
    import jax

    from xltransfer import host_memory, phase

    trained, workspace = _phase(arguments, arguments.side)
    # As the command does: before XLA starts its threads.
    host_memory.keep_freed_memory(trained.model.vocab_size)
    rate = throughput.matrix_rate(arguments.dtype)
    times, losses = [], []

    def progress(step: int, metrics: dict) -> None:
        times.append(time.perf_counter())
        losses.append(metrics["loss"])
        if step == arguments.stop:
            raise _Enough

    begin = time.perf_counter()
    with contextlib.suppress(_Enough):
        phase.run(trained, workspace, progress)
    peak = processes.peak()
    seconds = np.diff([begin, *times]).tolist()
    return {
        "seconds": seconds,
        "losses": losses,
        "peak": peak,
        "rate": rate,
        "device": jax.local_devices()[0].device_kind,
    }


def _report(record: dict[str, Any]) -> None:
    """Prints one table, and the losses."""
    sides = record["sides"]
    peers = [sides[side] for side in THEIRS]
    print(
        f"{record['model']}, {record['dtype']}, {record['device']}, "
        f"{record['cores']} cores; medians of "
        f"{record['rounds']} rounds; {record['tokens']:.0f} tokens an update"
    )
    heads = ("s/update", "examples/s", *("dynamic", f"to {LENGTH}"), "places")
    heads += ("share", "GiB", "s first")
    print(f"{'':22}" + "".join(f"{head:>11}" for head in heads))
    for side, found in sides.items():
        ratios = [peer["seconds"] / found["seconds"] for peer in peers]
        print(
            f"{side:22}{found['seconds']:11.2f}{32 / found['seconds']:11.2f}"
            + "".join(f"{ratio:10.2f}x" for ratio in ratios)
            + f"{found['places']:11.0f}{_share(record, found):>11}"
            f"{found['peak_gib']:11.2f}{found['first']:11.1f}"
        )
    print(f"matrix products: {record['gflop_per_second']:.0f} GFLOP/s")
    for side, found in sides.items():
        losses = " ".join(f"{loss:.4f}" for loss in found["losses"])
        print(f"{side:22} {losses}")
    losses = np.array([found["losses"] for found in sides.values()])
    print(f"losses differ by {np.ptp(losses, axis=0).max():.1e} at most")


def _share(record: dict[str, Any], found: dict[str, Any]) -> str:
    if record["useful_gflop"] is None:
        return "–"
    rate = record["useful_gflop"] / found["seconds"]
    return f"{rate / record['gflop_per_second']:.0%}"


if __name__ == "__main__":
    main()
