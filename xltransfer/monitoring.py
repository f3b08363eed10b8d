"""What a phase tells while it runs: metrics.jsonl and TensorBoard."""

import contextlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax

from xltransfer import files
from xltransfer.data.loader import Packed
from xltransfer.throughput import Arithmetic

GIB = 1 << 30
# Where a phase's time goes. What is left is `compute`: the updates.
SPENT = ("input", "evaluation", "checkpoint")

NAME = "metrics.jsonl"


class Monitor:
    """Collects steps and writes a line at intervals.

    A resumed phase first drops the lines after the step it goes on from.
    """

    def __init__(
        self,
        directory: Path,
        first_step: int,
        arithmetic: Arithmetic | None = None,
        writes: bool = True,
    ):
        """Opens the files.

        Args:
          directory: the phase's folder.
          first_step: updates done before.
          arithmetic: by which FLOPs are counted.
          writes: False for a process that only counts.
        """
        self._arithmetic, self._events = arithmetic, None
        if writes:
            # It loads PyTorch where there is one: seconds, for every command.
            from tensorboardX import SummaryWriter

            self._path = directory / NAME
            _drop_after(self._path, first_step)
            self._events = SummaryWriter(
                str(directory),
                purge_step=first_step + 1,
                # The name is else the second's alone.
                filename_suffix=f".{first_step}",
            )
        self._since, self._whole = _Interval(), _Interval()

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._events:
            self._events.close()

    @contextlib.contextmanager
    def spent(self, name: str) -> Iterator[None]:
        """Counts the time inside as one of `SPENT`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            for interval in (self._since, self._whole):
                interval.spent[name] += seconds

    def count(self, batch: Packed) -> None:
        """Counts a batch that was trained on."""
        flops = 0.0
        if self._arithmetic and batch.lengths is not None:
            flops = self._arithmetic.flops(batch.lengths, batch.slots)
        for interval in (self._since, self._whole):
            interval.count(batch, flops)

    def write(self, step: int, values: dict[str, float]) -> dict[str, float]:
        """Writes values, and rates since the last line, at a step."""
        if self._since.updates:
            rates = self._since.rates(self._arithmetic)
            values = values | rates | memory()
            self._since = _Interval()
        if self._events:
            with self._path.open("a") as file:
                file.write(json.dumps({"step": step} | values) + "\n")
            for name, value in values.items():
                self._events.add_scalar(name, value, step)
        return values

    def summary(self) -> dict[str, float]:
        """Returns rates over the whole phase, since its (re)start."""
        seconds = {"seconds": self._whole.seconds}
        if not self._whole.updates:
            return seconds
        return seconds | self._whole.rates(self._arithmetic) | memory()


class _Interval:
    """What was done since a moment."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.updates = self.examples = self.tokens = self.places = 0
        self.flops = 0.0
        self.spent: Counter[str] = Counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def count(self, batch: Packed, flops: float) -> None:
        self.updates += 1
        self.examples += batch.examples
        self.tokens += batch.tokens
        self.places += batch.places
        self.flops += flops

    def rates(self, arithmetic: Arithmetic | None) -> dict[str, float]:
        """Returns rates, and the shares of time, which add up to 1."""
        seconds = self.seconds
        shares = {name: self.spent[name] / seconds for name in SPENT}
        used = seconds - sum(self.spent.values())
        found = {
            "examples_per_second": self.examples / seconds,
            "tokens_per_second": self.tokens / seconds,
            "padding_share": 1 - self.tokens / self.places,
            "step_seconds": seconds / self.updates,
            "compute_share": used / seconds,
        } | {f"{name}_share": share for name, share in shares.items()}
        if arithmetic and self.flops:
            # While it computes: evaluating and saving are no part of it.
            found |= arithmetic.utilisation(
                self.flops, used + self.spent["input"]
            )
        return found


def memory() -> dict[str, float]:
    """Returns the most memory in use so far, in GiB.

    Of the fullest device of this host, where devices tell; and of the process.
    """
    # Bytes on macOS, KiB elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found = {"host_memory_gib": used / GIB}
    told = [one.memory_stats() or {} for one in jax.local_devices()]
    peaks = [one["peak_bytes_in_use"] for one in told if one]
    if peaks:
        found["device_memory_gib"] = max(peaks) / GIB
    return found


def last_step(folder: Path) -> int:
    """Returns the last update that a phase has logged, 0 without one."""
    path = folder / NAME
    if not path.exists():
        return 0
    lines = filter(None, map(_parsed, path.read_text().splitlines()))
    return max((line["step"] for line in lines), default=0)


def _drop_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = [line for line in map(_parsed, path.open()) if line]
    lines = [json.dumps(line) for line in kept if line["step"] <= step]
    files.replace(path, "".join(f"{line}\n" for line in lines))


def _parsed(line: str) -> dict[str, Any] | None:
    """Returns the record, or None for a line cut short by a kill."""
    try:
        return json.loads(line)
    except ValueError:
        return None
