"""What an update of XLM-R base costs with all rows of pieces, and with few.

    XLTRANSFER_DATA_DIR=... python benchmarks/trimming.py [--rounds 3]

One phase on real English NLI pairs, in batches of 32 with at most 128 tokens,
float32, from a Hugging Face directory with random weights of the published
shape, with and without `Execution.trim`. Both sides run alternately, each in a
process of its own that keeps freed memory as the command line does; the medians
of the rounds are shown. The pieces are those of a stand-in model of English,
their ids spread over the published range. Peaks are the largest resident set
of the process: up to the last update, and with the checkpoint that is saved
then.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import loading_weights
import numpy as np
import options
import processes

from xltransfer.models.xlmr import XLMRConfig
from xltransfer.topology.chips import GIB

VOCABULARY = 250002
SIDES = {"all": (), "trimmed": ("target",)}


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        arguments.cache_dir = arguments.cache_dir or Path(temporary) / "cache"
        if arguments.side:
            print(json.dumps(_measured(arguments)))
            return
        record = _compared(arguments, Path(temporary))
    _report(record)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="where to write")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--weights", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compared(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Runs both sides alternately; returns medians and how far they agree."""
    weights = folder / "weights"
    weights.mkdir()
    loading_weights.write(weights, _model(arguments))
    rounds: dict[str, list[dict]] = {side: [] for side in SIDES}
    for number in range(arguments.rounds):
        for side, found in rounds.items():
            out = folder / f"{side}-{number}"
            found.append(_process(arguments, side, out, folder))
    losses = [np.array(rounds[side][0]["losses"]) for side in SIDES]
    measured = ("rows", "milliseconds", "training_gib", "peak_gib", "save_s")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "rounds": arguments.rounds,
        "steps": arguments.steps,
        "layers": arguments.layers,
        "sides": {
            side: {
                name: statistics.median(one[name] for one in found)
                for name in measured
            }
            for side, found in rounds.items()
        },
        "loss_difference": float((abs(np.subtract(*losses)) / losses[0]).max()),
        **_tables(*(folder / f"{side}-0" for side in SIDES)),
    }


def _process(
    arguments: argparse.Namespace, side: str, out: Path, folder: Path
) -> dict[str, Any]:
    command = [__file__, "--side", side, "--out", str(out)]
    command += ["--weights", str(folder / "weights")]
    names = ("data_dir", "cache_dir", "steps", "layers")
    command += processes.written(arguments, *names)
    return processes.output(command, folder / "compiled")


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs one side: times, peaks and losses of its updates."""
    from xltransfer import host_memory, phase

    trained, workspace = _phase(arguments)
    host_memory.keep_freed_memory(trained.model.vocab_size)
    times, losses, peaks = [], [], []

    def progress(step: int, metrics: dict) -> None:
        times.append(time.perf_counter())
        losses.append(metrics["loss"])
        peaks.append(processes.peak())

    phase.run(trained, workspace, progress)
    saved = time.perf_counter() - times[-1]
    made = phase.opened(trained, workspace)
    return {
        "rows": made.rows.program.objective.model.config.vocab_size,
        # The first ones compile.
        "milliseconds": 1000 * statistics.median(np.diff(times)[2:]),
        "training_gib": peaks[-1] / GIB,
        "peak_gib": processes.peak() / GIB,
        "save_s": saved,
        "losses": losses,
    }


def _phase(arguments: argparse.Namespace) -> tuple:
    """Returns the phase and a workspace whose caches have spread ids."""
    import real_pairs

    from xltransfer.workspace import Execution

    shape = real_pairs.SHAPES["xlmr_base"]
    training = real_pairs.training(shape, arguments.steps)
    execution = Execution(
        log_every=1, checkpoint_every=0, trim=SIDES[arguments.side]
    )
    return (
        real_pairs.phase(shape, training, arguments.weights, arguments.layers),
        real_pairs.workspace(
            arguments.out, arguments.cache_dir, arguments.data_dir, execution
        ),
    )


def _model(arguments: argparse.Namespace) -> XLMRConfig:
    return XLMRConfig(VOCABULARY, 768, arguments.layers, 12, 3072)


def _tables(whole: Path, trimmed: Path) -> dict[str, Any]:
    """Compares the tables of pieces that both sides saved."""
    import jax

    from xltransfer.checkpoints import restore_params
    from xltransfer.origins import checkpoint

    def table(out: Path) -> np.ndarray:
        place = checkpoint(str(next((out / "phases").iterdir())))
        here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
        leaf = jax.ShapeDtypeStruct(
            (VOCABULARY, 768), np.float32, sharding=here
        )
        wanted = {"encoder": {"embeddings": {"token": {"embedding": leaf}}}}
        found = restore_params(place.parent, int(place.name), wanted)
        return np.asarray(jax.tree.leaves(found)[0])

    one, other = table(whole), table(trimmed)
    difference = float(abs(one - other).max() / abs(one).max())
    return {
        "equal_rows": int((one == other).all(axis=1).sum()),
        "table_difference": difference,
    }


def _report(record: dict[str, Any]) -> None:
    """Prints one table."""
    print(
        f"XLM-R, {record['layers']} layers, {record['cores']} cores; medians "
        f"of {record['rounds']} rounds of {record['steps']} updates"
    )
    heads = ("rows", "ms/update", "GiB training", "GiB peak", "s to save")
    print(f"{'':8}" + "".join(f"{head:>14}" for head in heads))
    for side, found in record["sides"].items():
        print(
            f"{side:8}{found['rows']:14,.0f}{found['milliseconds']:14.0f}"
            f"{found['training_gib']:14.2f}{found['peak_gib']:14.2f}"
            f"{found['save_s']:14.1f}"
        )
    print(
        f"losses differ by {record['loss_difference']:.1e} at most; of 250,002 "
        f"rows {record['equal_rows']:,} are bitwise equal, the others differ "
        f"by {record['table_difference']:.1e} of the largest at most"
    )


if __name__ == "__main__":
    main()
