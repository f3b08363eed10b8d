"""The question: intermediates x targets x seeds on one pretrained model."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from tasks.vocabularies import Vocabulary
from xltransfer import fields, selection
from xltransfer.errors import InputError, nearest
from xltransfer.overlap import Treatment
from xltransfer.partitioning import Partitioning
from xltransfer.renderings import RANK, ModelConfig, Prediction
from xltransfer.specification import Training
from xltransfer.workspace import Execution


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
      rules: names in `selection.RULES`: which checkpoints are evaluated; by
        default the one that `training.selection` chooses. All of them come
        from one run.
      prediction: how mT5 predicts labels: by `rank`, the most probable one,
        or by `generation`, whose text may name none. A checkpoint is chosen by
        rank either way.
    """

    train: str
    dev: str
    evaluation: str
    training: Training
    split: str = "test"
    rules: tuple[str, ...] = ()
    prediction: Prediction = RANK

    def __post_init__(self) -> None:
        fields.check(self)
        for name in self.rules:
            if name not in selection.RULES:
                raise InputError(
                    f"Target.rules names {name!r}; it may name "
                    f"{', '.join(selection.RULES)}."
                    f"{nearest(name, selection.RULES)}"
                )
            if name != selection.LAST and not self.training.evaluate_every:
                raise InputError(
                    f"Target.rules names {name!r}, which needs "
                    "Training.evaluate_every > 0."
                )
        if len(set(self.rules)) < len(self.rules):
            raise InputError(f"Target.rules names one twice: {self.rules}.")


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
      overlap: `refuse` trains nothing where a cell would train on what it is
        evaluated on; `warn` says so in plan and results.
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
    overlap: Treatment = "warn"

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
