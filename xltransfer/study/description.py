"""`study.json`: what of a study its results do not tell, for its report.

Which phase stands behind which cell, the order and the roles of the labels, and
what a reader must know of a number. A report is made from the study's folder
alone: no dataset, no gin, no TensorFlow.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from xltransfer import files
from xltransfer.overlap import Overlap
from xltransfer.study.declaration import Study
from xltransfer.study.plan import Cell, cells, evaluated, overlaps, rules
from xltransfer.workspace import Workspace

NAME = "study.json"
FORMAT = 1


def write(study: Study, workspace: Workspace, command: Sequence[str]) -> None:
    """Writes `study.json` into the study's folder, in one step."""
    files.replace_json(
        workspace.out / NAME, describe(study, workspace, command)
    )


def describe(
    study: Study, workspace: Workspace, command: Sequence[str]
) -> dict[str, Any]:
    """Returns the description as JSON values.

    Args:
      study: what is described.
      workspace: where it lives; says which files are there.
      command: what started it, word by word.
    """
    every = list(cells(study))
    return {
        "format": FORMAT,
        "name": study.name,
        "scale": study.scale,
        "command": list(command),
        "direct": study.direct,
        "controls": list(study.controls),
        "seeds": list(study.seeds),
        "targets": _targets(study, every),
        "cells": [_cell(one, workspace) for one in every],
        "evaluations": _evaluations(every, workspace),
        "overlaps": [_overlap(one) for one in overlaps(study, workspace)],
        "statistics": dataclasses.asdict(study.statistics),
    }


def _targets(study: Study, every: Sequence[Cell]) -> dict[str, dict[str, str]]:
    """Returns by target what it is evaluated on, controls aside."""
    return {
        cell.target: {"evaluation": cell.evaluation, "split": cell.split}
        for cell in every
        if cell.intermediate == study.direct
    }


def _cell(cell: Cell, workspace: Workspace) -> dict[str, Any]:
    plain = {k: v for k, v in vars(cell).items() if isinstance(v, str | int)}
    return plain | {
        "rules": [rule.name for rule in rules(cell, workspace)],
        # From the first phase to the one that is evaluated.
        "phases": [workspace.directory(one).name for one in cell.phase.lineage],
    }


def _evaluations(
    every: Sequence[Cell], workspace: Workspace
) -> dict[str, dict[str, list[str]]]:
    """Returns by evaluation its datasets: those that were there, and not."""
    found = {}
    for cell in every:
        present, absent = evaluated(cell, workspace)
        names = [part.dataset.name for part in present]
        found[cell.evaluation] = {"present": names, "absent": absent}
    return found


def _overlap(one: Overlap) -> dict[str, Any]:
    return {
        "intermediate": one.intermediate,
        "target": one.target,
        "text": str(one),
    }
