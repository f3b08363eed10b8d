"""A study: intermediates x targets x seeds -> plan -> run -> results."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import tasks
from tasks.vocabularies import Vocabulary
from xltransfer import evaluate, fields, metrics, phase, trimming
from xltransfer import results as records
from xltransfer.components import Component, components_of, with_companions
from xltransfer.errors import InputError, nearest
from xltransfer.interruption import Interruption
from xltransfer.partitioning import Partitioning
from xltransfer.renderings import ModelConfig
from xltransfer.specification import Phase, Training
from xltransfer.workspace import Execution, Workspace, finished


@dataclasses.dataclass(frozen=True)
class Pretraining:
    """A pretraining phase of one's own: text (task or mixture) and how."""

    text: str
    training: Training
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Target:
    """What a cell trains on last and is evaluated on.

    Attributes:
      train: task or mixture of the English training data.
      dev: task or mixture whose dev split chooses the checkpoint.
      evaluation: mixture of the languages to be evaluated.
      training: how.
      split: the split that is evaluated.
    """

    train: str
    dev: str
    evaluation: str
    training: Training
    split: str = "test"


@dataclasses.dataclass(frozen=True)
class Control:
    """A row that shows what the numbers do not come from.

    Attributes:
      pretrained: False starts the target phase from new parameters.
      target: another target, by the label of the one it stands beside.
    """

    pretrained: bool = True
    target: Mapping[str, Target] | None = None


@dataclasses.dataclass(frozen=True)
class Study:
    """The whole question as one object.

    Attributes:
      name: names the default output folder and every row of the results.
      model: family and size.
      vocabulary: whose pieces it reads.
      intermediates: label -> task or mixture, or None for direct transfer.
      intermediate: how intermediate phases train.
      targets: label -> target.
      seeds: one run of everything after pretraining for each.
      partitioning: mesh and rules.
      pretrain: a pretraining phase, where the model is not loaded.
      init: where pretraining, or else every first phase, starts: `scratch`,
        or one of `origins`.
      execution: how it is carried out.
      controls: label -> control, shown below the intermediates.
    """

    name: str
    model: ModelConfig
    vocabulary: Vocabulary
    intermediates: Mapping[str, str | None]
    targets: Mapping[str, Target]
    partitioning: Partitioning
    seeds: tuple[int, ...] = (0,)
    intermediate: Training | None = None
    pretrain: Pretraining | None = None
    init: str = "scratch"
    execution: Execution = dataclasses.field(default_factory=Execution)
    controls: Mapping[str, Control] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        fields.check(self)
        if Path(self.name).name != self.name:
            raise InputError(f"Study.name is {self.name!r}: no folder's name.")
        twice = len(set(self.seeds)) < len(self.seeds)
        if not self.seeds or twice or min(self.seeds) < 0:
            raise InputError(
                f"Study.seeds is {self.seeds}: at least one, none twice, none "
                "below 0."
            )
        if None not in self.intermediates.values():
            raise InputError(
                "Study.intermediates has no row with the value None (direct "
                "transfer), against which every delta is taken."
            )
        both = set(self.intermediates) & set(self.controls)
        if both:
            raise InputError(f"{both} name both intermediates and controls.")
        if self.intermediate is None and any(self.intermediates.values()):
            raise InputError(
                "Study.intermediates names tasks, but Study.intermediate (how "
                "to train on them) is not bound."
            )
        self._check_targets()

    def _check_targets(self) -> None:
        if not self.targets:
            raise InputError("Study.targets is empty.")
        for label, control in self.controls.items():
            for name in control.target or ():
                if name not in self.targets:
                    raise InputError(
                        f"The control {label!r} stands beside the target "
                        f"{name!r}, which is not in Study.targets."
                        f"{nearest(name, self.targets)}"
                    )

    @property
    def direct(self) -> str:
        """The label of the row without an intermediate phase."""
        return next(k for k, v in self.intermediates.items() if v is None)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One target phase of the table."""

    intermediate: str
    target: str
    seed: int
    phase: Phase
    evaluation: str
    split: str


class Listener(Protocol):
    """Whoever shows how the study goes on."""

    def phase(self, number: int, total: int, started: Phase) -> phase.Progress:
        """A phase starts; returns what is called as it goes on."""

    def evaluating(self, cell: Cell, language: str) -> None:
        """A language of a cell is being evaluated."""


def cells(study: Study) -> Iterator[Cell]:
    """Yields the cells of the table, row by row."""
    first = _pretraining(study)
    for label, name in study.intermediates.items():
        for target_label, target in study.targets.items():
            for seed in study.seeds:
                parent = _intermediate(study, name, seed, first)
                yield _cell(study, label, target_label, target, seed, parent)
    for label, control in study.controls.items():
        parent = first if control.pretrained else None
        for target_label, target in (control.target or study.targets).items():
            for seed in study.seeds:
                yield _cell(study, label, target_label, target, seed, parent)


def phases(study: Study) -> list[Phase]:
    """Returns every distinct phase, parents before children."""
    found: dict[Phase, None] = {}

    def add(one: Phase) -> None:
        if one.parent is not None:
            add(one.parent)
        found.setdefault(one)

    for cell in cells(study):
        add(cell.phase)
    return list(found)


def check(study: Study, workspace: Workspace) -> None:
    """Stops at the border what could only fail later.

    Raises:
      InputError: for unknown tasks, problems or labels that do not go
        together, missing files, and evaluations with nothing to evaluate.
    """
    workspace.partitioning.mesh  # noqa: B018  refuses a shape that fits not
    for one in phases(study):
        one.identity(workspace.data_dir)
        trimming.check(one, workspace.execution.trim)
    for cell in cells(study):
        cell.phase.check(tuple(evaluated(cell, workspace)[0]))


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
        for part in with_companions(evaluated(cell, workspace)[0]):
            wanted[cell.phase.request(part)] = cell.phase, part
    for one, part in wanted.values():
        workspace.cache(one, part)
        yield f"{part.dataset.name} {part.split}"


def evaluated(
    cell: Cell, workspace: Workspace
) -> tuple[list[Component], list[str]]:
    """Returns the splits that are evaluated, and the datasets whose files lack.

    Raises:
      InputError: if there is not one dataset of the mixture.
    """
    present, absent = [], []
    for name, _ in tasks.mixture(cell.evaluation).components:
        part = Component(tasks.dataset(name), cell.split)
        split = part.dataset.split(cell.split)
        if split.source.missing(workspace.data_dir):
            absent.append(name)
        else:
            present.append(part)
    if not present:
        raise InputError(
            f"{cell.evaluation}: none of its datasets has its "
            f"{cell.split!r} files in {workspace.data_dir}."
        )
    return present, absent


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


def _pretraining(study: Study) -> Phase | None:
    if study.pretrain is None:
        return None
    return Phase(
        kind="pretrain",
        model=study.pretrain.training.apply_dropout(study.model),
        vocabulary=study.vocabulary,
        components=components_of(study.pretrain.text, "train"),
        validation=(),
        training=study.pretrain.training,
        seed=study.pretrain.seed,
        init=study.init,
    )


def _intermediate(
    study: Study, name: str | None, seed: int, parent: Phase | None
) -> Phase | None:
    if name is None:
        return parent
    components = components_of(name, "train")
    validation = ()
    if study.intermediate.selection == "dev":
        validation = tuple(
            dataclasses.replace(part, split="dev", rate=1.0)
            for part in components
            if "dev" in [split.name for split in part.dataset.splits]
        )
    return Phase(
        kind="intermediate",
        model=study.intermediate.apply_dropout(study.model),
        vocabulary=study.vocabulary,
        components=components,
        validation=validation,
        training=study.intermediate,
        seed=seed,
        parent=parent,
        init="scratch" if parent else study.init,
    )


def _cell(
    study: Study,
    label: str,
    target_label: str,
    target: Target,
    seed: int,
    parent: Phase | None,
) -> Cell:
    trained = Phase(
        kind="target",
        model=target.training.apply_dropout(study.model),
        vocabulary=study.vocabulary,
        components=components_of(target.train, "train"),
        validation=components_of(target.dev, "dev"),
        training=target.training,
        seed=seed,
        parent=parent,
        init="scratch" if parent else study.init,
    )
    return Cell(
        label, target_label, seed, trained, target.evaluation, target.split
    )
