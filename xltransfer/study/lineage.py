"""Phases that follow one another: pretraining, intermediate phases, a target."""

import dataclasses

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
from xltransfer.study.sweeps import swept
from xltransfer.workspace import Kind


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
        return self._phase("pretrain", parts, (), training, pretrain.seed, None)

    def intermediates(
        self, steps: tuple[Intermediate, ...], seed: int, parent: Phase | None
    ) -> Phase | None:
        """Returns the last of a row's intermediate phases, or the parent."""
        for step in steps:
            parent = self._intermediate(step, seed, parent)
        return parent

    def target(self, target: Target, seed: int, parent: Phase | None) -> Phase:
        """Returns the phase that is evaluated, or the choice of one."""
        for train, dev in target.steps:
            parent = self._target(target, train, dev, seed, parent)
        return parent

    def _intermediate(
        self, step: Intermediate, seed: int, parent: Phase | None
    ) -> Phase:
        parts = components_of(step.data, "train", seed)
        training = self._training(
            "intermediate",
            parts,
            step.training,
            self.model.intermediate or self.study.intermediate,
            step.changes,
        )

        def made(one: Training) -> Phase:
            mixed = self.method.mixed(parts, "intermediate")
            dev = _dev(parts) if one.selection == "dev" else ()
            share = self.method.share_of("intermediate")
            counted = _counted(one, parts, share)
            return self._phase(
                "intermediate", mixed, dev, counted, seed, parent
            )

        sweep = step.sweep or self.study.sweeps.get("intermediate")
        return swept(training, sweep, made)

    def _target(
        self,
        target: Target,
        train: str,
        dev: str,
        seed: int,
        parent: Phase | None,
    ) -> Phase:
        parts = components_of(train, "train", seed)
        validation = components_of(dev, "dev")
        training = self._training(
            "target",
            parts,
            target.training,
            self.model.target or self.study.target,
            target.changes,
        )
        _check_rules(target, training)

        def made(one: Training) -> Phase:
            mixed = self.method.mixed(parts, "target")
            counted = _counted(one, parts, self.method.share_of("target"))
            return self._phase(
                "target", mixed, validation, counted, seed, parent
            )

        sweep = target.sweep or self.study.sweeps.get("target")
        return swept(training, sweep, made)

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


def _dev(parts: tuple[Component, ...]) -> tuple[Component, ...]:
    """Returns the dev splits, whole, of the datasets that have one."""
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
