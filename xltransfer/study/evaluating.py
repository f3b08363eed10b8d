"""The evaluations of a cell: which numbers are there, and how others are made.

Rules that chose the same checkpoint share its predictions.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

from xltransfer import (
    evaluate,
    example_counts,
    hosts,
    metrics,
    phase,
    phase_folder,
)
from xltransfer import results as records
from xltransfer.claims import Claim, ClaimLost
from xltransfer.components import Component
from xltransfer.evaluate import Evaluation
from xltransfer.interruption import Interrupted
from xltransfer.renderings import GENERATION, prediction
from xltransfer.study import failures
from xltransfer.study.failures import Failure
from xltransfer.study.plan import Cell, evaluated, rules
from xltransfer.workspace import Workspace, finished

Records = list[dict[str, Any]]


class CellEvaluations:
    """What a cell, whose phase is finished, is evaluated on."""

    def __init__(self, cell: Cell, workspace: Workspace):
        self.cell, self.folder = cell, workspace.directory(cell.phase)
        self._workspace = workspace
        self._path = self.folder / "results.jsonl"

    def rows(self) -> Records:
        """Returns the records of all numbers that are there."""
        known = records.read(self._path)
        return [
            record
            for protocol in self._protocols
            for wanted in self._wanted.values()
            for record in _those(known, wanted | protocol)
        ]

    def left(self) -> list[Component]:
        """Returns the splits for which a number is not there yet."""
        if not self._protocols:
            return list(self._wanted)
        known = records.read(self._path)
        return [
            part
            for part, wanted in self._wanted.items()
            if not all(
                _those(known, wanted | protocol) for protocol in self._protocols
            )
        ]

    def failure(self, part: Component) -> Failure | None:
        """Returns why a split could not be evaluated, if that is so."""
        return failures.read(self.folder, _key(part))

    def run(
        self,
        parts: list[Component],
        claim: Claim,
        starting: Callable[[Component], None],
    ) -> None:
        """Evaluates splits; what fails is recorded, and the rest goes on.

        Args:
          parts: which.
          claim: on the phase's folder.
          starting: called before each split is predicted; may raise.

        Raises:
          Interrupted, ClaimLost: everything that was evaluated is recorded.
        """
        for part in parts:
            failures.clear(self.folder, _key(part))
        for protocol in self._protocols:
            model = functools.cache(
                functools.partial(self._model, protocol["checkpoint"])
            )
            for part in parts:
                if self.failure(part) is None:
                    self._try(part, protocol, claim, starting, model)

    def _try(
        self,
        part: Component,
        protocol: dict[str, Any],
        claim: Claim,
        starting: Callable[[Component], None],
        model: Callable[[], Callable[[Component], Evaluation]],
    ) -> None:
        try:
            known = self._known(part, protocol)
            if not _those(known, protocol):
                found = [one | protocol for one in _first(known)]
                if not known:
                    starting(part)
                    claim.check()
                    found = self._measured(part, protocol, model(), claim)
                claim.check()
                records.append(self._path, found)
        except (Interrupted, ClaimLost):
            raise
        except Exception as error:
            failures.check_common(error)
            claim.check()
            failures.write(self.folder, error, claim.number, _key(part))

    def _model(self, step: int) -> Callable[[Component], Evaluation]:
        row = self.cell
        hosts.tell({"order": "load", "cell": row.label, "step": step})
        return phase.evaluations(
            row.phase, self._workspace, step, row.prediction
        )

    def _measured(
        self,
        part: Component,
        protocol: dict[str, Any],
        model: Callable[[Component], Evaluation],
        claim: Claim,
    ) -> Records:
        asked = {"prediction": self._wanted[part]["prediction"]}
        hosts.tell({"order": "predict", "dataset": part.dataset.name})
        folder = self.folder / self._name(part, protocol["checkpoint"])
        started = time.perf_counter()
        found = evaluate.evaluate(
            model(part),
            self._workspace.cache(self.cell.phase, part),
            folder,
            protocol | asked,
            examples=example_counts.beside(folder),
            claim=claim,
        )
        # Of all its numbers together, for whoever plans.
        seconds = round(time.perf_counter() - started, 3)
        return [one | {"seconds": seconds} for one in found]

    def _known(self, part: Component, protocol: dict[str, Any]) -> Records:
        """Returns the records of a checkpoint on one split, under any rule."""
        wanted = {"checkpoint": protocol["checkpoint"]} | self._wanted[part]
        return _those(records.read(self._path), wanted)

    def _name(self, part: Component, step: int) -> str:
        """Returns where predictions lie: `predictions`, where nothing is unusual.

        `predictions-STEP` are another checkpoint's than the selected one's;
        `-generation` are labels that were generated, not ranked.
        """
        name = "predictions"
        if step != finished(self.cell.phase, self._workspace)["step"]:
            name += f"-{step}"
        is_generated = self._prediction(part) == GENERATION
        is_asked = self.cell.prediction == GENERATION and _has_answers(part)
        return name + "-generation" * (is_generated and is_asked)

    def _prediction(self, part: Component) -> str:
        cell = self.cell
        return prediction(cell.phase.model, _has_answers(part), cell.prediction)

    @functools.cached_property
    def _protocols(self) -> Records:
        """What the numbers under each rule carry; none before it has chosen."""
        cell, workspace = self.cell, self._workspace
        asked = rules(cell, workspace)
        if finished(cell.phase, workspace, asked) is None:
            return []
        return [
            phase_folder.protocol(cell.phase, workspace, rule) for rule in asked
        ]

    @functools.cached_property
    def _wanted(self) -> dict[Component, dict[str, Any]]:
        """What tells the numbers of each split apart."""
        found = {}
        for part in evaluated(self.cell, self._workspace)[0]:
            task, language = part.dataset.name.rsplit(".", 1)
            request = self.cell.phase.request(part)
            found[part] = {
                "task": task,
                "language": language,
                "split": self.cell.split,
                "metric_version": metrics.VERSION,
                "dataset_version": part.dataset.version,
                "data_digest": request.source_digest(self._workspace.data_dir),
                "prediction": self._prediction(part),
            }
        return found


def _key(part: Component) -> str:
    return f"{part.dataset.name}-{part.split}"


def _has_answers(part: Component) -> bool:
    return bool(part.dataset.text_labels)


def _those(known: Records, wanted: dict[str, Any]) -> Records:
    return [one for one in known if one.items() >= wanted.items()]


def _first(known: Records) -> Records:
    """Returns the records under one of the rules that they are known under."""
    return [one for one in known if one["selection"] == known[0]["selection"]]
