"""One of the workers that carry out a study on a shared folder.

Work comes in units: the training of a phase, and the evaluations of all cells
that stand on it. Each is done under a claim on the phase's folder. A worker
takes the first unit that is ready and free; where there is none, it waits for
those of other workers. So every unit is done once, by whichever worker, and all
workers end together.
"""

import dataclasses
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from xltransfer import claims, hosts, phase, phase_folder
from xltransfer.claims import Claim, ClaimLost, Claims
from xltransfer.components import Component
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.study import failures
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.study.failures import Failure
from xltransfer.study.plan import Cell
from xltransfer.workspace import Workspace, finished

# Seconds between two looks at what others do: short at first.
_PAUSES = (0.1, 5.0)
_SLICE = 0.1


class Listener(Protocol):
    """Whoever shows how the study goes on."""

    def phase(self, number: int, total: int, started: Phase) -> phase.Progress:
        """A phase starts; returns what is called as it goes on."""

    def evaluating(self, cell: Cell, language: str) -> None:
        """A language of a cell is being evaluated."""

    def waiting(self, holders: Sequence[claims.Holder]) -> None:
        """All that is left is done by others, or comes after that."""


@dataclasses.dataclass(frozen=True)
class Unit:
    """Something that is done by one worker.

    Attributes:
      phase: whose folder is claimed.
      rules: by which the phase's checkpoints are chosen.
      cells: those that are evaluated; none where the phase is to be trained.
    """

    phase: Phase
    rules: tuple[Rule, ...]
    cells: tuple[Cell, ...] = ()

    @property
    def needs(self) -> tuple[Phase, ...]:
        """The phases that must be done, or have failed, before."""
        return (self.phase,) if self.cells else self.phase.needs


class Worker:
    """What is left to do, as far as this worker knows."""

    def __init__(
        self,
        units: Iterable[Unit],
        workspace: Workspace,
        listener: Listener,
        retry_failed: bool = False,
    ):
        """Looks at what is trained already.

        Args:
          units: parents before children.
          workspace: where.
          listener: who is told.
          retry_failed: try once more what failed before now.
        """
        self._workspace, self._listener = workspace, listener
        self._claims = Claims(workspace.execution.lease)
        self._trained: set[Phase] = set()
        self._lost: set[Phase] = set()
        units = self._all = list(units)
        self._old = self._failed(units) if retry_failed else set()
        self._units = [one for one in units if not self._is_trained(one)]
        self._total = self._trainings()

    def work(self, interruption: Interruption) -> None:
        """Returns when all is done, by whichever worker, or has failed.

        Raises:
          Interrupted: when asked to stop; a further run goes on.
        """
        pause, longest = _PAUSES
        while self._units:
            if self._step(interruption):
                pause = _PAUSES[0]
            elif self._units:
                self._listener.waiting(self._holders())
                hosts.tell({"order": "wait"})
                self._wait(pause, interruption)
                pause = min(1.5 * pause, longest)

    def _step(self, interruption: Interruption) -> bool:
        """Does the first unit that is free; tells whether there was one."""
        for unit in self._open():
            interruption.check(f"before the {unit.phase.kind} phase")
            folder = self._workspace.directory(unit.phase)
            folder.mkdir(parents=True, exist_ok=True)
            claim = self._claims.take(folder)
            if claim is not None:
                with claim:
                    # Another worker may have done it since it was looked at.
                    if not self._is_settled(unit):
                        self._do(unit, claim, interruption)
                return True
        return False

    def _open(self) -> Iterable[Unit]:
        """Yields what is not done and can be; forgets what is settled."""
        for unit in list(self._units):
            needs = set(unit.needs)
            if needs and needs <= self._lost:
                self._lost.add(unit.phase)
                self._units.remove(unit)
            # Of the trials of a sweep, some may be lost.
            elif needs <= self._trained | self._lost:
                if self._is_settled(unit):
                    self._units.remove(unit)
                else:
                    yield unit

    def _is_settled(self, unit: Unit) -> bool:
        """Tells whether a unit is done or has failed."""
        if unit.cells:
            return not any(self._parts(each) for each in self._cells(unit))
        if self._is_trained(unit):
            return True
        folder = self._workspace.directory(unit.phase)
        if self._counts(failures.read(folder)):
            self._lost.add(unit.phase)
            return True
        return False

    def _is_trained(self, unit: Unit) -> bool:
        if unit.cells:
            return False
        if finished(unit.phase, self._workspace, unit.rules) is None:
            return False
        self._trained.add(unit.phase)
        return True

    def _trainings(self) -> int:
        """Returns how many phases are left to be trained."""
        return sum(not unit.cells for unit in self._units)

    def _counts(self, failure: Failure | None) -> bool:
        """Tells whether there is a failure that is not to be tried again."""
        return failure is not None and failure not in self._old

    def _cells(self, unit: Unit) -> list[CellEvaluations]:
        return [CellEvaluations(one, self._workspace) for one in unit.cells]

    def _parts(self, cell: CellEvaluations) -> list[Component]:
        """Returns the splits that are to be evaluated."""
        return [
            part for part in cell.left() if not self._counts(cell.failure(part))
        ]

    def _do(self, unit: Unit, claim: Claim, interruption: Interruption) -> None:
        try:
            if unit.cells:
                for each in self._cells(unit):
                    self._evaluate(each, claim, interruption)
            else:
                self._train(unit, claim)
        except ClaimLost:
            # It was stopped for too long: whoever took over does the rest.
            phase_folder.discard(claim.folder, claim.number)
            if hosts.several():
                raise

    def _train(self, unit: Unit, claim: Claim) -> None:
        order = {"unit": self._all.index(unit), "claim": claim.number}
        hosts.tell({"order": "train"} | order)
        number = self._total - self._trainings() + 1
        progress = self._listener.phase(number, self._total, unit.phase)
        failures.clear(claim.folder)
        try:
            phase.run(
                unit.phase,
                self._workspace,
                progress,
                rules=unit.rules,
                claim=claim,
            )
        except (Interrupted, ClaimLost):
            raise
        except Exception as error:
            failures.check_common(error)
            # Where the claim is lost, that is why.
            claim.check()
            failures.write(claim.folder, error, claim.number)

    def _evaluate(
        self,
        each: CellEvaluations,
        claim: Claim,
        interruption: Interruption,
    ) -> None:
        def starting(part: Component) -> None:
            name = part.dataset.name
            interruption.check(f"before the evaluation on {name}")
            self._listener.evaluating(each.cell, part.dataset.language)

        each.run(self._parts(each), claim, starting)

    def _holders(self) -> list[claims.Holder]:
        """Returns who holds what this worker waits for."""
        folders = {
            self._workspace.directory(unit.phase) for unit in self._open()
        }
        found = [claims.holder(one) for one in sorted(folders)]
        return [one for one in found if one is not None]

    def _wait(self, seconds: float, interruption: Interruption) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            interruption.check("while waiting for other workers")
            time.sleep(_SLICE)

    def _failed(self, units: Iterable[Unit]) -> set[Failure]:
        """Returns the failures that are there now."""
        folders = {self._workspace.directory(unit.phase) for unit in units}
        return set().union(*map(failures.every, folders))
