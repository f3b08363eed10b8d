"""How far each phase of a study is, by one look at its folder."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from xltransfer import claims, monitoring
from xltransfer.specification import Phase
from xltransfer.study import failures
from xltransfer.study.checks import lacking
from xltransfer.study.declaration import Study
from xltransfer.study.plan import rules_of
from xltransfer.workspace import Workspace, finished

Kind = Literal["done", "running", "to do", "failed", "skipped", "files missing"]


@dataclasses.dataclass(frozen=True)
class State:
    """Of one phase.

    Attributes:
      kind: `running` is claimed by a worker; `skipped` starts from what
        failed; `files missing` has no identity yet, and so no folder.
      folder: where it lies, if it has an identity.
      step: the updates that have been logged; all of them where it is done.
      detail: who runs it, why it failed, or what it lacks.
    """

    kind: Kind
    folder: Path | None = None
    step: int = 0
    detail: str = ""

    def __str__(self) -> str:
        if self.kind == "running":
            return f"step {self.step}, {self.detail}"
        if self.kind == "to do" and self.step:
            return f"stopped at {self.step}"
        return self.kind


def states(study: Study, workspace: Workspace) -> dict[Phase, State]:
    """Returns the state of every phase, parents before children."""
    lacks = lacking(study, workspace)
    found: dict[Phase, State] = {}
    for one, rules in rules_of(study, workspace).items():
        if lacks[one]:
            detail = "; ".join(map(str, lacks[one]))
            found[one] = State("files missing", detail=detail)
            continue
        folder = workspace.directory(one)
        record = finished(one, workspace, rules)
        if record is not None:
            found[one] = State("done", folder, record["steps"])
        else:
            found[one] = _open(one, folder, found)
    return found


def _open(one: Phase, folder: Path, known: Mapping[Phase, State]) -> State:
    """Returns the state of a phase that is not done."""
    if one.needs and all(
        known[other].kind in ("failed", "skipped") for other in one.needs
    ):
        return State("skipped", folder)
    if not folder.exists():
        return State("to do", folder)
    holder = claims.holder(folder)
    step = monitoring.last_step(folder)
    if holder is not None:
        return State("running", folder, step, str(holder))
    failure = failures.read(folder)
    if failure is not None:
        return State("failed", folder, step, failure.reason)
    return State("to do", folder, step)
