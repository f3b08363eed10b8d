"""Caches of tagged sentences in parts, written by hand."""

import json
from pathlib import Path

import numpy as np
import small_caches

from xltransfer.data.cache import RECORDS, Cache, open_cache

LABELS = ("DET", "NOUN", "VERB", "X", "PUNCT")


def sentences(directory: Path, size: int, seed: int = 0) -> Cache:
    """`<s> words </s></s>` in up to three parts of 5 to 20 tokens."""
    random = np.random.default_rng(seed)
    parts, numbers, records = [], [], []
    for number in range(size):
        names: list[str] = []
        for _ in range(random.integers(1, 4)):
            tokens, first, tags = _part(random)
            parts.append((tokens, first, tags))
            numbers.append(number)
            names += [LABELS[tag] for tag in tags]
        words = [f"word{place}" for place in range(len(names))]
        records.append({"words": words, "tags": names})
    tokens, first, tags = zip(*parts, strict=True)
    sequences = {"tokens": tokens, "first": first, "tags": tags}
    small_caches.write(directory, sequences, name="small_tags.en")
    return _completed(directory, numbers, records)


def _part(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    lengths = random.integers(1, 4, size=random.integers(1, 6))
    pieces = random.integers(4, small_caches.MASK, size=lengths.sum())
    first = np.cumsum(lengths) - lengths + 1
    tags = random.integers(len(LABELS), size=len(lengths))
    return np.array([0, *pieces, 2, 2]), first, tags


def _completed(
    directory: Path, numbers: list[int], records: list[dict]
) -> Cache:
    np.save(directory / "example.npy", np.array(numbers, np.uint16))
    lines = "".join(f"{json.dumps(one)}\n" for one in records)
    (directory / RECORDS).write_text(lines)
    path = directory / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["features"].append("example")
    manifest |= {"labels": LABELS, "metrics": ["udpos"], "answers": []}
    path.write_text(json.dumps(manifest))
    return open_cache(directory)
