"""What a phase keeps in its folder beside checkpoints and numbers."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from xltransfer import environment, files, selection
from xltransfer.contents import VOCABULARY
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.workspace import DONE, Workspace, finished


def begin(phase: Phase, workspace: Workspace, rules: list[str]) -> None:
    """Writes what is trained, and drops what does not belong to it.

    Args:
      phase: what.
      workspace: where.
      rules: keys of those by which a checkpoint is chosen.
    """
    directory = workspace.directory(phase)
    _drop_unmeasured(directory, set(rules))
    describe(phase, workspace, rules)
    _keep_vocabulary(phase, workspace, directory / VOCABULARY)


def describe(phase: Phase, workspace: Workspace, rules: list[str]) -> None:
    """Writes `phase.json`: what a phase is, and by which rules."""
    files.replace_json(
        workspace.directory(phase) / "phase.json",
        {
            "identity": phase.identity(workspace.data_dir),
            "configuration": phase.configuration(workspace.data_dir),
            # Beside the configuration: they do not change the parameters.
            "rules": rules,
        },
        sort_keys=True,
    )


def end(phase: Phase, workspace: Workspace, record: dict[str, Any]) -> None:
    """Writes what a phase ran on and, last of all, its record."""
    directory = workspace.directory(phase)
    files.replace_json(
        directory / "environment.json",
        environment.describe(workspace.partitioning),
        sort_keys=True,
    )
    files.replace_json(directory / DONE, record, sort_keys=True)


def protocol(
    phase: Phase, workspace: Workspace, rule: Rule | None = None
) -> dict[str, Any]:
    """Returns what a number of the finished phase must carry.

    Args:
      phase: which.
      workspace: where it is.
      rule: by which its checkpoint was chosen; by default the phase's own.
    """
    rule = rule or selection.own(phase)
    record = finished(phase, workspace, [rule])
    return {
        "phase": record["identity"],
        "seed": phase.seed,
        "selection": rule.name,
        "checkpoint": record["rules"][rule.key(phase, workspace.data_dir)][
            "step"
        ],
        "trimmed_softmax": phase.trimmed_softmax,
    }


def _drop_unmeasured(directory: Path, wanted: set[str]) -> None:
    """Removes a run that did not go by all of the rules from its start on.

    Its numbers too: on another mesh it ends within a tolerance, not bitwise.
    """
    path = directory / "phase.json"
    if not path.exists():
        return
    known = json.loads(path.read_text()).get("rules", ())
    if not wanted <= set(known):
        for name in (DONE, "results.jsonl"):
            (directory / name).unlink(missing_ok=True)
        shutil.rmtree(directory / "checkpoints", ignore_errors=True)


def _keep_vocabulary(phase: Phase, workspace: Workspace, path: Path) -> None:
    """Keeps the SentencePiece model beside the parameters trained on it."""
    if not path.exists():
        model = phase.vocabulary.model_file(
            workspace.cache_dir, workspace.data_dir
        )
        partial = path.with_name(f".{path.name}.partial")
        shutil.copyfile(model, partial)
        os.replace(partial, path)
