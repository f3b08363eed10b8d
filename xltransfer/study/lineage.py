"""Phases that follow one another: pretraining, intermediate phases, a target."""

import dataclasses
from collections.abc import Callable, Sequence

import tasks
from tasks import sampled
from xltransfer import selection
from xltransfer.components import (
    Component,
    components_of,
    examples_of,
    problem_of,
)
from xltransfer.errors import InputError
from xltransfer.specification import Phase, Training
from xltransfer.study.changes import Changes, changed
from xltransfer.study.declaration import Study, Target
from xltransfer.study.methods import Method, Tuned
from xltransfer.study.models import (
    Intermediate,
    Model,
    Trainings,
    training_for,
)
from xltransfer.study.sweeps import best, trials
from xltransfer.workspace import Kind

# A seed, and the phase before -> the phase.
Following = Callable[[int, Phase | None], Phase | None]


@dataclasses.dataclass(frozen=True)
class Arm:
    """A model that is trained by a method: what makes the phases of a table.

    Attributes:
      study: what is asked.
      model: which one, and how it trains where that is its own.
      method: in what its phases differ.
    """

    study: Study
    model: Model
    method: Method

    def pretraining(self) -> Phase | None:
        """Returns the pretraining phase, if there is one."""
        pretrain = self.model.pretrain
        if pretrain is None:
            return None
        parts = components_of(pretrain.text, "train", pretrain.seed)
        training = _counted(pretrain.training, parts)
        return self._phase(
            "pretrain",
            parts,
            validation=(),
            training=training,
            seed=pretrain.seed,
            parent=None,
        )

    def intermediates(self, steps: tuple[Intermediate, ...]) -> Following:
        """Returns what makes the last phase of a row; the parent of no phase."""
        return _chain([self._intermediate(one) for one in steps])

    def target(self, target: Target) -> Following:
        """Returns what makes the phase of a target that is evaluated."""
        return _chain([self._target(target, *one) for one in target.steps])

    def _intermediate(self, step: Intermediate) -> Following:
        parts = components_of(step.data, "train")
        training = self._training(
            "intermediate",
            parts,
            step.training,
            self.model.intermediate or self.study.intermediate,
            step.changes,
        )
        dev = _dev(step, parts) if training.selection == "dev" else ()
        sweep = step.sweep or self.study.sweeps.get("intermediate")
        return self._following(
            "intermediate", step.data, dev, trials(training, sweep)
        )

    def _target(self, target: Target, train: str, dev: str | None) -> Following:
        training = self._training(
            "target",
            components_of(train, "train"),
            target.training,
            self.model.target or self.study.target,
            target.changes,
        )
        _check_rules(target, training)
        validation = () if dev is None else components_of(dev, "dev")
        sweep = target.sweep or self.study.sweeps.get("target")
        return self._following(
            "target", train, validation, trials(training, sweep)
        )

    def _following(
        self,
        kind: Tuned,
        data: str,
        validation: tuple[Component, ...],
        trainings: tuple[Training, ...],
    ) -> Following:
        """Returns what makes a phase, or the best of several, after another."""
        share = self.method.share_of(kind)
        parts = components_of(data, "train")
        counted = [_counted(one, parts, share) for one in trainings]

        def made(seed: int, parent: Phase | None) -> Phase:
            drawn = components_of(data, "train", seed)
            mixed = self.method.mixed(drawn, kind)
            return best(
                tuple(
                    self._phase(kind, mixed, validation, one, seed, parent)
                    for one in counted
                )
            )

        return made

    def _training(
        self,
        kind: Tuned,
        parts: tuple[Component, ...],
        own: Trainings | None,
        others: Trainings | None,
        changes: Changes,
    ) -> Training:
        found = own or others
        if found is None:
            raise InputError(
                f"How to train on {parts[0].dataset.name} is not bound: bind "
                f"Study.{kind}, Model.{kind} or its own training."
            )
        training = training_for(problem_of(parts), found, f"Study.{kind}")
        return changed(changed(training, changes), self.method.changes(kind))

    def _phase(
        self,
        kind: Kind,
        components: tuple[Component, ...],
        validation: tuple[Component, ...],
        training: Training,
        seed: int,
        parent: Phase | None,
    ) -> Phase:
        return Phase(
            kind=kind,
            model=training.apply_dropout(self.model.config),
            vocabulary=self.model.vocabulary,
            components=components,
            validation=validation,
            training=training,
            seed=seed,
            parent=parent,
            init="scratch" if parent else self.model.init,
        )


def _chain(links: Sequence[Following]) -> Following:
    """Returns what makes the last of several phases after one another."""

    def made(seed: int, parent: Phase | None) -> Phase | None:
        for link in links:
            parent = link(seed, parent)
        return parent

    return made


def _counted(
    training: Training, parts: tuple[Component, ...], share: float = 0.0
) -> Training:
    """Returns the training in updates, a share of which is of other data."""
    if training.epochs is None:
        return training
    examples = examples_of(parts)
    if examples is None:
        names = [one.dataset.name for one in parts if not examples_of([one])]
        raise InputError(
            f"Training.epochs: the number of examples of {', '.join(names)} "
            "is not known; bind Training.steps, and Training.epochs to None."
        )
    return training.limited(examples, share)


def _dev(
    step: Intermediate, parts: tuple[Component, ...]
) -> tuple[Component, ...]:
    """Returns the dev splits, whole, of the datasets that have one."""
    if step.dev is not None:
        return components_of(step.dev, "dev")
    rows = [tasks.dataset(sampled.parted(one.dataset.name)[0]) for one in parts]
    return tuple(
        Component(row, "dev")
        for row in rows
        if "dev" in [split.name for split in row.splits]
    )


def _check_rules(target: Target, training: Training) -> None:
    for name in target.rules:
        if name != selection.LAST and not training.evaluate_every:
            raise InputError(
                f"Target.rules names {name!r}, which needs "
                "Training.evaluate_every > 0."
            )
