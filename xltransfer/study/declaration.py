"""The question: models x methods x intermediates x targets x seeds."""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from tasks import mixing
from tasks.vocabularies import Vocabulary
from xltransfer import fields, selection
from xltransfer.errors import InputError, nearest
from xltransfer.overlap import Treatment
from xltransfer.partitioning import Partitioning
from xltransfer.renderings import RANK, ModelConfig, Prediction
from xltransfer.statistics import Method as Statistics
from xltransfer.study.changes import Changes
from xltransfer.study.methods import Method, Tuned
from xltransfer.study.models import (
    Intermediate,
    Model,
    Pretraining,
    Row,
    Trainings,
    chain,
)
from xltransfer.study.sweeps import Sweep
from xltransfer.workspace import Execution

Names = str | tuple[str | None, ...] | None
Scale = Literal["full", "miniature"]
# What is said wherever the miniature's numbers are shown.
IN_MINIATURE = (
    "in miniature: tiny models, made-up data and a few updates, so that the "
    "numbers mean nothing"
)


@dataclasses.dataclass(frozen=True)
class Target:
    """What a cell trains on last and is evaluated on.

    Attributes:
      train: task or mixture of the English training data; or several, to be
        trained on one after the other with the same head.
      dev: task or mixture whose dev split chooses the checkpoint; of several,
        one for each; None where the last one is taken.
      evaluation: mixture of the languages to be evaluated.
      training: how, in place of what model and study say.
      changes: settings that differ from there.
      sweep: settings that are tried; by default the study's.
      split: the split that is evaluated.
      rules: names in `selection.RULES`: which checkpoints are evaluated; by
        default the one that `training.selection` chooses. All of them come
        from one run.
      prediction: how mT5 predicts labels: by `rank`, the most probable one,
        or by `generation`, whose text may name none. A checkpoint is chosen by
        rank either way.
    """

    train: str | tuple[str, ...]
    dev: str | tuple[str | None, ...] | None
    evaluation: str
    training: Trainings | None = None
    changes: Changes = dataclasses.field(default_factory=dict)
    sweep: Sweep | None = None
    split: str = "test"
    rules: tuple[str, ...] = ()
    prediction: Prediction = RANK

    def __post_init__(self) -> None:
        for name in ("train", "dev"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        fields.check(self)
        if len(_several(self.train)) != len(_several(self.dev)):
            raise InputError(
                f"Target.train is {self.train!r}, Target.dev is {self.dev!r}: "
                "as many of one as of the other."
            )
        for name in self.rules:
            if name not in selection.RULES:
                raise InputError(
                    f"Target.rules names {name!r}; it may name "
                    f"{', '.join(selection.RULES)}."
                    f"{nearest(name, selection.RULES)}"
                )
        if len(set(self.rules)) < len(self.rules):
            raise InputError(f"Target.rules names one twice: {self.rules}.")

    @property
    def steps(self) -> tuple[tuple[str, str | None], ...]:
        """Training and dev data of each phase, in order."""
        return tuple(zip(_several(self.train), _several(self.dev), strict=True))


def _several(names: Names) -> tuple[str | None, ...]:
    return names if isinstance(names, tuple) else (names,)


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
      model: family and size, where there is one model.
      vocabulary: whose pieces it reads.
      intermediates: label -> task, mixture or recipe; or an `Intermediate`, or
        several of them to be trained on one after the other; or None for
        direct transfer.
      targets: label -> target.
      partitioning: mesh and rules.
      seeds: one run of everything after pretraining for each.
      intermediate: how intermediate phases train; where a mapping, by problem.
      target: how target phases train, unless target or model say so.
      pretrain: a pretraining phase, where the model is not loaded.
      init: where pretraining, or else every first phase, starts: `scratch`,
        or one of `origins`.
      models: label -> model, in place of the one model.
      methods: label -> method, each a table of its own.
      matched_examples: adds to each intermediate a row with so many of its
        examples; 0 adds none.
      sweeps: `intermediate` or `target` -> what is tried there.
      scale: `miniature` puts the miniature world in the place of models and
        data, and cuts the updates.
      execution: how it is carried out.
      controls: label -> control, shown below the intermediates.
      overlap: `refuse` trains nothing where a cell would train on what it is
        evaluated on; `warn` says so in plan and results.
      statistics: how intervals and p are taken; nothing is trained anew for
        others.
    """

    name: str
    intermediates: Mapping[str, Row]
    targets: Mapping[str, Target]
    partitioning: Partitioning
    model: ModelConfig | None = None
    vocabulary: Vocabulary | None = None
    seeds: tuple[int, ...] = (0,)
    intermediate: Trainings | None = None
    target: Trainings | None = None
    pretrain: Pretraining | None = None
    init: str = "scratch"
    models: Mapping[str, Model] = dataclasses.field(default_factory=dict)
    methods: Mapping[str, Method] = dataclasses.field(default_factory=dict)
    matched_examples: int = 0
    sweeps: Mapping[Tuned, Sweep] = dataclasses.field(default_factory=dict)
    scale: Scale = "full"
    execution: Execution = dataclasses.field(default_factory=Execution)
    controls: Mapping[str, Control] = dataclasses.field(default_factory=dict)
    overlap: Treatment = "warn"
    statistics: Statistics = dataclasses.field(default_factory=Statistics)

    def __post_init__(self) -> None:
        rows = {
            label: tuple(row) if isinstance(row, list) else row
            for label, row in self.intermediates.items()
        }
        object.__setattr__(self, "intermediates", rows)
        fields.check(self)
        fields.check_least(self, matched_examples=0)
        if Path(self.name).name != self.name:
            raise InputError(f"Study.name is {self.name!r}: no folder's name.")
        twice = len(set(self.seeds)) < len(self.seeds)
        if not self.seeds or twice or min(self.seeds) < 0:
            raise InputError(
                f"Study.seeds is {self.seeds}: at least one, none twice, none "
                "below 0."
            )
        self._check_rows()
        self._check_models()
        self._check_targets()

    def _check_rows(self) -> None:
        if None not in self.intermediates.values():
            raise InputError(
                "Study.intermediates has no row with the value None (direct "
                "transfer), against which every delta is taken."
            )
        if () in self.intermediates.values():
            raise InputError(
                "Study.intermediates has an empty list; direct transfer is "
                "None."
            )
        both = set(self.rows) & set(self.controls)
        if both:
            raise InputError(f"{both} name both intermediates and controls.")

    def _check_models(self) -> None:
        one = (self.model, self.vocabulary, self.pretrain)
        if self.models and one != (None, None, None):
            raise InputError(
                "Study.models and Study.model are both bound: which is meant? "
                "Vocabulary and pretraining go with each of several models."
            )
        if not self.models and None in one[:2]:
            raise InputError(
                "Study.model and Study.vocabulary, or Study.models, must be "
                "bound."
            )
        for label, method in self.methods.items():
            for name in method.models:
                if name not in self.variants:
                    raise InputError(
                        f"The method {label!r} is for the model {name!r}, "
                        f"which there is not.{nearest(name, self.variants)}"
                    )

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

    @functools.cached_property
    def derived(self) -> dict[str, Any]:
        """What follows from it, by name: worked out once (`study.plan`)."""
        return {}

    @property
    def direct(self) -> str:
        """The label of the row without an intermediate phase."""
        return next(k for k, v in self.intermediates.items() if v is None)

    @property
    def rows(self) -> dict[str, tuple[Intermediate, ...]]:
        """Label -> intermediate phases in order, size-matched rows last."""
        found = {label: chain(row) for label, row in self.intermediates.items()}
        count = self.matched_examples
        if not count:
            return found
        matched = {
            f"{label}, {count:,} examples": _cut(steps, count)
            for label, steps in found.items()
            if steps
        }
        return found | matched

    @property
    def variants(self) -> dict[str, Model]:
        """Label -> model, also where there is one alone."""
        if self.models:
            return dict(self.models)
        label = type(self.model).__name__.removesuffix("Config")
        one = Model(
            config=self.model,
            vocabulary=self.vocabulary,
            init=self.init,
            pretrain=self.pretrain,
        )
        return {label: one}

    def methods_for(self, model: str) -> dict[str, Method]:
        """Label -> method of a model; one without a label where none is named."""
        if not self.methods:
            return {"": Method()}
        return {
            label: method
            for label, method in self.methods.items()
            if not method.models or model in method.models
        }


def _cut(
    steps: tuple[Intermediate, ...], count: int
) -> tuple[Intermediate, ...]:
    """Returns phases with so many examples each."""
    return tuple(
        dataclasses.replace(one, data=mixing.cut(one.data, count))
        for one in steps
    )
