"""SIGTERM and Ctrl-C: save at the next step, then stop.

A second Ctrl-C stops at once, as a kill does: what was saved before is left.
"""

import signal
from types import FrameType

# BSD's EX_TEMPFAIL: run the same command again and it goes on.
EXIT_CODE = 75
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(Exception):
    """The run was asked to stop; everything is saved."""


class Interruption:
    """While entered, remembers that a signal came instead of dying of it.

    May be entered within another one. A signal that comes too late to be
    heeded inside is passed on to whoever listens outside.
    """

    def __init__(self) -> None:
        self._received: int | None = None

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self._received is not None

    def check(self, where: str) -> None:
        """Raises Interrupted if a signal came; everything must be saved."""
        if self.requested:
            raise Interrupted(where)

    def __enter__(self) -> "Interruption":
        self._before = {one: signal.getsignal(one) for one in SIGNALS}
        for one in SIGNALS:
            signal.signal(one, self._request)
        return self

    def __exit__(self, kind: type | None, *exception: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)
        if kind is None and self._received is not None:
            signal.raise_signal(self._received)

    def _request(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number == self._received == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = number
