"""Caches of questions, written by hand, and a model that knows the answers."""

import json
from pathlib import Path

import numpy as np
import small_caches

from xltransfer.data.cache import RECORDS, Cache, open_cache
from xltransfer.partitioning import Partitioning

LONGEST, STRIDE = 24, 7
SCALARS = (
    *("example", "piece", "context_start"),
    *("answer_start", "answer_end", "answer_weight"),
)


def questions(
    directory: Path, size: int, seed: int = 0, metric: str = "squad"
) -> Cache:
    """`<s> question </s></s> window </s>`, of 8 to 24 tokens.

    Passages have 3 to 40 pieces, each of one or two characters and some of
    none; windows begin 7 pieces apart. Every seventh question has no answer
    and every ninth one that is not known.
    """
    random = np.random.default_rng(seed)
    rows, records = [], []
    for number in range(size):
        made, record = _question(random, number)
        rows += made
        records.append(record)
    small_caches.write(
        directory,
        {n: [row[n] for row in rows] for n in ("tokens", "begins", "ends")},
        name="small.en",
    )
    for name in SCALARS:
        values = np.array([row[name] for row in rows], np.int32)
        np.save(directory / f"{name}.npy", values)
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["features"] += SCALARS
    manifest["metrics"] = [metric]
    (directory / "manifest.json").write_text(json.dumps(manifest))
    lines = (json.dumps(record) + "\n" for record in records)
    (directory / RECORDS).write_text("".join(lines))
    return open_cache(directory)


def _question(
    random: np.random.Generator, number: int
) -> tuple[list[dict], dict]:
    sizes = random.choice([0, 1, 1, 2], size=random.integers(3, 41))
    sizes[0] = sizes[-1] = 1
    # Letters of two bytes each.
    context = "".join(chr(0x3B1 + i % 24) for i in range(sizes.sum()))
    ends = 2 * np.cumsum(sizes)
    begins = ends - 2 * sizes
    question = random.integers(4, small_caches.MASK, random.integers(1, 5))
    ids = random.integers(4, small_caches.MASK, len(sizes))
    solid = np.flatnonzero(sizes)
    first = int(random.choice(solid))
    last = int(random.choice(solid[(solid >= first) & (solid < first + 9)]))
    answers = [context.encode()[begins[first] : ends[last]].decode()]
    is_known, is_answerable = number % 9 != 8, number % 7 != 6
    if not is_answerable:
        answers = [""]
    rows = []
    room = LONGEST - 4 - len(question)
    for piece in range(0, max(len(ids) - room, 0) + STRIDE, STRIDE):
        own = slice(piece, min(piece + room, len(ids)))
        start = len(question) + 3
        holds = is_answerable and own.start <= first and last < own.stop
        rows.append(
            {
                "tokens": np.array([0, *question, 2, 2, *ids[own], 2]),
                "begins": begins[own],
                "ends": ends[own],
                "example": number,
                "piece": piece,
                "context_start": start,
                "answer_start": start + first - piece if holds else 0,
                "answer_end": start + last - piece if holds else 0,
                "answer_weight": int(is_known),
            }
        )
        if own.stop == len(ids):
            break
    return rows, {
        "id": f"q{number}",
        "question": "?",
        "context": context,
        "answers": answers if is_known else [],
    }


class PlantedLogits:
    """Stands for a program: puts the right answers' columns first."""

    def __init__(self, partitioning: Partitioning) -> None:
        self.partitioning = partitioning

    def predict(self, params: object, batch: dict) -> dict[str, np.ndarray]:
        arrays = {name: np.asarray(value) for name, value in batch.items()}
        found = {}
        for side in ("start", "end"):
            gold = arrays[f"answer_{side}s"]
            # Columns of other examples are there, as they are for a model.
            noise = np.arange(19) + np.zeros((*gold.shape, 1), int)
            columns = np.concatenate([gold[..., None], noise], axis=-1)
            has_answer = gold > arrays["starts"]
            logits = np.zeros(columns.shape, np.float32)
            logits[..., 0] = np.where(has_answer, 9.0, -9.0)
            found[f"{side}_logits"] = logits
            found[f"{side}_columns"] = columns
        found["null"] = np.where(has_answer, -18.0, 10.0)
        return found
