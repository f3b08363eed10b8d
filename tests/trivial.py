"""Phases and evaluations that take no time: what is left is the engine."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command import TINY

from xltransfer import configuration, files, phase, selection, study
from xltransfer.claims import NOBODY_ELSE, Holder
from xltransfer.specification import Phase
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.workspace import DONE, Workspace

Hook = Callable[[Phase], None]


def load(*overrides: str) -> study.Study:
    return configuration.load(TINY, overrides)[0]


def place(found: study.Study, out: Path) -> Workspace:
    return Workspace(
        out, out / "cache", None, found.partitioning, found.execution
    )


class Recorder:
    """Remembers what a worker did."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.evaluated: list[str] = []
        self.waited: list[Holder] = []

    def phase(self, number: int, total: int, started: Phase) -> phase.Progress:
        self.phases.append(f"{number}/{total} {started.kind}")
        return lambda step, metrics: None

    def evaluating(self, cell: study.Cell, language: str) -> None:
        self.evaluated.append(f"{cell.intermediate} {language}")

    def waiting(self, holders: list[Holder]) -> None:
        self.waited += holders


def install(
    monkeypatch: pytest.MonkeyPatch,
    training: Hook = lambda one: None,
    score: Callable[[Phase], float] = lambda one: 50.0,
    constant: float = 34.0,
) -> None:
    """Puts trivial phases in the place of real ones.

    Args:
      monkeypatch: undoes it.
      training: called in place of a phase's updates; may raise.
      score: that of the dev set.
      constant: what a constant answer scores on the dev set, give or take 1.
    """

    def run(one, workspace, progress, rules=(), claim=NOBODY_ELSE):
        claim.check()
        folder = workspace.directory(one)
        training(one)
        claim.check()
        chosen = {
            rule.key(one, None): {"rule": rule.name, "step": 6, "score": 1.0}
            for rule in (selection.own(one), *rules)
        }
        record = {
            "identity": one.identity(None),
            "selection": one.training.selection,
            "constant": {"score": constant, "error": 1.0},
            "step": 6,
            "score": score(one),
            "steps": 6,
            "rules": chosen,
            "seconds": 1.5,
            "examples_per_second": 32.0,
        }
        files.replace_json(folder / DONE, record)

    def measured(self, part, protocol, model, claim):
        return [
            {**self._wanted[part], "metric": "accuracy", **VALUE, **protocol}
        ]

    monkeypatch.setattr(phase, "run", run)
    monkeypatch.setattr(CellEvaluations, "_measured", measured)
    monkeypatch.setattr(CellEvaluations, "_model", lambda *unused: None)


VALUE = {"value": 60.0, "n": 300}
