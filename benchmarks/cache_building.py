"""Building a cache against iterating the same SeqIO task, on one core.

    XLTRANSFER_DATA_DIR=... python benchmarks/cache_building.py

Both read, render and tokenise the same real NLI and question answering; the
builder writes the cache as well. They take turns in one process on one core,
and the median of the rounds counts: in seconds of the clock and, since other
programs may be using the core, in seconds of the processor. The rows must be
identical.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import options

import tasks
from tasks.vocabularies import TrainedVocabulary
from xltransfer.data import cache as caches
from xltransfer.data.cache import Cache, Request

# Problem -> what is measured by default.
DATASETS = {"classification": "snli.en", "span": "squadshifts_reddit.en"}
FAMILIES = {"encoder": "xlmr", "text": "mt5"}
# Problem and rendering -> the lengths of their published settings.
LENGTHS = {
    ("classification", "encoder"): (("tokens", 128),),
    ("classification", "text"): (("inputs", 128), ("targets", 4)),
    ("span", "encoder"): (("tokens", 384),),
    ("span", "text"): (("inputs", 1024), ("targets", 512)),
}


def main() -> None:
    arguments = _arguments()
    # Before TensorFlow counts the cores.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.cache_dir or Path(temporary)
        records = [
            measure(_request(name, rendering, arguments), folder, arguments)
            for name in arguments.dataset or DATASETS.values()
            for rendering in FAMILIES
        ]
    report(records)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--dataset", action="append", help="may be repeated")
    parser.add_argument("--split", default="train")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _request(
    name: str, rendering: str, arguments: argparse.Namespace
) -> Request:
    family = FAMILIES[rendering]
    vocabulary = TrainedVocabulary(family, 16000, ("text",), lines=2000)
    row = tasks.dataset(name)
    lengths = LENGTHS[row.problem, rendering]
    return Request(row, arguments.split, rendering, vocabulary, lengths)


def measure(
    request: Request, folder: Path, arguments: argparse.Namespace
) -> dict:
    """Returns one record: examples a second of both, and their ratios."""
    iterate = _iteration(request, folder, arguments.data_dir)
    iterated, built = [], []
    for _ in range(arguments.rounds):
        seconds, rows = _timed(iterate)
        iterated.append(seconds)
        seconds, cache = _timed(
            lambda: _build(request, folder, arguments.data_dir)
        )
        built.append(seconds)
    check_identical(rows, cache)
    return {
        "dataset": f"{request.dataset.name}:{request.rendering}",
        "examples": len(rows),
        "seqio_seconds": iterated,
        "builder_seconds": built,
        "medians": [
            [statistics.median(kind) for kind in zip(*taken, strict=True)]
            for taken in (iterated, built)
        ],
    }


def _iteration(
    request: Request, folder: Path, data_dir: Path
) -> Callable[[], list[dict[str, Any]]]:
    import seqio

    from tasks import registration

    task = registration.task(
        request.dataset,
        request.rendering,
        request.vocabulary,
        data_dir,
        folder,
    )

    def iterate() -> list[dict[str, Any]]:
        ds = seqio.get_mixture_or_task(task).get_dataset(
            dict(request.lengths), request.split, shuffle=False
        )
        return list(ds.as_numpy_iterator())

    return iterate


def _build(request: Request, folder: Path, data_dir: Path) -> Cache:
    """Builds anew: what an earlier round left is moved out of the way."""
    place = caches.location(request, folder, data_dir)
    if place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as old:
            place.rename(Path(old) / "cache")
    return caches.prepare(request, folder, data_dir)


def _timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Returns seconds of the clock and of the processor, and what was made."""
    clocks = time.perf_counter, time.process_time
    start = [clock() for clock in clocks]
    found = work()
    end = [clock() for clock in clocks]
    return (end[0] - start[0], end[1] - start[1]), found


def check_identical(rows: list[dict[str, Any]], cache: Cache) -> None:
    """Raises AssertionError where the cache is not what SeqIO gave."""
    assert cache.size == len(rows)
    for name in cache.sequences:
        for number, row in enumerate(rows):
            np.testing.assert_array_equal(cache.tokens(name, number), row[name])
    for name in set(cache.manifest["features"]) - set(cache.sequences):
        values = [row[name] for row in rows]
        np.testing.assert_array_equal(cache.scalars(name), values)


def report(records: list[dict]) -> None:
    """Prints one table."""
    print(
        f"{'':28} {'rows':>6}  {'clock: SeqIO':>12} {'builder':>8} {'ratio':>5}"
        f"  {'processor: SeqIO':>16} {'builder':>8} {'ratio':>5}"
    )
    for record in records:
        slow, fast = record["medians"]
        print(
            f"{record['dataset']:28} {record['examples']:6}"
            f"  {slow[0]:10.2f} s {fast[0]:6.2f} s {slow[0] / fast[0]:5.1f}"
            f"  {slow[1]:14.2f} s {fast[1]:6.2f} s {slow[1] / fast[1]:5.1f}"
        )


if __name__ == "__main__":
    main()
