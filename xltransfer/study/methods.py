"""Ways to train and to predict that a study compares."""

import dataclasses
from typing import Literal

from xltransfer import fields
from xltransfer.components import Component, components_of
from xltransfer.errors import InputError
from xltransfer.renderings import Prediction
from xltransfer.study.changes import Changes

# Kinds of phase that are not pretraining.
Tuned = Literal["intermediate", "target"]


@dataclasses.dataclass(frozen=True)
class Method:
    """How the phases of a study train, and mT5 predicts.

    Attributes:
      intermediate: settings in which intermediate phases differ.
      target: settings in which target phases differ.
      text: text (task or mixture) for masked words or span corruption, that is
        mixed in: continued pretraining.
      share: of the batches, which are of that text.
      mixed_into: kinds of phase that it is mixed into.
      prediction: how mT5 predicts labels, in place of what targets say.
      models: labels of the models that it is for; none: all of them.
    """

    intermediate: Changes = dataclasses.field(default_factory=dict)
    target: Changes = dataclasses.field(default_factory=dict)
    text: str | None = None
    share: float = 0.0
    mixed_into: tuple[Tuned, ...] = ("intermediate",)
    prediction: Prediction | None = None
    models: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fields.check(self)
        if not 0 <= self.share < 1:
            raise InputError(
                f"Method.share is {self.share}: from 0 to less than 1."
            )
        if (self.text is None) != (self.share == 0):
            raise InputError(
                "Method.text and Method.share say together which text is mixed "
                "in, and how much of it: bind both."
            )

    def changes(self, kind: Tuned) -> Changes:
        """Returns in what a kind of phase differs."""
        return {"intermediate": self.intermediate, "target": self.target}[kind]

    def share_of(self, kind: Tuned) -> float:
        """Returns the share of text in the batches of a kind of phase."""
        return self.share if kind in self.mixed_into else 0.0

    def mixed(
        self, parts: tuple[Component, ...], kind: Tuned
    ) -> tuple[Component, ...]:
        """Returns the components with the text at its rate."""
        share = self.share_of(kind)
        if not share:
            return parts
        text = components_of(self.text, "train")
        own, others = (sum(one.rate for one in some) for some in (parts, text))
        scale = own * share / (1 - share) / others
        return parts + tuple(
            dataclasses.replace(one, rate=one.rate * scale) for one in text
        )
