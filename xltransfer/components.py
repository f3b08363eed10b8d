"""What a phase trains on: splits of datasets, each at a rate."""

import dataclasses
from collections.abc import Iterable

import tasks
from tasks.row import Dataset


@dataclasses.dataclass(frozen=True)
class Component:
    """A split of a dataset and its sampling rate in a mixture."""

    dataset: Dataset
    split: str
    rate: float = 1.0


@dataclasses.dataclass(frozen=True)
class Group:
    """Components that come in the same batches, for the same head.

    Attributes:
      name: tells the groups of a phase apart.
      components: what it draws from.
    """

    name: str
    components: tuple[Component, ...]

    @property
    def rate(self) -> float:
        """The group's share of the batches, against the other groups'."""
        return sum(part.rate for part in self.components)


def group_names(problems: Iterable[str]) -> tuple[str, ...]:
    """Returns names that tell a phase's groups apart, given their problems."""
    names: list[str] = []
    for problem in problems:
        count = sum(name.split("_of_")[0] == problem for name in names)
        names.append(f"{problem}_of_{count + 1}" if count else problem)
    return tuple(names)


def components_of(name: str, split: str) -> tuple[Component, ...]:
    """Returns a split of every dataset of a mixture, by the mixture's name."""
    return tuple(
        Component(tasks.dataset(dataset), split, rate)
        for dataset, rate in tasks.mixture(name).components
    )
