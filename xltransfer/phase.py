"""Runs one phase: restore, train, select, record."""

import dataclasses
import functools
import itertools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any

import jax

from xltransfer import (
    choosing,
    constant,
    divergence,
    hosts,
    phase_folder,
    renderings,
    selection,
    starting,
    streams,
    throughput,
    trimming,
)
from xltransfer.checkpoints import Checkpoints, restore_params
from xltransfer.claims import NOBODY_ELSE, Assumed, Claim
from xltransfer.components import Component, Group
from xltransfer.data.loader import Packed, TrainingBatches
from xltransfer.data.mixing import Batches
from xltransfer.divergence import Diverged, Replay
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.evaluations import Evaluations
from xltransfer.interruption import Interrupted, Interruption
from xltransfer.monitoring import Monitor
from xltransfer.objectives.objective import Params
from xltransfer.profiling import Trace
from xltransfer.renderings import RANK, Prediction
from xltransfer.selection import Rule
from xltransfer.specification import Phase
from xltransfer.train import Program, TrainState
from xltransfer.workspace import Workspace, finished

Progress = Callable[[int, Mapping[str, float]], None]
Updated = tuple[TrainState, dict[str, jax.Array]]


def run(
    phase: Phase,
    workspace: Workspace,
    progress: Progress,
    rules: Sequence[Rule] = (),
    claim: Claim | Assumed = NOBODY_ELSE,
) -> dict[str, Any]:
    """Trains a phase, from its last checkpoint on if there is one.

    It starts again where a rule is asked for that was not measured from the
    start on: what that would have chosen is not there any more.

    Args:
      phase: what to train; its parent is finished.
      workspace: where, and on what.
      progress: called with the updates done and the latest metrics.
      rules: each chooses a checkpoint, beside the phase's own selection.
      claim: on the phase's folder; checked before anything is written.

    Returns:
      The record that `finished` gives from then on: the `step` whose
      parameters were selected, its `score`, the steps done, and in `rules`
      what each rule chose.

    Raises:
      Interrupted: on SIGTERM or Ctrl-C, after saving.
      ClaimLost: where another worker has taken over.
      InputError: if the loss is no number any more, or data do not fit.
    """
    if phase.candidates:
        claim.check()
        return choosing.run(phase, workspace, rules)
    directory = workspace.directory(phase)
    directory.mkdir(parents=True, exist_ok=True)
    training = _Run(phase, workspace, rules, claim)
    saved = phase_folder.checkpoints(directory, claim.number)
    if hosts.leads():
        claim.check()
        phase_folder.begin(phase, workspace, list(training.ballot.rules))
        phase_folder.take_over(directory, claim)
    hosts.meet("a phase begins")
    with (
        Interruption() as interruption,
        Checkpoints(saved, tuple(training.ballot.scored)) as checkpoints,
    ):
        record = training.train(checkpoints, interruption, progress)
    if hosts.leads():
        claim.check()
        phase_folder.end(phase, workspace, saved, record)
    hosts.meet("a phase has ended")
    return record


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
        phase_folder.checkpoints(workspace.directory(phase)),
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
        claim: Claim | Assumed = NOBODY_ELSE,
    ):
        self.phase, self.workspace, self.claim = phase, workspace, claim
        self.directory = workspace.directory(phase)
        self.evaluations = Evaluations(
            reading=phase.reading,
            cache_dir=workspace.cache_dir,
            data_dir=workspace.data_dir,
            partitioning=workspace.partitioning,
            rows=workspace.execution.evaluation_rows,
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
            microbatches=workspace.execution.microbatches,
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
        try:
            return self._train(checkpoints, interruption, progress)
        except Diverged as error:
            found = error.with_traceback(None)  # Its frames hold a state.
        raise self._report(found, checkpoints)

    def _train(
        self,
        checkpoints: Checkpoints,
        interruption: Interruption,
        progress: Progress,
    ) -> dict[str, Any]:
        execution, last = self.workspace.execution, self.phase.training.steps
        step, watch = checkpoints.step, divergence.Guard()
        stops = hosts.Stops(self.workspace.partitioning)
        stream = self._iterate(step)
        with futures.ThreadPoolExecutor(1) as pool:
            # Made while parameters are read; more, while XLA compiles.
            first = pool.submit(next, stream)
            state, _ = self._start(checkpoints)
        stream = itertools.chain([first.result()], stream)
        with (
            self._monitor(step) as monitor,
            Trace(self.directory, execution.profile, step, last) as trace,
        ):
            while step < last and not self._exhausted:
                with monitor.spent("input"):
                    packed = next(stream)
                with trace.update(step):
                    state, metrics = self._update(state, packed)
                step += 1
                trace.done(step, metrics)
                watch.watch(step, metrics)
                monitor.count(packed)
                if self._every(execution.log_every, step):
                    progress(step, self._logged(monitor, step, metrics))
                if self._measures(step) or self._saves(step):
                    watch.settle()
                    self._look(step, state, checkpoints, monitor)
                if stops.agreed(interruption.requested):
                    watch.settle()
                    self._save(checkpoints, step, state)
                    raise Interrupted(f"{self.phase.kind} at step {step}")
            return self._record(step, monitor.summary())

    def _update(self, state: TrainState, packed: Packed) -> Updated:
        arrays = self.workspace.partitioning.put(packed.arrays, packed.rows)
        return self.rows.program.update(state, arrays, self.phase.seed)

    def _iterate(self, step: int) -> Iterator[Packed]:
        return self._batches.iterate(
            step,
            self.workspace.partitioning.host_rows,
            self.workspace.execution.prefetch,
        )

    def _save(self, into: Checkpoints, step: int, state: TrainState) -> None:
        self.claim.check()
        into.save(step, self.rows.whole(state), self.position)

    def _monitor(self, step: int) -> Monitor:
        arithmetic = throughput.arithmetic(
            self.rows.sized(self.phase.model),
            self.phase.masked_lm_head is not None,
            self.workspace.execution.measure_rate,
        )
        return Monitor(self.directory, step, arithmetic, hosts.leads())

    def _report(self, found: Diverged, checkpoints: Checkpoints) -> InputError:
        self.claim.check()
        start = functools.partial(self._start, checkpoints)
        return divergence.report(
            self.phase.kind,
            found,
            self._batches.examples(found.step - 1),
            self.directory,
            Replay(start, self._iterate, self._update, self._save),
        )

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

    @functools.cached_property
    def _batches(self) -> Batches:
        return streams.batches(self.phase, self.group_batches)

    def group_batches(self, group: Group, seed: int) -> TrainingBatches:
        """Returns the batches of tasks that are packed together."""
        features = self.rows.features(self.renderings[group.name].training)
        return streams.of_group(
            self.phase, self.workspace, group, features, seed
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
        self.claim.check()
        return monitor.write(step, values)

    def _measures(self, step: int) -> bool:
        return self._every(self.phase.training.evaluate_every, step)

    def _saves(self, step: int) -> bool:
        regular = self._every(self.workspace.execution.checkpoint_every, step)
        return regular or step == self.phase.training.steps

    def _look(
        self,
        step: int,
        state: TrainState,
        checkpoints: Checkpoints,
        monitor: Monitor,
    ) -> None:
        """Evaluates and saves, where this step is one to do so."""
        scores: dict[str, float] = {}
        whole = self.rows.whole(state)
        if self._measures(step):
            with monitor.spent("evaluation"):
                scores = self._scores(whole.params)
        self.claim.check()
        if scores:
            judge = self.ballot.judge
            named = {"dev" if n == judge else n: x for n, x in scores.items()}
            monitor.write(step, named)
            self.position = self.ballot.count(self.position, step, scores)
        if scores or self._saves(step):
            with monitor.spent("checkpoint"):
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
