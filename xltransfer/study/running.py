"""A study is carried out: phases, evaluations, results."""

from collections.abc import Iterator
from typing import Any, Protocol

from xltransfer import evaluate, metrics, phase
from xltransfer import results as records
from xltransfer.interruption import Interruption
from xltransfer.specification import Component, Phase
from xltransfer.study.declaration import Study
from xltransfer.study.plan import Cell, cells, evaluated, phases
from xltransfer.workspace import Workspace, finished


class Listener(Protocol):
    """Whoever shows how the study goes on."""

    def phase(self, number: int, total: int, started: Phase) -> phase.Progress:
        """A phase starts; returns what is called as it goes on."""

    def evaluating(self, cell: Cell, language: str) -> None:
        """A language of a cell is being evaluated."""


def run(study: Study, workspace: Workspace, listener: Listener) -> None:
    """Runs what is not yet done and writes `results.csv`.

    Raises:
      Interrupted: when asked to stop; a further run goes on.
      InputError: as `phase.run` does.
    """
    open_phases = [
        one for one in phases(study) if finished(one, workspace) is None
    ]
    with Interruption() as interruption:
        for number, one in enumerate(open_phases, start=1):
            interruption.check(f"before the {one.kind} phase {number}")
            progress = listener.phase(number, len(open_phases), one)
            phase.run(one, workspace, progress)
        for cell in cells(study):
            _evaluate(cell, workspace, listener, interruption)
        interruption.check("before the results were written")
    table = workspace.out / "results.csv"
    records.write_table(table, results(study, workspace))


def prepare(study: Study, workspace: Workspace) -> Iterator[str]:
    """Builds every vocabulary and cache; yields the name of each when done."""
    wanted = {
        one.request(part): (one, part)
        for one in phases(study)
        for part in (*one.components, *one.validation)
    }
    for cell in cells(study):
        for part in evaluated(cell, workspace)[0]:
            wanted[cell.phase.request(part)] = cell.phase, part
    for one, part in wanted.values():
        workspace.cache(one, part)
        yield f"{part.dataset.name} {part.split}"


def results(study: Study, workspace: Workspace) -> list[dict[str, Any]]:
    """Returns the study's results in long form: `results.COLUMNS`."""
    rows = []
    for cell in cells(study):
        path = workspace.directory(cell.phase) / "results.jsonl"
        found = records.read(path)
        for part in evaluated(cell, workspace)[0]:
            wanted = _identity(cell, part, workspace)
            rows += [
                _long(study, cell, record)
                for record in found
                if record.items() >= wanted.items()
            ]
    return rows


def _long(study: Study, cell: Cell, record: dict[str, Any]) -> dict[str, Any]:
    known = {
        "study": study.name,
        "model": type(study.model).__name__.removesuffix("Config"),
        "intermediate": cell.intermediate,
        "target": cell.target,
    }
    return {name: (record | known)[name] for name in records.COLUMNS}


def _evaluate(
    cell: Cell,
    workspace: Workspace,
    listener: Listener,
    interruption: Interruption,
) -> None:
    """Evaluates the languages whose numbers are not there yet."""
    directory = workspace.directory(cell.phase)
    path = directory / "results.jsonl"
    known = records.read(path)
    model = None
    for part in evaluated(cell, workspace)[0]:
        wanted = _identity(cell, part, workspace)
        if any(record.items() >= wanted.items() for record in known):
            continue
        interruption.check(f"before the evaluation on {part.dataset.name}")
        listener.evaluating(cell, part.dataset.language)
        model = model or phase.evaluations(cell.phase, workspace)
        measured = evaluate.evaluate(
            model(part),
            workspace.cache(cell.phase, part),
            directory / "predictions",
            phase.protocol(cell.phase, workspace),
        )
        records.append(path, measured)


def _identity(
    cell: Cell, part: Component, workspace: Workspace
) -> dict[str, Any]:
    """Returns what tells a phase's numbers apart."""
    task, language = part.dataset.name.rsplit(".", 1)
    return {
        "task": task,
        "language": language,
        "split": cell.split,
        "metric_version": metrics.VERSION,
        "dataset_version": part.dataset.version,
        "data_digest": cell.phase.request(part).source_digest(
            workspace.data_dir
        ),
    }
