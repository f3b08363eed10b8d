"""A study is carried out: phases, evaluations, results."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from xltransfer import evaluate, metrics, phase
from xltransfer import results as records
from xltransfer.components import Component, with_companions
from xltransfer.interruption import Interruption
from xltransfer.renderings import GENERATION, prediction
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study
from xltransfer.study.plan import Cell, cells, evaluated, rules, rules_of
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
        (one, asked)
        for one, asked in rules_of(study, workspace).items()
        if finished(one, workspace, asked) is None
    ]
    with Interruption() as interruption:
        for number, (one, asked) in enumerate(open_phases, start=1):
            interruption.check(f"before the {one.kind} phase {number}")
            progress = listener.phase(number, len(open_phases), one)
            phase.run(one, workspace, progress, asked)
        for cell in cells(study):
            for rule in rules(cell, workspace):
                _evaluate(cell, rule, workspace, listener, interruption)
        interruption.check("before the results were written")
    table = workspace.out / "results.csv"
    records.write_table(table, results(study, workspace))


def prepare(study: Study, workspace: Workspace) -> Iterator[str]:
    """Builds every vocabulary and cache; yields the name of each when done."""
    wanted = {
        one.request(part): (one, part)
        for one, asked in rules_of(study, workspace).items()
        for part in (
            *one.components,
            *with_companions(one.validation),
            *(p for rule in asked for p in with_companions(rule.parts)),
        )
    }
    for cell in cells(study):
        for part in with_companions(evaluated(cell, workspace)[0]):
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
        for rule in rules(cell, workspace):
            chosen = phase.protocol(cell.phase, workspace, rule)
            for part in evaluated(cell, workspace)[0]:
                wanted = _identity(cell, part, workspace) | chosen
                rows += [
                    _long(study, cell, record)
                    for record in found
                    if record.items() >= wanted.items()
                ]
    return rows


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


def _evaluate(
    cell: Cell,
    rule: Rule,
    workspace: Workspace,
    listener: Listener,
    interruption: Interruption,
) -> None:
    """Evaluates the languages whose numbers are not there yet.

    Rules that chose the same checkpoint share its predictions.
    """
    directory = workspace.directory(cell.phase)
    path = directory / "results.jsonl"
    chosen = phase.protocol(cell.phase, workspace, rule)
    step, model = chosen["checkpoint"], None
    for part in evaluated(cell, workspace)[0]:
        identity = _identity(cell, part, workspace)
        known = _known(path, identity, step)
        if any(record.items() >= chosen.items() for record in known):
            continue
        if known:
            records.append(path, _under(chosen, known))
            continue
        interruption.check(f"before the evaluation on {part.dataset.name}")
        listener.evaluating(cell, part.dataset.language)
        model = model or phase.evaluations(
            cell.phase, workspace, step, cell.prediction
        )
        measured = evaluate.evaluate(
            model(part),
            workspace.cache(cell.phase, part),
            directory / _folder(cell, part, step, workspace),
            chosen | {"prediction": identity["prediction"]},
        )
        records.append(path, measured)


def _folder(
    cell: Cell, part: Component, step: int, workspace: Workspace
) -> str:
    """Returns where predictions lie: `predictions`, but for what is unusual.

    `predictions-STEP` are another checkpoint's than the selected one's;
    `-generation` are labels that were generated, not ranked.
    """
    name = "predictions"
    if step != finished(cell.phase, workspace)["step"]:
        name += f"-{step}"
    is_generated = _prediction(cell, part) == cell.prediction == GENERATION
    return name + "-generation" * (is_generated and _has_answers(part))


def _prediction(cell: Cell, part: Component) -> str:
    return prediction(cell.phase.model, _has_answers(part), cell.prediction)


def _has_answers(part: Component) -> bool:
    return bool(part.dataset.text_labels)


def _known(
    path: Path, identity: dict[str, Any], step: int
) -> list[dict[str, Any]]:
    """Returns the records of a checkpoint on one language, under any rule."""
    wanted = identity | {"checkpoint": step}
    return [one for one in records.read(path) if one.items() >= wanted.items()]


def _under(
    chosen: dict[str, Any], known: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Returns the records of a checkpoint once more, under another rule."""
    first = [one for one in known if one["selection"] == known[0]["selection"]]
    return [one | chosen for one in first]


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
        "prediction": _prediction(cell, part),
    }
