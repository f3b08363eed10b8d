"""A study is carried out: phases, evaluations, results."""

from collections.abc import Iterator, Sequence
from typing import Any

from xltransfer import hosts
from xltransfer import results as records
from xltransfer.errors import InputError
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.specification import Phase
from xltransfer.study import agreement, flagging
from xltransfer.study.declaration import Study
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.study.flagging import Flag
from xltransfer.study.following import Follower
from xltransfer.study.plan import Cell, cells, rules_of, splits
from xltransfer.study.worker import Listener, Unit, Worker
from xltransfer.workspace import Workspace

_SHOWN = 10


class PhasesFailed(InputError):
    """The rest of the study is done, and `results.csv` is written."""

    def __init__(self, flags: Sequence[Flag]):
        lost = [one for one in flags if one.kind == "failed"]
        skipped = sum(one.kind == "skipped" for one in flags)
        lines = [f"{one.phase}: {one.reason}" for one in lost[:_SHOWN]]
        if len(lost) > _SHOWN:
            lines.append(f"and {len(lost) - _SHOWN} more: flags.json has all")
        if skipped:
            lines.append(f"{skipped} phases that start from these: skipped")
        super().__init__(
            f"{len(lost)} failed; the rest is done. What can be put right is "
            "tried again with --retry-failed.\n" + "\n".join(lines)
        )


def run(
    study: Study,
    workspace: Workspace,
    listener: Listener,
    retry_failed: bool = False,
) -> None:
    """Runs what is not yet done; writes `results.csv` and `flags.json`.

    Several workers may do so at once on one folder. They share the work, each
    returns when all of it is done, and each writes the same files then. A
    worker may consist of several processes (`hosts`).

    Args:
      study: what is to be done.
      workspace: where.
      listener: who is told how it goes on.
      retry_failed: try once more what failed before; else it counts as done.

    Raises:
      Interrupted: when asked to stop; a further run goes on.
      PhasesFailed: at the end, where something failed, whenever that was.
    """
    agreement.check(study, workspace)
    units = list(_units(study, workspace))
    if not hosts.leads():
        Follower(units, cells(study), workspace).follow()
        return
    worker = Worker(units, workspace, listener, retry_failed)
    try:
        with Interruption() as interruption:
            worker.work(interruption)
            interruption.check("before the results were written")
    except Interrupted as stop:
        hosts.tell({"order": "stop", "where": str(stop)})
        raise
    hosts.tell(None)
    table = workspace.out / "results.csv"
    records.write_table(table, results(study, workspace))
    flags = flagging.write(study, workspace)
    if any(one.kind == "failed" for one in flags):
        raise PhasesFailed(flags)


def _units(study: Study, workspace: Workspace) -> Iterator[Unit]:
    """Yields the trainings, parents first, then each phase's evaluations."""
    asked = rules_of(study, workspace)
    for one, by in asked.items():
        yield Unit(one, by)
    served: dict[Phase, list[Cell]] = {}
    for cell in cells(study):
        served.setdefault(cell.phase, []).append(cell)
    for one, some in served.items():
        yield Unit(one, asked[one], tuple(some))


def prepare(study: Study, workspace: Workspace) -> Iterator[str]:
    """Builds every vocabulary and cache; yields the name of each when done."""
    wanted = {
        one.request(part): (one, part) for one, part in splits(study, workspace)
    }
    for one, part in wanted.values():
        workspace.cache(one, part)
        yield f"{part.dataset.name} {part.split}"


def results(study: Study, workspace: Workspace) -> list[dict[str, Any]]:
    """Returns the study's results in long form: `results.COLUMNS`.

    What is not there, since it failed or is still to be done, has no row.
    """
    return [
        _long(study, cell, record)
        for cell in cells(study)
        for record in CellEvaluations(cell, workspace).rows()
    ]


def _long(study: Study, cell: Cell, record: dict[str, Any]) -> dict[str, Any]:
    known = {
        "study": study.name,
        "model": cell.model,
        "method": cell.method,
        "intermediate": cell.intermediate,
        "intermediate_examples": cell.examples,
        "target": cell.target,
    }
    return {name: (record | known)[name] for name in records.COLUMNS}
