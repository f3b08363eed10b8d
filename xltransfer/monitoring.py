"""What a phase tells while it runs: metrics.jsonl and TensorBoard."""

import json
import os
import time
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from xltransfer.data.loader import Packed

NAME = "metrics.jsonl"


class Monitor:
    """Collects steps and writes a line at intervals.

    A resumed phase first drops the lines after the step it goes on from.
    """

    def __init__(self, directory: Path, first_step: int):
        self._path = directory / NAME
        _drop_after(self._path, first_step)
        self._events = SummaryWriter(
            str(directory),
            purge_step=first_step + 1,
            # The name is else the second's alone.
            filename_suffix=f".{first_step}",
        )
        self._started = self._since = time.perf_counter()
        self._counts = {"examples": 0, "tokens": 0, "places": 0}
        self._totals = dict(self._counts)

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *exception: object) -> None:
        self._events.close()

    def count(self, batch: Packed) -> None:
        """Counts a batch that was trained on."""
        for name in self._counts:
            self._counts[name] += getattr(batch, name)
            self._totals[name] += getattr(batch, name)

    def write(self, step: int, values: dict[str, float]) -> dict[str, float]:
        """Writes values, and rates since the last line, at a step."""
        now = time.perf_counter()
        seconds = now - self._since
        if self._counts["places"]:
            values = values | _rates(self._counts, seconds)
            self._since = now
            self._counts = dict.fromkeys(self._counts, 0)
        with self._path.open("a") as file:
            file.write(json.dumps({"step": step} | values) + "\n")
        for name, value in values.items():
            self._events.add_scalar(name, value, step)
        return values

    def summary(self) -> dict[str, float]:
        """Returns rates over the whole phase, since its (re)start."""
        seconds = time.perf_counter() - self._started
        if not self._totals["places"]:
            return {"seconds": seconds}
        return {"seconds": seconds} | _rates(self._totals, seconds)


def last_step(folder: Path) -> int:
    """Returns the last update that a phase has logged, 0 without one."""
    path = folder / NAME
    if not path.exists():
        return 0
    lines = filter(None, map(_parsed, path.read_text().splitlines()))
    return max((line["step"] for line in lines), default=0)


def _rates(counts: dict[str, int], seconds: float) -> dict[str, float]:
    return {
        "examples_per_second": counts["examples"] / seconds,
        "tokens_per_second": counts["tokens"] / seconds,
        "padding_share": 1 - counts["tokens"] / counts["places"],
    }


def _drop_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = [line for line in map(_parsed, path.open()) if line]
    lines = [json.dumps(line) for line in kept if line["step"] <= step]
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text("".join(f"{line}\n" for line in lines))
    os.replace(partial, path)


def _parsed(line: str) -> dict[str, Any] | None:
    """Returns the record, or None for a line cut short by a kill."""
    try:
        return json.loads(line)
    except ValueError:
        return None
