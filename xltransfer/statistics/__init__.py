"""What a study's numbers say: deltas, intervals, tests, effects."""

from xltransfer.statistics.conclusions import (
    ZERO_SHOT,
    Best,
    Comparison,
    Conclusions,
    Effect,
)
from xltransfer.statistics.estimates import Estimate, estimate, paired_delta

__all__ = [
    "ZERO_SHOT",
    "Best",
    "Comparison",
    "Conclusions",
    "Effect",
    "Estimate",
    "estimate",
    "paired_delta",
]
