"""What a study starts from, and what it trains on in between."""

import dataclasses
from collections.abc import Mapping

from tasks.vocabularies import Vocabulary
from xltransfer import fields
from xltransfer.components import MULTITASK
from xltransfer.errors import InputError
from xltransfer.renderings import ModelConfig
from xltransfer.specification import Training
from xltransfer.study.changes import Changes
from xltransfer.study.sweeps import Sweep

# One for all, or by the problem of a phase's data; `ANY` for every other one.
Trainings = Training | Mapping[str, Training]
ANY = "any"


def training_for(problem: str, trainings: Trainings, where: str) -> Training:
    """Returns how a phase trains on data of a problem.

    Raises:
      InputError: where nothing is said of that problem.
    """
    if isinstance(trainings, Training):
        return trainings
    found = trainings.get(problem, trainings.get(ANY))
    if found is None:
        known = ", ".join(map(repr, trainings))
        several = " (data of several problems)" * (problem == MULTITASK)
        raise InputError(
            f"{where} says how to train on {known}, but not on "
            f"{problem!r}{several}. {ANY!r} stands for every other problem."
        )
    return found


@dataclasses.dataclass(frozen=True)
class Pretraining:
    """A pretraining phase of one's own: text (task or mixture) and how."""

    text: str
    training: Training
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Model:
    """A pretrained model, and how its phases train where that is its own.

    Attributes:
      config: family and size.
      vocabulary: whose pieces it reads.
      init: where pretraining, or else every first phase, starts: `scratch`,
        or one of `origins`.
      pretrain: a pretraining phase, where the model is not loaded.
      intermediate: how intermediate phases train; by default as the study says.
      target: how target phases train; by default as the study says.
    """

    config: ModelConfig
    vocabulary: Vocabulary
    init: str = "scratch"
    pretrain: Pretraining | None = None
    intermediate: Trainings | None = None
    target: Trainings | None = None

    def __post_init__(self) -> None:
        fields.check(self)


@dataclasses.dataclass(frozen=True)
class Intermediate:
    """One intermediate phase: data, and what of its training is its own.

    Attributes:
      data: task or mixture, or a recipe.
      dev: task or mixture whose dev splits choose the checkpoint; by default
        those of the data.
      training: how it trains, in place of what model and study say.
      changes: settings that differ from there.
      sweep: settings that are tried; by default the study's.
    """

    data: str
    dev: str | None = None
    training: Trainings | None = None
    changes: Changes = dataclasses.field(default_factory=dict)
    sweep: Sweep | None = None

    def __post_init__(self) -> None:
        fields.check(self)


# One phase, several one after the other, or none.
Row = None | str | Intermediate | tuple[str | Intermediate, ...]


def chain(row: Row) -> tuple[Intermediate, ...]:
    """Returns the intermediate phases of a row, in their order."""
    steps = row if isinstance(row, tuple) else () if row is None else (row,)
    return tuple(
        Intermediate(one) if isinstance(one, str) else one for one in steps
    )
