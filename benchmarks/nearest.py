"""Exact nearest neighbours: how fast and with how much memory, beside faiss.

    pip install faiss-cpu
    python benchmarks/nearest.py [--candidates 1000000] [--json FILE]

Mewsli-X's shape by default: 15,000 queries, 1,000,000 candidates, 768 numbers
each, the 20 nearest by inner product. Vectors are random and lie in files that
both sides read. Each side runs in a process of its own, in turn; time is from
the vectors opened to the neighbours found (faiss builds its index in it, here
the program is compiled in it), memory the largest resident set of the process.
Both must find the same: where they differ, the two products must be equal to
one part in 100,000, as sums in another order are.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import processes

K = 20
GIB = 1 << 30
BLOCK = 1 << 15


def main() -> None:
    arguments = _arguments()
    if arguments.side:
        print(json.dumps(_measured(arguments.side, arguments.folder)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        place = Path(folder)
        _write(place / "queries.npy", arguments.queries, arguments.width, 0)
        _write(
            place / "candidates.npy", arguments.candidates, arguments.width, 1
        )
        rounds = [
            {side: _run(side, place) for side in SIDES}
            for _ in range(arguments.rounds)
        ]
        _check(place)
    record = {
        "queries": arguments.queries,
        "candidates": arguments.candidates,
        "width": arguments.width,
        **{side: _median(side, rounds) for side in SIDES},
    }
    record["ratio"] = (
        record["xltransfer"]["seconds"] / (record["faiss"]["seconds"])
    )
    _print(record)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def _write(path: Path, count: int, width: int, seed: int) -> None:
    """Writes unit vectors block by block."""
    shape = (count, width)
    made = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    random = np.random.default_rng(seed)
    for low in range(0, count, BLOCK):
        size = min(BLOCK, count - low)
        part = random.standard_normal((size, width), np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        made[low : low + size] = part
    made.flush()


def _run(side: str, folder: Path) -> dict[str, float]:
    command = [__file__, "--side", side, "--folder", str(folder)]
    return processes.output(command)


def _measured(side: str, folder: Path) -> dict[str, float]:
    find = SIDES[side]()
    started = time.perf_counter()
    queries = np.load(folder / "queries.npy", mmap_mode="r")
    candidates = np.load(folder / "candidates.npy", mmap_mode="r")
    products, numbers = find(queries, candidates)
    seconds = time.perf_counter() - started
    np.savez(folder / f"{side}.npz", products=products, numbers=numbers)
    return {"seconds": seconds, "gibibytes": processes.peak() / GIB}


def _ours():
    from xltransfer.partitioning import Partitioning
    from xltransfer.topk import top_k

    devices = Partitioning((("embed", "fsdp"),))
    return lambda queries, candidates: top_k(queries, candidates, K, devices)


def _faiss():
    import faiss

    faiss.omp_set_num_threads(os.cpu_count())

    def find(queries: np.ndarray, candidates: np.ndarray) -> tuple:
        index = faiss.IndexFlatIP(candidates.shape[1])
        for low in range(0, len(candidates), BLOCK):
            index.add(np.ascontiguousarray(candidates[low : low + BLOCK]))
        return index.search(np.ascontiguousarray(queries), K)

    return find


SIDES = {"xltransfer": _ours, "faiss": _faiss}


def _check(folder: Path) -> None:
    """Raises AssertionError where the two have found something else."""
    ours, theirs = (np.load(folder / f"{side}.npz") for side in SIDES)
    np.testing.assert_allclose(
        ours["products"], theirs["products"], rtol=1e-5, atol=1e-6
    )
    other = (ours["numbers"] != theirs["numbers"]).mean()
    assert other < 1e-3, f"{other:.2%} of the neighbours differ"


def _median(side: str, rounds: list[dict]) -> dict[str, float]:
    return {
        name: statistics.median(one[side][name] for one in rounds)
        for name in ("seconds", "gibibytes")
    }


def _print(record: dict) -> None:
    print(
        f"{record['queries']:,} queries, {record['candidates']:,} candidates "
        f"of {record['width']}, {K} nearest"
    )
    print("| side | seconds | peak memory, GiB |\n|---|---|---|")
    for side in SIDES:
        found = record[side]
        print(f"| {side} | {found['seconds']:.1f} | {found['gibibytes']:.2f} |")
    print(f"ratio of times: {record['ratio']:.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=15000)
    parser.add_argument("--candidates", type=int, default=1000000)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where files are put")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
