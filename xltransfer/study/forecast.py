"""What a study still takes: examples, disk, and time once a like phase ran."""

import dataclasses
import functools
import json
import statistics
import types
from collections.abc import Iterable, Mapping
from typing import Any

import jax

from xltransfer import files, phase_folder, renderings, selection
from xltransfer import results as records
from xltransfer.components import examples_of
from xltransfer.data import cache as caches
from xltransfer.data.cache import Request
from xltransfer.optimizer import Optimizer
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor
from xltransfer.renderings import Facts, ModelConfig
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study
from xltransfer.study.evaluating import CellEvaluations
from xltransfer.study.plan import (
    Cell,
    cells,
    evaluated,
    is_there,
    rules_of,
    splits,
)
from xltransfer.study.states import State
from xltransfer.workspace import Workspace, finished

States = Mapping[Phase, State]


@dataclasses.dataclass(frozen=True)
class Size:
    """In bytes.

    Attributes:
      now: of what is there.
      later: of what is still to be written, about.
      unknown: of how many things it is not known.
    """

    now: int
    later: int
    unknown: int = 0


@dataclasses.dataclass(frozen=True)
class TimeLeft:
    """On devices as those of this process, by one worker.

    Attributes:
      seconds: of all that is left and whose like has run.
      unknown: how many phases, and cells, are left whose like has not run.
    """

    seconds: float
    unknown: tuple[int, int]


def examples(phase: Phase) -> int:
    """Returns how many examples a phase trains on, at most."""
    if phase.candidates:
        return 0
    return phase.training.steps * phase.training.batch_size


def epochs(phase: Phase) -> float | None:
    """Returns how often it sees each, None where a row states no size."""
    size = examples_of(phase.components)
    return examples(phase) / size if size else None


def checkpoints(study: Study, workspace: Workspace, known: States) -> Size:
    """Returns what checkpoints take: parameters and the optimiser's state.

    A phase keeps the last one, and the best by each score, which may be one
    and the same. Heads of tasks are small and left out.
    """
    now = later = 0
    for one, rules in rules_of(study, workspace).items():
        state = known[one]
        if state.folder is not None and not one.candidates:
            # Under a claim they have its number.
            folders = state.folder.glob(f"{phase_folder.CHECKPOINTS}*")
            now += sum(map(files.size, folders))
        if state.kind in ("to do", "running", "failed", "files missing"):
            later += _kept(one, rules) * _state_size(one, workspace)
    return Size(now, later)


def _kept(one: Phase, rules: Iterable[Rule]) -> int:
    """Returns how many checkpoints a phase leaves, at most."""
    if one.candidates:
        return 0
    asked = [selection.measured(one), selection.own(one), *rules]
    return 1 + len({rule for rule in asked if rule and rule.parts})


def _state_size(one: Phase, workspace: Workspace) -> int:
    model = dataclasses.replace(one.training, dropout_rate=0.0).apply_dropout(
        one.model
    )
    partitioning = workspace.partitioning
    return _bytes_of(model, one.training.optimizer, partitioning)


@functools.cache
def _bytes_of(
    model: ModelConfig, optimizer: Optimizer, partitioning: Partitioning
) -> int:
    """Returns the size of the state of a model with a small head."""
    params = _parameters(model, partitioning)
    # The number of steps shapes nothing.
    moments = jax.eval_shape(optimizer.build(1).init, params)
    return sum(
        leaf.size * leaf.dtype.itemsize
        for leaf in jax.tree.leaves((params, moments))
    )


@functools.cache
def _parameters(model: ModelConfig, partitioning: Partitioning) -> Any:
    # A vocabulary shapes no parameters: the model says how many rows it has.
    pieces = types.SimpleNamespace(vocab_size=0)
    facts = Facts("classification", pieces, labels=2)
    made = renderings.rendering(model, facts)
    return Predictor(made.objective, partitioning).abstract


def cached(study: Study, workspace: Workspace, known: States) -> Size:
    """Returns what caches take; those to be built, about what their files do.

    A piece takes four bytes, and is about four letters of text. Of generated
    data it is not known before.
    """
    now = later = unknown = 0
    data_dir = workspace.data_dir
    for request in _requests(study, workspace, known):
        # What else a split needs may lack, though the split is there.
        if not is_there(request.dataset.split(request.split), data_dir):
            continue
        path = caches.location(request, workspace.cache_dir, data_dir)
        if path.exists():
            now += files.size(path)
        else:
            source = request.dataset.split(request.split).source
            paths = source.files(data_dir)
            later += sum(one.stat().st_size for one in paths)
            unknown += not paths
    return Size(now, later, unknown)


def _requests(
    study: Study, workspace: Workspace, known: States
) -> set[Request]:
    """Returns every cache that phases with all their files need, once."""
    return {
        one.request(part)
        for one, part in splits(study, workspace)
        if known[one].folder is not None
    }


def time_left(
    study: Study, workspace: Workspace, known: States
) -> TimeLeft | None:
    """Returns what is left by what has run; None where nothing like it has.

    A phase goes by the phases of the same model, problem, lengths and batch; a
    cell by the splits of the same evaluation. Only what ran on as many devices
    of the same kind counts.
    """
    training, phases_unknown = _training_left(workspace, known)
    testing, cells_unknown = _evaluation_left(study, workspace, known)
    if training is None:
        return None
    return TimeLeft(
        training + testing,
        (phases_unknown, cells_unknown),
    )


def _training_left(
    workspace: Workspace, known: States
) -> tuple[float | None, int]:
    rates: dict[Any, list[float]] = {}
    for one, state in known.items():
        if state.kind == "done" and _ran_here(state):
            record = finished(one, workspace)
            if "examples_per_second" in record and not one.candidates:
                rate = record["examples_per_second"]
                rates.setdefault(_shape(one), []).append(rate)
    seconds, unknown = 0.0, 0
    for one, state in known.items():
        if state.kind in ("done", "skipped") or one.candidates:
            continue
        if _shape(one) not in rates:
            unknown += 1
            continue
        left = one.training.steps - state.step
        rate = statistics.median(rates[_shape(one)])
        seconds += left * one.training.batch_size / rate
    return (seconds if rates else None), unknown


def _ran_here(state: State) -> bool:
    """Tells whether a phase ran on devices like those of this process."""
    path = state.folder / "environment.json"
    if not path.exists():
        return False
    found = json.loads(path.read_text())
    here = jax.devices()[0].device_kind, jax.device_count()
    return (found["device_kind"], found["devices"]) == here


def _shape(one: Phase) -> tuple:
    training = one.training
    return (
        one.model,
        one.problem,
        training.lengths,
        training.row_lengths,
        training.batch_size,
        training.trimmed_softmax,
    )


def _evaluation_left(
    study: Study, workspace: Workspace, known: States
) -> tuple[float, int]:
    took: dict[tuple[str, str], list[float]] = {}
    left: list[tuple[Cell, int]] = []
    for cell in cells(study):
        state = known[cell.phase]
        if state.kind in ("skipped", "files missing"):
            continue
        count = len(evaluated(cell, workspace)[0])
        if state.kind == "done":
            count = len(CellEvaluations(cell, workspace).left())
            if _ran_here(state):
                for one in records.read(state.folder / "results.jsonl"):
                    seconds = took.setdefault(_evaluation(cell), [])
                    seconds.append(one.get("seconds", 0.0))
        left.append((cell, count))
    seconds = [
        count * statistics.median(took[_evaluation(cell)])
        for cell, count in left
        if _evaluation(cell) in took
    ]
    unknown = sum(
        bool(count) and _evaluation(cell) not in took for cell, count in left
    )
    return sum(seconds), unknown


def _evaluation(cell: Cell) -> tuple[str, str]:
    return cell.model, cell.evaluation
