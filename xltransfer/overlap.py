"""Does a cell train on what it is evaluated on?

The rows of the task table say which evaluation sets hold the same content, in
whatever language: translated training data of a benchmark, or its test
questions under another name. A score after such training is no zero-shot score.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Literal

from xltransfer.components import Component, shortened
from xltransfer.language_groups import ENGLISH
from xltransfer.specification import Phase

# What is done about it: it is told beside the numbers, or nothing is trained.
Treatment = Literal["warn", "refuse"]


@dataclasses.dataclass(frozen=True)
class Overlap:
    """What one row of a table trained on, for one of its targets.

    Attributes:
      intermediate: the row's label.
      target: the target's label.
      trained: names of the datasets that were trained on.
      evaluated: names of what they overlap with: sets of an evaluation, such
        as `xnli`, or single ones, such as `udpos.de`.
    """

    intermediate: str
    target: str
    trained: tuple[str, ...]
    evaluated: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.target} after {self.intermediate} is not zero-shot: "
            f"trained on {shortened(self.trained)}, which overlaps with "
            f"{shortened(self.evaluated)}."
        )


def overlaps(
    trained: Phase, evaluated: Sequence[Component]
) -> list[tuple[str, str]]:
    """Returns pairs: a dataset that was trained on, what it overlaps with.

    Counts all phases from the first to `trained`. A target's English training
    data is what zero-shot transfer starts from; it counts only where its
    examples themselves are evaluated.
    """
    return between(
        [
            (one.kind, part)
            for one in trained.lineage
            for part in one.components
        ],
        evaluated,
    )


def between(
    trained: Iterable[tuple[str, Component]], evaluated: Sequence[Component]
) -> list[tuple[str, str]]:
    """As `overlaps`, of components each with its phase's kind."""
    found: dict[tuple[str, str], None] = {}
    for kind, part in trained:
        own = kind == "target" and part.dataset.language == ENGLISH
        names = () if own else marked(part, evaluated)
        for name in (*names, *same(part, evaluated)):
            found.setdefault((part.dataset.name, name))
    return list(found)


def marked(part: Component, evaluated: Iterable[Component]) -> list[str]:
    """Returns which evaluation sets the row says that a split overlaps with.

    `xnli` stands for all of its languages, `udpos.de` for itself alone.
    """
    row = part.dataset
    marks = dict.fromkeys((*row.overlap, *row.split(part.split).overlap))
    names = [one.dataset.name for one in evaluated]
    return [
        mark
        for mark in marks
        if any(name == mark or name.startswith(f"{mark}.") for name in names)
    ]


def same(part: Component, evaluated: Iterable[Component]) -> list[str]:
    """Returns which of the evaluated splits are read from a split's source."""
    return [
        one.dataset.name for one in evaluated if _source(one) == _source(part)
    ]


def _source(part: Component) -> object:
    return part.dataset.split(part.split).source
