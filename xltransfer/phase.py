"""Runs one phase: restore, train, select, record."""

import dataclasses
import functools
import json
import math
import os
import shutil
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tasks import vocabularies
from tasks.pieces import Pieces
from xltransfer import environment, renderings, starting, trimming
from xltransfer.checkpoints import Checkpoints, restore_params
from xltransfer.components import Component, Group, companion_of
from xltransfer.data.loader import TrainingBatches
from xltransfer.data.mixing import Batches, MixedBatches
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.monitoring import Monitor
from xltransfer.objectives.objective import Params
from xltransfer.renderings import Facts, Rendering
from xltransfer.specification import Phase
from xltransfer.train import Program, TrainState
from xltransfer.workspace import DONE, Workspace, finished

VOCABULARY = "vocabulary.model"
Progress = Callable[[int, Mapping[str, float]], None]


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


def evaluations(
    phase: Phase, workspace: Workspace
) -> Callable[[Component], Evaluation]:
    """Returns what predicts a component with the selected parameters."""
    made = _Run(phase, workspace)
    record = finished(phase, workspace)
    params = restore_params(
        workspace.directory(phase) / "checkpoints",
        record["step"],
        made.program.abstract.params,
    )
    return functools.partial(made.evaluation, params)


class _Run:
    """What a phase needs while it runs, and where it has got to."""

    def __init__(self, phase: Phase, workspace: Workspace):
        self.phase, self.workspace = phase, workspace
        self.renderings = {
            group.name: rendered(phase, workspace, group.components[0])
            for group in phase.groups
        }
        self.program = Program(
            renderings.joint(self.renderings),
            phase.training.optimizer,
            phase.training.steps,
            workspace.partitioning,
            workspace.execution.microbatches,
        )
        self.position = {"best": None, "best_step": 0, "worse": 0}
        # Many languages seek in the same candidates.
        self._outputs: dict[Any, tuple[Params, list[Any]]] = {}

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

    def evaluation(self, params: Params, part: Component) -> Evaluation:
        """Returns what predicts a component, with parameters."""
        rendering = rendered(self.phase, self.workspace, part)
        if len(self.phase.groups) > 1 and self.phase.trains(part):
            name = self.phase.group_of(part)
            params = self.program.objective.of(name, params)
        made = Evaluation(
            dataclasses.replace(self.program, objective=rendering.objective),
            params,
            rendering.evaluation,
            rendering.outcome,
            self.phase.training.columns,
        )
        other = companion_of(part)
        if other is None:
            return made
        return dataclasses.replace(
            made, companion=functools.partial(self._companion, made, other)
        )

    def _companion(self, made: Evaluation, part: Component) -> tuple:
        """Returns a cache and its outputs, of the same parameters made once."""
        cache = self.workspace.cache(self.phase, part)
        params, found = self._outputs.get(cache, (None, None))
        if params is not made.params:
            found = made.outputs(cache)
            self._outputs[cache] = made.params, found
        return cache, found

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
        params = starting.params(self.phase, self.workspace, self.program)
        return self.rows.start(params), 0

    def _batches(self) -> Batches:
        seed = self.phase.seed
        if len(self.phase.groups) == 1:
            return self._group_batches(self.phase.groups[0], seed)
        return MixedBatches(
            tuple(
                (
                    group.name,
                    self._group_batches(group, group_seed(seed, number)),
                    group.rate,
                )
                for number, group in enumerate(self.phase.groups)
            )
        )

    def _group_batches(self, group: Group, seed: int) -> TrainingBatches:
        phase, execution = self.phase, self.workspace.execution
        return TrainingBatches(
            components=tuple(
                (self.workspace.cache(phase, part), part.rate)
                for part in group.components
            ),
            features=self.rows.features(self.renderings[group.name].training),
            batch_size=phase.training.batch_size,
            columns=phase.training.columns,
            seed=seed,
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
        score = statistics.fmean(
            self.evaluation(state.params, part).score(
                self.workspace.cache(self.phase, part)
            )
            for part in parts
        )
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


def group_seed(seed: int, number: int) -> int:
    """Returns a seed of its own for each group: equal ones, equal orders."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def rendered(phase: Phase, workspace: Workspace, part: Component) -> Rendering:
    """Returns how a component is trained on and predicted."""
    answers = workspace.cache(phase, part).manifest["answers"]
    facts = Facts(
        part.dataset.problem,
        _pieces(phase, workspace),
        len(part.dataset.labels),
        tuple(tuple(one) for one in answers),
        dict(phase.training.lengths).get("targets", 0),
        next(iter(part.dataset.metrics), ""),
    )
    return renderings.rendering(phase.model, facts)


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
