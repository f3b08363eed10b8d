"""The deltas of a table, with intervals, tests and Holm's correction."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from xltransfer.language_groups import ENGLISH
from xltransfer.statistics.conclusions import Comparison
from xltransfer.statistics.pairs import Method, pair
from xltransfer.statistics.randomisation import holm
from xltransfer.statistics.tables import Arm, Table

# The problem of text that is pretrained on.
TEXT = "language_modeling"


@dataclasses.dataclass(frozen=True)
class Intermediate:
    """What is known of an intermediate.

    Attributes:
      languages: of what its phase trained on.
      problems: likewise.
    """

    languages: tuple[str, ...]
    problems: tuple[str, ...]

    @classmethod
    def of(cls, datasets: Iterable[tuple[str, str]]) -> "Intermediate":
        """Returns what is known of datasets, by language and problem of each.

        Text that a method mixes into a task is no part of the intermediate.
        """
        every = set(datasets)
        tasks = {one for one in every if one[1] != TEXT} or every
        languages, problems = (
            tuple(sorted({one[n] for one in tasks})) for n in (0, 1)
        )
        return cls(languages, problems)

    @property
    def is_english(self) -> bool:
        """Whether there is nothing but English in it."""
        return set(self.languages) == {ENGLISH}


Known = Mapping[str, Intermediate]


def to_direct(
    table: Table,
    direct: str,
    controls: Sequence[str],
    known: Known,
    method: Method,
) -> list[Comparison]:
    """Returns every intermediate against direct transfer."""
    if direct not in table.arms:
        return []
    pairs = [
        (arm, table.arms[direct])
        for label, arm in table.arms.items()
        if label not in (direct, *controls)
    ]
    return _compared(table, pairs, known, method)


def to_english(
    table: Table, controls: Sequence[str], known: Known, method: Method
) -> list[Comparison]:
    """Returns every other intermediate against its English counterpart.

    That is one on the same problems with as many examples.
    """
    pairs = [
        (arm, table.arms[counterpart])
        for label, arm in table.arms.items()
        if label not in controls
        and (counterpart := _counterpart(table, arm, known))
        and counterpart != label
    ]
    return _compared(table, pairs, known, method)


def is_matched(table: Table, arm: Arm, known: Known) -> bool:
    """Whether an English intermediate had as many examples, or this is one."""
    return _counterpart(table, arm, known) is not None


def _counterpart(table: Table, arm: Arm, known: Known) -> str | None:
    """Returns the English arm on as much of the same, itself if it is one."""
    own = known.get(arm.label)
    if own is None or arm.examples is None:
        return None
    if own.is_english:
        return arm.label
    for label, other in table.arms.items():
        fact = known.get(label)
        if (
            fact is not None
            and fact.is_english
            and fact.problems == own.problems
            and other.examples == arm.examples
        ):
            return label
    return None


def _compared(
    table: Table,
    pairs: Sequence[tuple[Arm, Arm]],
    known: Known,
    method: Method,
) -> list[Comparison]:
    key = dataclasses.asdict(table.key)
    found = []
    for arm, baseline in pairs:
        both = pair(table, arm, baseline)
        if both is None:
            continue
        flagged = arm.flagged or baseline.flagged or not both.complete
        found += [
            Comparison(
                **key,
                intermediate=arm.label,
                language=claim.language,
                estimate=claim.estimate,
                interval=claim.interval,
                # A run that failed to learn is of another law than the rest.
                p=None if flagged else claim.p,
                p_holm=None,
                matched=is_matched(table, arm, known),
                flagged=flagged,
                baseline=baseline.label,
                examples=arm.examples,
                over=claim.over,
            )
            for claim in both.claims(method)
        ]
    return _corrected(found)


def _corrected(found: list[Comparison]) -> list[Comparison]:
    """Corrects the means of a table, and apart from them its languages."""
    corrected = list(found)
    for is_mean in (True, False):
        family = [
            number
            for number, one in enumerate(found)
            if one.is_mean == is_mean and one.p is not None
        ]
        p = np.array([found[number].p for number in family])
        for number, value in zip(family, holm(p), strict=True):
            corrected[number] = dataclasses.replace(
                found[number], p_holm=float(value)
            )
    return corrected
