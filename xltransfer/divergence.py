"""A loss or gradient that is no number: where that began, and on what.

Every update's loss and gradient norm are looked at, a few updates later, so
that the device never waits for the host. The state before the bad update is
gone by then; it is computed once more from the last checkpoint, which gives
the same state, and saved.
"""

import itertools
import json
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax

from xltransfer import files, hosts
from xltransfer.checkpoints import Checkpoints
from xltransfer.errors import InputError

LOOKED_AT = ("loss", "gradient_norm")
FOLDER = "diverged"
# Examples that a message names; the file names all.
SHOWN = 8
Examples = list[tuple[str, int]]


class Diverged(Exception):
    """An update gave something that is no number.

    Attributes:
      step: the number of that update, from 1.
      values: what it gave.
    """

    def __init__(self, step: int, values: dict[str, float]):
        super().__init__(f"{values} at step {step}")
        self.step, self.values = step, values


class Guard:
    """Looks at updates `hosts.LAG` updates after they were started."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Mapping[str, jax.Array]]] = deque()

    def watch(self, step: int, metrics: Mapping[str, jax.Array]) -> None:
        """Remembers an update and looks at an earlier one.

        Raises:
          Diverged: if that one gave no number.
        """
        self._waiting.append((step, metrics))
        while len(self._waiting) > hosts.LAG:
            self._look()

    def settle(self) -> None:
        """Looks at all updates: before anything is made of their state."""
        while self._waiting:
            self._look()

    def _look(self) -> None:
        step, metrics = self._waiting.popleft()
        values = {name: float(metrics[name]) for name in LOOKED_AT}
        if not all(map(math.isfinite, values.values())):
            raise Diverged(step, values)


class Replay(NamedTuple):
    """What computes a state once more.

    Attributes:
      start: gives the last checkpoint's state, or a new one, and its step.
      batches: gives those from a number on.
      update: gives the next state, and metrics.
      save: puts the state after a step into a folder of checkpoints.
    """

    start: Callable[[], tuple[Any, int]]
    batches: Callable[[int], Iterator[Any]]
    update: Callable[[Any, Any], tuple[Any, Any]]
    save: Callable[[Checkpoints, int, Any], None]

    def keep(self, step: int, folder: Path) -> Path:
        """Saves the state after some updates; returns the checkpoint."""
        state, done = self.start()
        for packed in itertools.islice(self.batches(done), step - done):
            state, _ = self.update(state, packed)
        with Checkpoints(folder) as checkpoints:
            self.save(checkpoints, step, state)
        return folder / str(step)


def report(
    kind: str,
    found: Diverged,
    examples: Examples,
    directory: Path,
    replay: Replay,
) -> InputError:
    """Saves the state before a bad update; returns what to stop with.

    Args:
      kind: of the phase.
      found: which update.
      examples: of its batch, by dataset and number, from 0.
      directory: the phase's folder; gets `diverged.json`, and the state in
        `diverged`.
      replay: computes the state.
    """
    state = replay.keep(found.step - 1, directory / FOLDER)
    path = directory / f"{FOLDER}.json"
    known = {
        "step": found.step,
        # JSON knows no NaN.
        "values": {name: str(one) for name, one in found.values.items()},
        "examples": examples,
        "checkpoint": state.relative_to(directory).as_posix(),
    }
    if hosts.leads():
        files.replace(path, json.dumps(known, ensure_ascii=False) + "\n")
    name, value = next(
        pair for pair in found.values.items() if not math.isfinite(pair[1])
    )
    some = ", ".join(f"{one} {number}" for one, number in examples[:SHOWN])
    more = f" and {len(examples) - SHOWN} more" * (len(examples) > SHOWN)
    return InputError(
        f"{kind} phase: the {name.replace('_', ' ')} is {value} at step "
        f"{found.step}, on {some}{more} ({path}). The state before it is in "
        f"{state}. Lower the learning rate, or look at these examples."
    )
