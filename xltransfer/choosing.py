"""A phase that trains nothing: the best of its candidates stands in its place.

The best has the highest score on the dev data that chose its checkpoint; of
equal ones it is the first. No test set is looked at. Its folder leads to the
checkpoints of that candidate, so that whatever starts from it, evaluates or
converts it finds what it finds in any phase's folder.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer import files, fingerprint, phase_folder
from xltransfer.contents import VOCABULARY
from xltransfer.errors import InputError
from xltransfer.selection import Rule
from xltransfer.specification import Phase, Training
from xltransfer.workspace import DONE, Workspace, finished

COPIED = (VOCABULARY, "environment.json")
# What of the best one's record holds for the choice; it took no time of its own.
_TAKEN = ("selection", "step", "score", "steps", "rules", "constant")


def run(
    phase: Phase, workspace: Workspace, rules: Sequence[Rule] = ()
) -> dict[str, Any]:
    """Chooses, and records which candidate it was and by what.

    Args:
      phase: one with candidates.
      workspace: where they are.
      rules: as `phase.run` has them; the candidates were trained with them.

    Returns:
      The record of the best, but for its rates, with `chosen`: its folder and
      every candidate's settings and score.

    Raises:
      InputError: if no candidate is finished.
    """
    records = {
        one: found
        for one in phase.candidates
        if (found := finished(one, workspace, rules)) is not None
    }
    if not records:
        raise InputError(
            f"None of the {len(phase.candidates)} phases of the sweep before "
            f"the {phase.kind} phase with seed {phase.seed} is finished."
        )
    best = max(records, key=lambda one: records[one]["score"])
    directory = workspace.directory(phase)
    directory.mkdir(parents=True, exist_ok=True)
    # Numbers of what was chosen before, by other rules.
    (directory / "results.jsonl").unlink(missing_ok=True)
    _lead(directory, workspace.directory(best))
    taken = {n: records[best][n] for n in _TAKEN if n in records[best]}
    record = taken | {
        "identity": phase.identity(workspace.data_dir),
        "seconds": 0.0,
        "chosen": {
            "phase": workspace.directory(best).name,
            "by": "the best score on dev data",
            "candidates": _candidates(phase, workspace, records),
        },
    }
    phase_folder.describe(phase, workspace, list(record["rules"]))
    files.replace_json(directory / DONE, record, sort_keys=True)
    return record


def _candidates(
    phase: Phase,
    workspace: Workspace,
    records: Mapping[Phase, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Returns settings, folder and score; a score of None was not finished."""
    settings = tried(phase)
    return [
        {
            "phase": workspace.directory(one).name,
            "settings": settings[one],
            "score": records[one]["score"] if one in records else None,
        }
        for one in phase.candidates
    ]


def tried(phase: Phase) -> dict[Phase, dict[str, Any]]:
    """Returns for each candidate the settings in which they differ.

    By the dotted names of the fields of `Training`.
    """
    every = {one: _flat(one.training) for one in phase.candidates}
    names = dict.fromkeys(name for found in every.values() for name in found)
    varied = [
        name
        for name in names
        if len({repr(found.get(name)) for found in every.values()}) > 1
    ]
    return {
        one: {name: found.get(name) for name in varied}
        for one, found in every.items()
    }


def _flat(training: Training) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def add(value: Any, name: str) -> None:
        if not isinstance(value, dict):
            found[name] = value
            return
        for key, part in value.items():
            add(part, f"{name}.{key}" if name else key)

    add(fingerprint.canonical(training), "")
    return found


def _lead(directory: Path, best: Path) -> None:
    """Makes the folder lead to a candidate's checkpoints, in one step."""
    partial = directory / ".checkpoints.partial"
    partial.unlink(missing_ok=True)
    partial.symlink_to(Path(os.path.relpath(best, directory)) / "checkpoints")
    os.replace(partial, directory / "checkpoints")
    for name in COPIED:
        shutil.copyfile(best / name, directory / name)
