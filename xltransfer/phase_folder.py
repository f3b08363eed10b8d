"""What a phase keeps in its folder beside numbers, and where.

Checkpoints take long to write. While a phase is trained under a claim, their
folder carries its number (`checkpoints.3`), and whoever takes the phase over
renames it first: what the former holder had under way, and goes on with when it
wakes, is then written to a folder in which nobody looks.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from xltransfer import environment, files, selection
from xltransfer.claims import Assumed, Claim, ClaimLost
from xltransfer.contents import VOCABULARY
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.workspace import DONE, Workspace, finished

CHECKPOINTS = "checkpoints"


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


def checkpoints(directory: Path, claim: int = 0) -> Path:
    """Returns the folder of a phase's checkpoints.

    Args:
      directory: the phase's.
      claim: the number under which they are being written; 0: none, as when
        the phase is finished.
    """
    return directory / (f"{CHECKPOINTS}.{claim}" if claim else CHECKPOINTS)


def take_over(directory: Path, claim: Claim | Assumed) -> None:
    """Gives what checkpoints there are the name that one's own have.

    Raises:
      ClaimLost: where another worker has taken over; theirs are left to it.
    """
    own = checkpoints(directory, claim.number)
    found = _earlier(directory, claim.number)
    # But for the last one, they are what was written late.
    for one in found[:-1]:
        shutil.rmtree(one, ignore_errors=True)
    for one in found[-1:]:
        one.rename(own)
        try:
            claim.check()
        except ClaimLost:
            own.rename(one)
            raise


def _earlier(directory: Path, claim: int) -> list[Path]:
    """Returns folders of checkpoints of earlier claims, the latest one last."""
    numbers = sorted(
        int(one.suffix[1:]) for one in directory.glob(f"{CHECKPOINTS}.*")
    )
    # Without a claim there is nobody else.
    known = [n for n in numbers if n < claim or not claim]
    found = [checkpoints(directory, n) for n in known]
    whole = checkpoints(directory)
    return [*found, whole] if whole.exists() else found


def discard(directory: Path, claim: int) -> None:
    """Removes what was written late under a claim that was lost."""
    shutil.rmtree(checkpoints(directory, claim), ignore_errors=True)


def end(
    phase: Phase, workspace: Workspace, saved: Path, record: dict[str, Any]
) -> None:
    """Writes what a phase ran on and, last of all, its record.

    Args:
      phase: which.
      workspace: where.
      saved: the folder in which its checkpoints were written.
      record: what `finished` gives from then on.
    """
    directory = workspace.directory(phase)
    saved.rename(checkpoints(directory))
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
        for path in directory.glob(f"{CHECKPOINTS}*"):
            shutil.rmtree(path, ignore_errors=True)


def _keep_vocabulary(phase: Phase, workspace: Workspace, path: Path) -> None:
    """Keeps the SentencePiece model beside the parameters trained on it."""
    if not path.exists():
        model = phase.vocabulary.model_file(
            workspace.cache_dir, workspace.data_dir
        )
        partial = path.with_name(f".{path.name}.partial")
        shutil.copyfile(model, partial)
        os.replace(partial, path)
