"""Streams of batches of several tasks -> one stream, a batch at a time."""

import dataclasses
import functools
import sys
from collections.abc import Iterator
from typing import Protocol

import grain

from xltransfer.data.loader import HostRows, Packed, TrainingBatches, iterate


class _Numbers:
    """Grain's source: 0, 1, 2, … without end, each with a task's number."""

    def __init__(self, task: int):
        self._task = task

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: int) -> tuple[int, int]:
        return self._task, index

    def __repr__(self) -> str:
        return f"_Numbers({self._task})"


class Batches(Protocol):
    """An endless, random-access stream of batches."""

    def iterate(
        self, first: int, host_rows: HostRows, prefetch: int
    ) -> Iterator[Packed]:
        """Yields batch `first`, `first + 1`, …"""

    def examples(self, number: int) -> list[tuple[str, int]]:
        """Returns whose examples make a batch: dataset and number, from 0."""


@dataclasses.dataclass(frozen=True)
class MixedBatches:
    """Takes batches of several tasks in turn, at their rates.

    Which task batch k is of, and which of that task's batches it is, are
    functions of k. Its arrays stand under the task's name.

    Attributes:
      tasks: name, stream and rate of each.
    """

    tasks: tuple[tuple[str, TrainingBatches, float], ...]

    def iterate(
        self, first: int, host_rows: HostRows, prefetch: int = 4
    ) -> Iterator[Packed]:
        """Yields batch `first`, `first + 1`, …; made ahead in a thread."""
        made = self._turns.map(
            functools.partial(self._batch, host_rows=host_rows)
        )
        return iterate(made, first, prefetch)

    def batch(self, number: int, host_rows: HostRows) -> Packed:
        """Returns one batch by its number."""
        return self._batch(self._turns[number], host_rows)

    def examples(self, number: int) -> list[tuple[str, int]]:
        """Returns whose examples make a batch: dataset and number, from 0."""
        task, turn = self._turns[number]
        return self.tasks[task][1].examples(turn)

    @functools.cached_property
    def _turns(self) -> grain.MapDataset:
        """Batch number -> (task, number among the task's batches)."""
        parts = [
            grain.MapDataset.source(_Numbers(one))
            for one in range(len(self.tasks))
        ]
        return grain.MapDataset.mix(parts, [rate for *_, rate in self.tasks])

    def _batch(self, turn: tuple[int, int], host_rows: HostRows) -> Packed:
        task, number = turn
        name, stream, _ = self.tasks[task]
        packed = stream.batch(number, host_rows)
        return dataclasses.replace(packed, arrays={name: packed.arrays})
