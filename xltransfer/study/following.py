"""What the other processes of a worker do: what the first one tells them."""

import contextlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from xltransfer import hosts, phase
from xltransfer.claims import Assumed
from xltransfer.errors import InputError
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.study.plan import Cell, Label, evaluated
from xltransfer.study.worker import Unit
from xltransfer.workspace import Workspace

# Seconds that the first process may take to meet the same mistake.
PATIENCE = 120.0


class Follower:
    """Trains and predicts when told to, writes nothing, decides nothing."""

    def __init__(
        self,
        units: Sequence[Unit],
        cells: Iterable[Cell],
        workspace: Workspace,
    ):
        """Knows the same study as the first process, in the same order."""
        self._units, self._workspace = units, workspace
        self._cells = {cell.label: cell for cell in cells}

    def follow(self) -> None:
        """Returns when there is nothing more to do.

        Outside of training it goes by the signals of the first process.

        Raises:
          Interrupted: when the first process was.
        """
        patience = None
        with Interruption():
            while (order := hosts.heard(patience)) is not None:
                patience = None
                try:
                    getattr(self, f"_{order.pop('order')}")(**order)
                except InputError as error:
                    # The first process has met the same and goes on, or else
                    # it waits for this one.
                    print(f"error: {error}", file=sys.stderr)
                    patience = PATIENCE

    def _train(self, unit: int, claim: int) -> None:
        one = self._units[unit]
        if one.phase.candidates:
            # Chosen, not trained: by the first process alone.
            return
        # The first process tells whether all stops.
        with contextlib.suppress(Interrupted):
            phase.run(
                one.phase,
                self._workspace,
                lambda *_: None,
                rules=one.rules,
                claim=Assumed(claim),
            )

    def _load(self, cell: list[Any], step: int) -> None:
        self._cell = self._cells[Label(*cell)]
        self._model = phase.evaluations(
            self._cell.phase, self._workspace, step, self._cell.prediction
        )

    def _predict(self, dataset: str) -> None:
        parts = evaluated(self._cell, self._workspace)[0]
        part = next(one for one in parts if one.dataset.name == dataset)
        evaluation = self._model(part)
        cache = self._workspace.cache(self._cell.phase, part)
        # Refused where labels are withheld, before anything is predicted.
        evaluation.outcome.targets(cache)
        evaluation.predict(cache)

    def _wait(self) -> None:
        """The first process looks at what others do."""

    def _stop(self, where: str) -> None:
        raise Interrupted(where)
