"""Deltas and spreads over seeds."""

import dataclasses
import math
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over seeds, its sample standard deviation, and how many."""

    mean: float
    deviation: float
    count: int

    def __str__(self) -> str:
        if self.count < 2:
            return f"{self.mean:.1f}"
        return f"{self.mean:.1f} ±{self.deviation:.1f}"


def estimate(values: Sequence[float]) -> Estimate:
    """Returns mean and sample standard deviation (NaN below two values)."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return Estimate(mean, math.nan, len(values))
    squares = math.fsum((value - mean) ** 2 for value in values)
    return Estimate(mean, math.sqrt(squares / (len(values) - 1)), len(values))


def paired_delta(
    values: Mapping[int, float], baseline: Mapping[int, float]
) -> Estimate:
    """Returns the mean difference to a baseline, paired by seed.

    Args:
      values: score by seed.
      baseline: score by seed of direct transfer.

    Raises:
      ValueError: if the seeds differ: an unpaired difference would mix the
        seeds' own spread into the effect.
    """
    if values.keys() != baseline.keys():
        raise ValueError(f"seeds {set(values)} against {set(baseline)}")
    return estimate([values[seed] - baseline[seed] for seed in sorted(values)])
