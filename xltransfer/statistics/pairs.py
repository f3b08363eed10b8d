"""One arm of a table against another: what is claimed, and how sure it is.

Letters: S seeds that both have, L languages, N examples, C clusters of them.
"""

import dataclasses
import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from xltransfer import fields
from xltransfer.language_groups import ENGLISH
from xltransfer.statistics import bootstrap, crossed
from xltransfer.statistics.conclusions import ZERO_SHOT, Interval
from xltransfer.statistics.crossed import Spread
from xltransfer.statistics.estimates import Estimate, estimate
from xltransfer.statistics.randomisation import sign_flip
from xltransfer.statistics.tables import Arm, Table

CROSSED, BOOTSTRAP = "crossed t", "hierarchical bootstrap"
FIXED, DRAWN = "fixed", "drawn"
FLIPS = "sign flips"


@dataclasses.dataclass(frozen=True)
class Method:
    """How intervals and p are taken.

    Attributes:
      intervals: `crossed t`, or the percentile `hierarchical bootstrap`, whose
        intervals are too narrow with few seeds.
      languages: a mean's are `fixed`: it is about these; or `drawn`: it is
        about others, of which these are a sample.
      test: `crossed t`; or `sign flips` of seeds, which takes no law for
        granted, and can find nothing with fewer than six.
      redrawn: how often the bootstrap draws.
    """

    intervals: Literal["crossed t", "hierarchical bootstrap"] = CROSSED
    languages: Literal["fixed", "drawn"] = FIXED
    test: Literal["crossed t", "sign flips"] = CROSSED
    redrawn: int = bootstrap.REDRAWN

    def __post_init__(self) -> None:
        fields.check(self)
        fields.check_least(self, redrawn=100)


@dataclasses.dataclass(frozen=True)
class Claim:
    """What one cell of a table of deltas says.

    Attributes:
      language: a code, or `ZERO_SHOT` for the mean over languages.
      estimate: over seeds.
      interval: None without a spread.
      p: None where it cannot be told.
      over: what the interval is over.
    """

    language: str
    estimate: Estimate
    interval: Interval | None
    p: float | None
    over: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Pair:
    """An arm and its baseline, where both have numbers.

    Attributes:
      languages: that both have.
      deltas: in points.
      influence: by language, of each example on a seed's delta; None where
        either side has none.
      clusters: by language, the cluster of each example.
      complete: whether no seed of the table is missing on either side.
      whole: whether no language of the table is.
    """

    languages: tuple[str, ...]
    deltas: Float[np.ndarray, "S L"]
    influence: tuple[Float[np.ndarray, "S N"] | None, ...]
    clusters: tuple[Int[np.ndarray, "N"] | None, ...]
    complete: bool
    whole: bool

    def claims(self, method: Method) -> list[Claim]:
        """Returns the mean over all languages but English, then each one."""
        others = [
            number
            for number, code in enumerate(self.languages)
            if code != ENGLISH
        ]
        found = []
        if others and self.whole:
            found.append(self._claim(ZERO_SHOT, others, method))
        for number, code in enumerate(self.languages):
            found.append(self._claim(code, [number], method))
        return found

    def by_seed(self) -> Float[np.ndarray, "S"]:
        """Returns each seed's mean over all languages but English."""
        kept = [code != ENGLISH for code in self.languages]
        return self.deltas[:, kept if any(kept) else slice(None)].mean(axis=1)

    def _claim(
        self, language: str, numbers: Sequence[int], method: Method
    ) -> Claim:
        deltas = self.deltas[:, numbers]
        examples = self._examples(numbers)
        is_drawn = method.languages == DRAWN and len(numbers) > 1
        over = ["seeds"] * (len(deltas) > 1)
        over += ["examples"] * (examples is not None)
        over += ["languages"] * is_drawn
        found = estimate(deltas.mean(axis=1).tolist())
        if not over:
            return Claim(language, found, None, None, ())
        spread = self._spread(deltas, examples, numbers, is_drawn)
        interval = None
        if method.intervals == BOOTSTRAP:
            interval = self._redrawn(language, numbers, method, is_drawn)
        elif spread.variance > 0:
            half = float(spread.half_width())
            interval = found.mean - half, found.mean + half
        p = float(spread.p(np.array(found.mean)))
        if method.test == FLIPS:
            p = float(sign_flip(deltas.mean(axis=1)))
        # What one seed shows is about that seed.
        is_known = len(deltas) > 1 and not np.isnan(p)
        return Claim(
            language, found, interval, p if is_known else None, tuple(over)
        )

    def _spread(
        self,
        deltas: Float[np.ndarray, "S L"],
        examples: Float[np.ndarray, "S C"] | None,
        numbers: Sequence[int],
        is_drawn: bool,
    ) -> Spread:
        if not is_drawn:
            return crossed.of_mean(deltas.mean(axis=1), examples)
        apart = None
        if examples is not None:
            own = [crossed.persisting(self.influence[one]) for one in numbers]
            apart = np.array(own)
        return crossed.of_mean_of_drawn_languages(deltas, examples, apart)

    def _examples(
        self, numbers: Sequence[int]
    ) -> Float[np.ndarray, "S C"] | None:
        """Returns what each cluster adds to the mean over some languages."""
        if any(self.influence[one] is None for one in numbers):
            return None
        if len(numbers) == 1:
            return self.influence[numbers[0]]
        size = 1 + max(int(self.clusters[one].max()) for one in numbers)
        found = np.zeros((len(self.deltas), size))
        for one in numbers:
            found[:, self.clusters[one]] += self.influence[one] / len(numbers)
        return found

    def _redrawn(
        self,
        language: str,
        numbers: Sequence[int],
        method: Method,
        is_drawn: bool,
    ) -> Interval:
        examples = None
        if all(self.influence[one] is not None for one in numbers):
            kept = np.concatenate([self.clusters[one] for one in numbers])
            _, flat = np.unique(kept, return_inverse=True)
            size = len(self.deltas), len(numbers), int(flat.max()) + 1
            examples = np.zeros(size)
            start = 0
            for place, one in enumerate(numbers):
                end = start + self.influence[one].shape[1]
                examples[:, place, flat[start:end]] = self.influence[one]
                start = end
        generator = np.random.default_rng(zlib.crc32(language.encode()))
        return bootstrap.interval(
            self.deltas[:, numbers],
            examples,
            generator,
            draw_languages=is_drawn,
            redrawn=method.redrawn,
        )


def pair(table: Table, arm: Arm, baseline: Arm) -> Pair | None:
    """Returns what there is on both sides; None if that is nothing."""
    deltas = arm.values - baseline.values
    there = ~np.isnan(deltas)
    languages = [
        number for number in range(deltas.shape[1]) if there[:, number].any()
    ]
    seeds = there[:, languages].all(axis=1) if languages else there.any(axis=1)
    if not seeds.any():
        return None

    def difference(number: int) -> np.ndarray | None:
        sides = arm.influence[number], baseline.influence[number]
        if any(one is None or np.isnan(one[seeds]).any() for one in sides):
            return None
        return sides[0][seeds] - sides[1][seeds]

    return Pair(
        tuple(table.languages[one] for one in languages),
        deltas[np.ix_(seeds, languages)],
        tuple(difference(one) for one in languages),
        tuple(table.clusters[one] for one in languages),
        bool(seeds.all()),
        len(languages) == len(table.languages),
    )
