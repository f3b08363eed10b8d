"""A trace of a few updates, which xprof and TensorBoard's profiler open."""

import contextlib
from pathlib import Path
from typing import Any

import jax

# Updates before the trace, in which programs are compiled and data arrive.
BEFORE = 2


class Trace:
    """Traces some updates of a phase, once. A context manager.

    Writes `plugins/profile/TIME/HOST.xplane.pb` into the phase's folder.
    """

    def __init__(self, directory: Path, updates: int, first: int, last: int):
        """Decides which updates are traced.

        Args:
          directory: the phase's folder.
          updates: how many; 0 for none.
          first: the updates done before.
          last: those done when the phase ends.
        """
        self._directory = directory
        updates = min(updates, last - first)
        self._begin = first + min(BEFORE, last - first - updates)
        self._end = self._begin + updates
        self._running = False

    def update(self, step: int) -> contextlib.AbstractContextManager:
        """Returns what an update runs in, after `step` others."""
        if step == self._begin < self._end:
            jax.profiler.start_trace(str(self._directory))
            self._running = True
        if not self._running:
            return contextlib.nullcontext()
        return jax.profiler.StepTraceAnnotation("train", step_num=step + 1)

    def done(self, step: int, outcome: Any) -> None:
        """Ends the trace after its last update.

        Args:
          step: updates done.
          outcome: of the last one, which is waited for.
        """
        if self._running and step >= self._end:
            jax.block_until_ready(outcome)
            self._stop()

    def __enter__(self) -> "Trace":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._running:
            self._stop()

    def _stop(self) -> None:
        self._running = False
        jax.profiler.stop_trace()
