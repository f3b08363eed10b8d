"""Runs one phase: restore, train, select, record."""

import dataclasses
import functools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from xltransfer import (
    choosing,
    constant,
    environment,
    phase_folder,
    renderings,
    selection,
    starting,
    trimming,
)
from xltransfer.checkpoints import Checkpoints, restore_params
from xltransfer.components import Component, Group
from xltransfer.contents import VOCABULARY
from xltransfer.data.loader import TrainingBatches
from xltransfer.data.mixing import Batches, MixedBatches
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.evaluations import Evaluations
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.monitoring import Monitor
from xltransfer.objectives.objective import Params
from xltransfer.renderings import RANK, Prediction
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.train import Program, TrainState
from xltransfer.workspace import DONE, Workspace, finished

Progress = Callable[[int, Mapping[str, float]], None]
# Raises where another worker has taken over; called before what is written.
Guard = Callable[[], None]


def unguarded() -> None:
    """Nobody else works in the folder."""


def run(
    phase: Phase,
    workspace: Workspace,
    progress: Progress,
    rules: Sequence[Rule] = (),
    guard: Guard = unguarded,
) -> dict[str, Any]:
    """Trains a phase, from its last checkpoint on if there is one.

    It starts again where a rule is asked for that was not measured from the
    start on: what that would have chosen is not there any more.

    Args:
      phase: what to train; its parent is finished.
      workspace: where, and on what.
      progress: called with the updates done and the latest metrics.
      rules: each chooses a checkpoint, beside the phase's own selection.
      guard: called before anything is written; what it raises stops the run.

    Returns:
      The record that `finished` gives from then on: the `step` whose
      parameters were selected, its `score`, the steps done, and in `rules`
      what each rule chose.

    Raises:
      Interrupted: on SIGTERM or Ctrl-C, after saving.
      InputError: if the loss is no longer a number, or data do not fit.
    """
    if phase.candidates:
        guard()
        return choosing.run(phase, workspace, rules)
    directory = workspace.directory(phase)
    directory.mkdir(parents=True, exist_ok=True)
    training = _Run(phase, workspace, rules, guard)
    guard()
    phase_folder.drop_unmeasured(directory, set(training.ballot.rules))
    phase_folder.write_json(
        directory / "phase.json",
        {
            "identity": phase.identity(workspace.data_dir),
            "configuration": phase.configuration(workspace.data_dir),
            # Beside the configuration: they do not change the parameters.
            "rules": list(training.ballot.rules),
        },
    )
    phase_folder.keep_vocabulary(phase, workspace, directory / VOCABULARY)
    with (
        Interruption() as interruption,
        Checkpoints(
            directory / "checkpoints", tuple(training.ballot.scored)
        ) as checkpoints,
    ):
        record = training.train(checkpoints, interruption, progress)
    guard()
    phase_folder.write_json(
        directory / "environment.json",
        environment.describe(workspace.partitioning),
    )
    phase_folder.write_json(directory / DONE, record)
    return record


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


def evaluations(
    phase: Phase,
    workspace: Workspace,
    step: int | None = None,
    prediction: Prediction = RANK,
) -> Callable[[Component], Evaluation]:
    """Returns what predicts a component with a checkpoint's parameters.

    Args:
      phase: a finished one.
      workspace: where it is.
      step: which checkpoint; by default the one that was selected.
      prediction: how answers are predicted that could be ranked.
    """
    made = _Run(phase, workspace)
    if step is None:
        step = finished(phase, workspace)["step"]
    params = restore_params(
        workspace.directory(phase) / "checkpoints",
        step,
        made.program.abstract.params,
    )
    return functools.partial(made.evaluation, params, prediction=prediction)


def opened(phase: Phase, workspace: Workspace) -> "_Run":
    """Returns a phase's programs and batches; nothing is trained."""
    return _Run(phase, workspace)


class _Run:
    """What a phase needs while it runs, and where it has got to."""

    def __init__(
        self,
        phase: Phase,
        workspace: Workspace,
        rules: Sequence[Rule] = (),
        guard: Guard = unguarded,
    ):
        self.phase, self.workspace, self.guard = phase, workspace, guard
        self.evaluations = Evaluations(
            phase.reading,
            workspace.cache_dir,
            workspace.data_dir,
            workspace.partitioning,
            workspace.execution.evaluation_rows,
        )
        self.renderings = {
            group.name: self.evaluations.rendering(group.components[0])
            for group in phase.groups
        }
        self.program = Program(
            renderings.joint(self.renderings),
            phase.training.optimizer,
            phase.training.steps,
            workspace.partitioning,
            workspace.execution.microbatches,
        )
        self.ballot = selection.ballot(phase, rules, workspace.data_dir)
        self.position = self.ballot.start()

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
                    self.guard()
                    whole = self.rows.whole(state)
                    checkpoints.save(step, whole, self.position)
                    raise Interrupted(f"{self.phase.kind} at step {step}")
            return self._record(step, monitor.summary())

    def evaluation(
        self, params: Params, part: Component, prediction: Prediction = RANK
    ) -> Evaluation:
        """Returns what predicts a component, with parameters."""
        if len(self.phase.groups) > 1 and self.phase.trains(part):
            name = self.phase.group_of(part)
            params = self.program.objective.of(name, params)
        return self.evaluations.evaluation(params, part, prediction)

    @functools.cached_property
    def rows(self) -> trimming.Rows:
        """Which rows of the vocabulary's tables are trained."""
        phase, workspace = self.phase, self.workspace
        return trimming.rows(
            phase,
            workspace.execution.trim,
            self.program,
            [workspace.cache(phase, part) for part in phase.components],
            self.evaluations.pieces.special_ids,
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
            return self.group_batches(self.phase.groups[0], seed)
        return MixedBatches(
            tuple(
                (
                    group.name,
                    self.group_batches(group, group_seed(seed, number)),
                    group.rate,
                )
                for number, group in enumerate(self.phase.groups)
            )
        )

    def group_batches(self, group: Group, seed: int) -> TrainingBatches:
        """Returns the batches of tasks that are packed together."""
        phase, execution = self.phase, self.workspace.execution
        return TrainingBatches(
            components=tuple(
                (self.workspace.cache(phase, part), part.rate)
                for part in group.components
            ),
            features=self.rows.features(self.renderings[group.name].training),
            batch_size=phase.training.batch_size,
            columns=phase.reading.columns,
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
        self.guard()
        return monitor.write(step, values)

    def _look(
        self,
        step: int,
        state: TrainState,
        checkpoints: Checkpoints,
        monitor: Monitor,
    ) -> None:
        """Evaluates and saves, where this step is one to do so."""
        scores: dict[str, float] = {}
        measured = self._every(self.phase.training.evaluate_every, step)
        last = step == self.phase.training.steps
        regular = self._every(self.workspace.execution.checkpoint_every, step)
        if not (measured or regular or last):
            return
        whole = self.rows.whole(state)
        if measured:
            scores = self._scores(whole.params)
        self.guard()
        if scores:
            judge = self.ballot.judge
            named = {"dev" if n == judge else n: x for n, x in scores.items()}
            monitor.write(step, named)
            self.position = self.ballot.count(self.position, step, scores)
        if scores or regular or last:
            checkpoints.save(step, whole, self.position, scores)

    def _scores(self, params: Params) -> dict[str, float]:
        """Returns each rule's mean score over its splits, each measured once."""
        rules = self.ballot.scored
        parts = dict.fromkeys(p for rule in rules.values() for p in rule.parts)
        measured = {
            part: self.evaluation(params, part).score(
                self.workspace.cache(self.phase, part)
            )
            for part in parts
        }
        return {
            key: statistics.fmean(measured[part] for part in rule.parts)
            for key, rule in rules.items()
        }

    def _record(self, step: int, summary: dict[str, float]) -> dict[str, Any]:
        chosen = self.ballot.chosen(self.position, step)
        data_dir = self.workspace.data_dir
        own = chosen[selection.own(self.phase).key(self.phase, data_dir)]
        judged = chosen.get(self.ballot.judge, own)
        return {
            "identity": self.phase.identity(data_dir),
            "constant": self._constant(),
            "selection": self.phase.training.selection,
            "step": own["step"],
            "score": judged["score"],
            "steps": step,
            "rules": chosen,
        } | summary

    def _constant(self) -> dict[str, float] | None:
        """Returns what the best constant answer would score on dev data."""
        if self.ballot.judge is None:
            return None
        parts = [
            constant.constant(cache, outcome.layout, outcome.targets(cache))
            for part in self.ballot.rules[self.ballot.judge].parts
            for cache in [self.workspace.cache(self.phase, part)]
            for outcome in [self.evaluations.rendering(part).outcome]
        ]
        return dataclasses.asdict(constant.mean(parts))


def group_seed(seed: int, number: int) -> int:
    """Returns a seed of its own for each group: equal ones, equal orders."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
