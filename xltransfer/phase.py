"""Runs one phase: restore, train, select, record."""

import dataclasses
import functools
import json
import logging
import math
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import jax

from tasks import vocabularies
from tasks.pieces import Pieces
from xltransfer import environment, fields, origins, renderings, trimming
from xltransfer.checkpoints import Checkpoints, restore_params
from xltransfer.data import cache as caches
from xltransfer.data.cache import Cache
from xltransfer.data.loader import TrainingBatches
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.monitoring import Monitor
from xltransfer.objectives.objective import Params
from xltransfer.partitioning import Partitioning
from xltransfer.renderings import Rendering
from xltransfer.specification import Component, Phase
from xltransfer.train import Program, TrainState

_log = logging.getLogger(__name__)

DONE = "done.json"
VOCABULARY = "vocabulary.model"
Kind = Literal["pretrain", "intermediate", "target"]
Progress = Callable[[int, Mapping[str, float]], None]


@dataclasses.dataclass(frozen=True)
class Execution:
    """How the same mathematics is carried out. Not part of any identity.

    Attributes:
      microbatches: parts of a batch worked off one after the other.
      checkpoint_every: updates between two checkpoints, beside those at
        evaluations.
      log_every: updates between two lines of metrics.
      prefetch: batches made ahead.
      packed: False gives each example a row of its own.
      programs: train steps compiled for a phase, at most; fewer leave more
        padding.
      trim: kinds of phase that train only those rows of XLM-R's table of
        pieces that their data can touch (`trimming`).
    """

    microbatches: int = 1
    checkpoint_every: int = 500
    log_every: int = 50
    prefetch: int = 4
    packed: bool = True
    programs: int = 4
    trim: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        fields.check(self)
        fields.check_least(
            self,
            microbatches=1,
            checkpoint_every=0,
            log_every=0,
            prefetch=1,
            programs=2,
        )


@dataclasses.dataclass(frozen=True)
class Workspace:
    """Where a study lives and what it runs on."""

    out: Path
    cache_dir: Path
    data_dir: Path | None
    partitioning: Partitioning
    execution: Execution

    def directory(self, phase: Phase) -> Path:
        """Returns the phase's folder, named by its content."""
        identity = phase.identity(self.data_dir)
        return self.out / "phases" / f"{phase.kind}-{identity}"

    def cache(self, phase: Phase, part: Component) -> Cache:
        """Opens, or builds, the cache of a phase's component."""
        return caches.prepare(
            phase.request(part), self.cache_dir, self.data_dir
        )


def finished(phase: Phase, workspace: Workspace) -> dict[str, Any] | None:
    """Returns the record of a finished phase, or None."""
    path = workspace.directory(phase) / DONE
    return json.loads(path.read_text()) if path.exists() else None


def run(
    phase: Phase, workspace: Workspace, progress: Progress
) -> dict[str, Any]:
    """Trains a phase, from its last checkpoint on if there is one.

    Args:
      phase: what to train; its parent is finished.
      workspace: where, and on what.
      progress: called with the updates done and the latest metrics.

    Returns:
      The record that `finished` gives from then on: the `step` whose
      parameters were selected, its `score`, the steps done.

    Raises:
      Interrupted: on SIGTERM or Ctrl-C, after saving.
      InputError: if the loss is no longer a number, or data do not fit.
    """
    directory = workspace.directory(phase)
    directory.mkdir(parents=True, exist_ok=True)
    _write_json(
        directory / "phase.json",
        {
            "identity": phase.identity(workspace.data_dir),
            "configuration": phase.configuration(workspace.data_dir),
        },
    )
    training = _Run(phase, workspace)
    _keep_vocabulary(phase, workspace, directory / VOCABULARY)
    with (
        Interruption() as interruption,
        Checkpoints(directory / "checkpoints") as checkpoints,
    ):
        record = training.train(checkpoints, interruption, progress)
    _write_json(
        directory / "environment.json",
        environment.describe(workspace.partitioning),
    )
    _write_json(directory / DONE, record)
    return record


def protocol(phase: Phase, workspace: Workspace) -> dict[str, Any]:
    """Returns what a number of the finished phase must carry."""
    record = finished(phase, workspace)
    return {
        "phase": record["identity"],
        "seed": phase.seed,
        "selection": record["selection"],
        "checkpoint": record["step"],
        "trimmed_softmax": phase.trimmed_softmax,
    }


def evaluation(phase: Phase, workspace: Workspace) -> Evaluation:
    """Returns the finished phase's selected parameters, ready to predict."""
    made = _Run(phase, workspace)
    record = finished(phase, workspace)
    params = restore_params(
        workspace.directory(phase) / "checkpoints",
        record["step"],
        made.program.abstract.params,
    )
    return made.evaluation(params)


class _Run:
    """What a phase needs while it runs, and where it has got to."""

    def __init__(self, phase: Phase, workspace: Workspace):
        self.phase, self.workspace = phase, workspace
        self.rendering = _rendering(phase, workspace)
        self.program = Program(
            self.rendering.objective,
            phase.training.optimizer,
            phase.training.steps,
            workspace.partitioning,
            workspace.execution.microbatches,
        )
        self.position = {"best": None, "best_step": 0, "worse": 0}

    def train(
        self,
        checkpoints: Checkpoints,
        interruption: Interruption,
        progress: Progress,
    ) -> dict[str, Any]:
        """Runs the updates that are left; returns the record."""
        state, step = self._start(checkpoints)
        batches = self._batches()
        partitioning = self.workspace.partitioning
        directory = self.workspace.directory(self.phase)
        with Monitor(directory, step) as monitor:
            stream = batches.iterate(
                step, partitioning.host_rows, self.workspace.execution.prefetch
            )
            while step < self.phase.training.steps and not self._exhausted:
                packed = next(stream)
                state, metrics = self.rows.program.update(
                    state,
                    partitioning.put(packed.arrays, packed.rows),
                    self.phase.seed,
                )
                step += 1
                monitor.count(packed)
                if self._every(self.workspace.execution.log_every, step):
                    progress(step, self._logged(monitor, step, metrics))
                self._look(step, state, checkpoints, monitor)
                if interruption.requested:
                    whole = self.rows.whole(state)
                    checkpoints.save(step, whole, self.position)
                    raise Interrupted(f"{self.phase.kind} at step {step}")
            return self._record(step, monitor.summary())

    def evaluation(self, params: Params) -> Evaluation:
        """Returns the program with parameters, ready to predict."""
        return Evaluation(
            self.program,
            params,
            self.rendering.evaluation,
            self.rendering.outcome,
            self.phase.training.columns,
        )

    @functools.cached_property
    def rows(self) -> trimming.Rows:
        """Which rows of the vocabulary's tables are trained."""
        phase, workspace = self.phase, self.workspace
        return trimming.rows(
            phase,
            workspace.execution.trim,
            self.program,
            [workspace.cache(phase, part) for part in phase.components],
            _pieces(phase, workspace).special_ids,
        )

    def _start(self, checkpoints: Checkpoints) -> tuple[TrainState, int]:
        found = trimming.resumed(self.rows, checkpoints)
        if found is not None:
            state, self.position = found
            return state, int(state.step)
        self.position["rows"] = self.rows.digest
        return self.rows.start(self._initial()), 0

    def _initial(self) -> Params:
        """Returns new parameters, replaced by those of the parent or init."""
        phase, program = self.phase, self.program
        if phase.parent is None and phase.init == origins.SCRATCH:
            return program.new_parts(phase.seed, tuple(program.abstract.params))
        fresh = program.objective.fresh
        kept = {
            name: part
            for name, part in program.abstract.params.items()
            if name not in fresh
        }
        if phase.parent is not None:
            parent = self.workspace.directory(phase.parent)
            step = finished(phase.parent, self.workspace)["step"]
            old = restore_params(parent / "checkpoints", step, kept)
        else:
            old = self._loaded(kept)
        return {**program.new_parts(phase.seed, fresh), **old}

    def _loaded(self, kept: Params) -> Params:
        """Reads published parameters, and lists what else their file holds."""
        init = self.phase.init
        loaded = origins.load(init, self.program.objective.model, kept)
        if loaded.unused:
            _log.warning(
                "%s: unused tensors: %s", init, ", ".join(loaded.unused)
            )
        return loaded.params

    def _batches(self) -> TrainingBatches:
        phase, execution = self.phase, self.workspace.execution
        return TrainingBatches(
            components=tuple(
                (self.workspace.cache(phase, part), part.rate)
                for part in phase.components
            ),
            features=self.rows.features(self.rendering.training),
            batch_size=phase.training.batch_size,
            columns=phase.training.columns,
            seed=phase.seed,
            multiple=self.workspace.partitioning.batch_multiple
            * execution.microbatches,
            packed=execution.packed,
            lengthen=phase.training.row_lengths is None,
            programs=execution.programs,
        )

    @property
    def _exhausted(self) -> bool:
        patience = self.phase.training.patience
        return bool(patience) and self.position["worse"] >= patience

    def _every(self, interval: int, step: int) -> bool:
        last = self.phase.training.steps
        return bool(interval) and (step % interval == 0 or step == last)

    def _logged(
        self, monitor: Monitor, step: int, metrics: Mapping[str, jax.Array]
    ) -> dict[str, float]:
        values = {name: float(one) for name, one in metrics.items()}
        if not math.isfinite(values["loss"]):
            raise InputError(
                f"{self.phase.kind} phase: the loss is {values['loss']} at "
                f"step {step}; lower the learning rate."
            )
        return monitor.write(step, values)

    def _look(
        self,
        step: int,
        state: TrainState,
        checkpoints: Checkpoints,
        monitor: Monitor,
    ) -> None:
        """Evaluates and saves, where this step is one to do so."""
        score = None
        measured = self._every(self.phase.training.evaluate_every, step)
        last = step == self.phase.training.steps
        regular = self._every(self.workspace.execution.checkpoint_every, step)
        if not (measured or regular or last):
            return
        whole = self.rows.whole(state)
        if measured:
            score = self._validate(step, whole, monitor)
        if score is not None or regular or last:
            checkpoints.save(step, whole, self.position, score)

    def _validate(
        self, step: int, state: TrainState, monitor: Monitor
    ) -> float | None:
        """Scores the dev sets and keeps count of the best."""
        parts = self.phase.validation
        if not parts:
            return None
        dev = [self.workspace.cache(self.phase, part) for part in parts]
        score = self.evaluation(state.params).score(dev)
        monitor.write(step, {"dev": score})
        best = self.position["best"]
        if best is None or score > best:
            self.position |= {"best": score, "best_step": step, "worse": 0}
        else:
            self.position["worse"] += 1
        return score

    def _record(self, step: int, summary: dict[str, float]) -> dict[str, Any]:
        selected = self.phase.training.selection != "last"
        return {
            "identity": self.phase.identity(self.workspace.data_dir),
            "selection": self.phase.training.selection,
            "step": self.position["best_step"] if selected else step,
            "score": self.position["best"],
            "steps": step,
        } | summary


def _rendering(phase: Phase, workspace: Workspace) -> Rendering:
    first = workspace.cache(phase, phase.components[0])
    return renderings.rendering(
        phase.model,
        renderings.Facts(
            phase.problem,
            _pieces(phase, workspace),
            len(phase.labels),
            tuple(tuple(one) for one in first.manifest["answers"]),
            dict(phase.training.lengths).get("targets", 0),
        ),
    )


def _pieces(phase: Phase, workspace: Workspace) -> Pieces:
    return vocabularies.load(
        phase.vocabulary, workspace.cache_dir, workspace.data_dir
    )


def _keep_vocabulary(phase: Phase, workspace: Workspace, path: Path) -> None:
    """Keeps the SentencePiece model beside the parameters trained on it."""
    if not path.exists():
        model = phase.vocabulary.model_file(
            workspace.cache_dir, workspace.data_dir
        )
        partial = path.with_name(f".{path.name}.partial")
        shutil.copyfile(model, partial)
        os.replace(partial, path)


def _write_json(path: Path, value: Any) -> None:
    partial = path.with_name(f".{path.name}.partial")
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)
    partial.write_text(text + "\n")
    os.replace(partial, path)
