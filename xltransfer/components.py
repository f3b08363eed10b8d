"""Splits of datasets, as phases train on them and are evaluated on them."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import tasks
from tasks import sampled
from tasks.row import Dataset

MULTITASK = "multitask"
# First metrics of retrieval that needs no head.
EMBEDDED = ("tatoeba", "bucc")


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


def companion_of(part: Component) -> Component | None:
    """Returns what else must be predicted to predict a component, if any.

    Queries may seek in another dataset's candidates; a threshold of a test set
    is chosen on the dev set.
    """
    row = part.dataset
    if row.pool:
        pool = tasks.dataset(row.pool)
        names = {split.name for split in pool.splits}
        return Component(pool, part.split if part.split in names else "test")
    if row.metrics[:1] == ("bucc",) and part.split == "test":
        return Component(row, "dev")
    return None


def with_companions(parts: Iterable[Component]) -> Iterator[Component]:
    """Yields components, each with its companion, if it has one."""
    for part in parts:
        yield part
        other = companion_of(part)
        if other is not None:
            yield other


def components_of(
    name: str, split: str, seed: int = 0
) -> tuple[Component, ...]:
    """Returns a split of every dataset of a mixture, by the mixture's name.

    Args:
      name: of a mixture or dataset, or a recipe.
      split: of its datasets.
      seed: decides which examples of `dataset[:n]` there are.
    """
    return tuple(
        Component(sampled.seeded(tasks.dataset(dataset), seed), split, rate)
        for dataset, rate in tasks.mixture(name).components
    )


def examples_of(parts: Iterable[Component]) -> int | None:
    """Returns how many examples there are, or None where a row states none."""
    sizes = [part.dataset.split(part.split).examples for part in parts]
    return None if None in sizes else sum(sizes)


def problem_of(parts: Iterable[Component]) -> str:
    """Returns the problem of all components, or `multitask`."""
    problems = {part.dataset.problem for part in parts}
    return problems.pop() if len(problems) == 1 else MULTITASK


def shortened(names: Sequence[str]) -> str:
    """Returns datasets' names for a line; many are counted instead."""
    if len(names) < 4:
        return " + ".join(names)
    return f"{names[0]} + {len(names) - 1} more"


def is_embedded(part: Component) -> bool:
    """Tells whether any encoder can predict a component as it is."""
    return part.dataset.metrics[:1] in [(name,) for name in EMBEDDED]
