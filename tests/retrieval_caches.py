"""Caches of queries and candidates, written by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import small_caches

from xltransfer.data.cache import RECORDS, Cache, open_cache

Side = Sequence[int] | None


def write(
    directory: Path,
    sides: Sequence[tuple[Side, Side]],
    records: Sequence[dict] = (),
    name: str = "small.en",
) -> Cache:
    """Writes pairs of pieces of a query and a candidate; None: no such side."""
    made = [
        [() if side is None else (0, *side, 2) for side in pair]
        for pair in sides
    ]
    small_caches.write(
        directory,
        {
            "tokens": [np.array([*q, *c]) for q, c in made],
            "side_lengths": [np.array([len(q), len(c)]) for q, c in made],
        },
        name=name,
    )
    lines = "".join(f"{json.dumps(one)}\n" for one in records)
    (directory / RECORDS).write_text(lines)
    return open_cache(directory)


def pairs(directory: Path, count: int, seed: int = 0) -> Cache:
    """Pairs in which the candidate is the query, turned round."""
    random = np.random.default_rng(seed)
    sides = []
    for _ in range(count):
        words = random.integers(4, 66, size=random.integers(2, 7)).tolist()
        sides.append((words, words[::-1]))
    records = [
        {
            "id": f"q{one}",
            "gold": [f"c{one}"],
            "candidate": f"c{one}",
            "query_key": str(one),
            "candidate_key": str(one),
        }
        for one in range(count)
    ]
    return write(directory, sides, records)
