"""What follows from a study: its phases, shared, and the cells of its table."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import tasks
from tasks.row import Split
from xltransfer import overlap, selection
from xltransfer.components import Component, components_of, examples_of
from xltransfer.errors import InputError
from xltransfer.origins import SCRATCH
from xltransfer.overlap import Overlap
from xltransfer.renderings import RANK, Prediction
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study, Target
from xltransfer.study.lineage import Arm
from xltransfer.study.models import Intermediate
from xltransfer.workspace import Workspace


@dataclasses.dataclass(frozen=True)
class Cell:
    """One target phase of the table, evaluated at one or more checkpoints.

    Attributes:
      intermediate: the label of the row, or of the control.
      target: the label of the target.
      seed: of all phases after pretraining.
      phase: what is evaluated.
      evaluation: mixture of what it is evaluated on.
      split: of that.
      rules: names of those that choose its checkpoints.
      prediction: how mT5 predicts labels.
      model: the label of the model.
      method: the label of the method; empty where the study names none.
      examples: how many different examples the intermediate phases have;
        None where a row does not state its size.
    """

    intermediate: str
    target: str
    seed: int
    phase: Phase
    evaluation: str
    split: str
    rules: tuple[str, ...] = ()
    prediction: Prediction = RANK
    model: str = ""
    method: str = ""
    examples: int | None = 0


def cells(study: Study) -> Iterator[Cell]:
    """Yields the cells: table by table, row by row."""
    for model_label, model in study.variants.items():
        for label, method in study.methods_for(model_label).items():
            for cell in _table(Arm(study, model, method)):
                yield dataclasses.replace(cell, model=model_label, method=label)


def _table(arm: Arm) -> Iterator[Cell]:
    """Yields the cells of one model and method."""
    study, first = arm.study, arm.pretraining()
    for label, steps in study.rows.items():
        parents = {
            seed: arm.intermediates(steps, seed, first) for seed in study.seeds
        }
        yield from _row(arm, label, steps, study.targets, parents)
    fresh = dataclasses.replace(arm.model, init=SCRATCH)
    for label, control in study.controls.items():
        model = arm.model if control.pretrained else fresh
        yield from _row(
            dataclasses.replace(arm, model=model),
            label,
            (),
            control.target or study.targets,
            dict.fromkeys(study.seeds, first if control.pretrained else None),
        )


def _row(
    arm: Arm,
    label: str,
    steps: tuple[Intermediate, ...],
    targets: Mapping[str, Target],
    parents: Mapping[int, Phase | None],
) -> Iterator[Cell]:
    parts = [p for one in steps for p in components_of(one.data, "train")]
    examples = examples_of(parts)
    for target_label, target in targets.items():
        for seed, parent in parents.items():
            yield Cell(
                label,
                target_label,
                seed,
                arm.target(target, seed, parent),
                target.evaluation,
                target.split,
                target.rules,
                arm.method.prediction or target.prediction,
                examples=examples,
            )


def phases(study: Study) -> list[Phase]:
    """Returns every distinct phase, parents before children."""
    found: dict[Phase, None] = {}

    def add(one: Phase) -> None:
        if one not in found:
            for before in one.needs:
                add(before)
            found.setdefault(one)

    for cell in cells(study):
        add(cell.phase)
    return list(found)


def rules(cell: Cell, workspace: Workspace) -> tuple[Rule, ...]:
    """Returns what chooses the checkpoints that the cell is evaluated at.

    A rule that goes by scores has no parts where their files are missing.
    """
    own = selection.own(cell.phase)
    parts = {
        selection.LAST: (),
        selection.ENGLISH_DEV: cell.phase.validation,
        selection.TARGET_DEV: _target_dev(cell, workspace.data_dir),
        selection.ORACLE: tuple(evaluated(cell, workspace)[0]),
        own.name: own.parts,
    }
    return tuple(Rule(one, parts[one]) for one in cell.rules or (own.name,))


def rules_of(
    study: Study, workspace: Workspace
) -> dict[Phase, tuple[Rule, ...]]:
    """Returns for every phase the rules of all cells that it serves."""
    found: dict[Phase, dict[Rule, None]] = {
        one: {selection.own(one): None} for one in phases(study)
    }
    for cell in cells(study):
        asked = dict.fromkeys(rules(cell, workspace))
        for one in (cell.phase, *cell.phase.candidates):
            found[one] |= asked
    return {one: tuple(asked) for one, asked in found.items()}


def overlaps(study: Study, workspace: Workspace) -> list[Overlap]:
    """Returns where rows train on what a target is evaluated on."""
    found: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
    for cell in cells(study):
        pairs = overlap.overlaps(cell.phase, evaluated(cell, workspace)[0])
        seeds = found.setdefault((cell.intermediate, cell.target), {})
        seeds |= dict.fromkeys(pairs)
    return [
        Overlap(
            *labels,
            trained=tuple(dict.fromkeys(name for name, _ in pairs)),
            evaluated=tuple(dict.fromkeys(name for _, name in pairs)),
        )
        for labels, pairs in found.items()
        if pairs
    ]


def _target_dev(cell: Cell, data_dir: Path | None) -> tuple[Component, ...]:
    """Returns the dev splits of the datasets of the evaluation, where present."""
    found = []
    for name, _ in tasks.mixture(cell.evaluation).components:
        row = tasks.dataset(name)
        for split in row.splits:
            if split.name == "dev" and _is_there(split, data_dir):
                found.append(Component(row, "dev"))
    return tuple(found)


def evaluated(
    cell: Cell, workspace: Workspace
) -> tuple[list[Component], list[str]]:
    """Returns the splits that are evaluated, and the datasets whose files lack."""
    present, absent = [], []
    for name, _ in tasks.mixture(cell.evaluation).components:
        part = Component(tasks.dataset(name), cell.split)
        if _is_there(part.dataset.split(cell.split), workspace.data_dir):
            present.append(part)
        else:
            absent.append(name)
    return present, absent


def _is_there(split: Split, data_dir: Path | None) -> bool:
    try:
        return not split.source.missing(data_dir)
    except InputError:
        # Files, and no data directory.
        return False
