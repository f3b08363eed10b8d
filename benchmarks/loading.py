"""How fast the loader makes batches, and what a batch costs.

    python benchmarks/loading.py

Two settings on generated examples of the lengths of the miniature's: masked
language modelling and inference, both of one and of twelve components. The
time of the process, in milliseconds a batch, is what a training step has to
share with; batches a second are what one thread sustains.
"""

import argparse
import cProfile
import dataclasses
import json
import pstats
import tempfile
import time
from pathlib import Path

import numpy as np

from xltransfer.data import features
from xltransfer.data.cache import Cache, open_cache
from xltransfer.data.features import Features
from xltransfer.data.loader import TrainingBatches

VOCABULARY = 1000
MASK = VOCABULARY - 1
SPECIAL = (0, 1, 2, 3, MASK)


@dataclasses.dataclass(frozen=True)
class Setting:
    """A problem, the lengths of its examples, and how many components."""

    name: str
    features: Features
    shortest: int
    longest: int
    components: int


MASKED = features.MaskedLanguageModeling(1, MASK, VOCABULARY, SPECIAL)
CLASSIFICATION = features.EncoderClassification(1)
SETTINGS = (
    Setting("masked LM, 1 component", MASKED, 6, 40, 1),
    Setting("masked LM, 12 components", MASKED, 6, 40, 12),
    Setting("inference, 1 component", CLASSIFICATION, 14, 48, 1),
    Setting("inference, 12 components", CLASSIFICATION, 14, 48, 12),
)


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        records = [
            measure(setting, Path(folder), arguments) for setting in SETTINGS
        ]
    report(records)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--examples", type=int, default=20000)
    parser.add_argument("--batches", type=int, default=500)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(
    setting: Setting, folder: Path, arguments: argparse.Namespace
) -> dict:
    """Returns one record: rate and cost, after a warm-up."""
    each = arguments.examples // setting.components
    components = tuple(
        (_cache(setting, folder / f"{setting.name} {one}", each, one), 1.0)
        for one in range(setting.components)
    )
    batches = TrainingBatches(
        components,
        setting.features,
        arguments.batch_size,
        (arguments.length,),
        seed=0,
    )
    stream = batches.iterate(0, np.arange)
    for _ in range(10):
        next(stream)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(arguments.batches):
        next(stream)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if arguments.profile:
        _profile(batches, arguments.batches)
    return {
        "setting": setting.name,
        "batch_size": arguments.batch_size,
        "batches_per_second": arguments.batches / wall,
        "cpu_milliseconds": 1000 * cpu / arguments.batches,
    }


def _cache(setting: Setting, folder: Path, size: int, seed: int) -> Cache:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(setting.shortest, setting.longest + 1, size=size)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = rng.integers(4, MASK, size=offsets[-1]).astype(np.uint16)
    tokens[offsets[:-1]], tokens[offsets[1:] - 1] = 0, 2
    folder.mkdir()
    np.save(folder / "tokens.npy", tokens)
    np.save(folder / "tokens.offsets.npy", offsets)
    np.save(folder / "label.npy", rng.integers(3, size=size).astype(np.uint16))
    manifest = {
        "dataset": setting.name,
        "features": ["label", "tokens"],
        "sequences": ["tokens"],
        "size": size,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return open_cache(folder)


def _profile(batches: TrainingBatches, count: int) -> None:
    profile = cProfile.Profile()
    with profile:
        for number in range(count):
            batches.batch(number, np.arange)
    pstats.Stats(profile).sort_stats("tottime").print_stats(20)


def report(records: list[dict]) -> None:
    """Prints one table."""
    print(f"{'setting':26} {'N':>4} {'batches/s':>10} {'CPU ms/batch':>13}")
    for record in records:
        print(
            f"{record['setting']:26} {record['batch_size']:4} "
            f"{record['batches_per_second']:10.0f} "
            f"{record['cpu_milliseconds']:13.2f}"
        )


if __name__ == "__main__":
    main()
