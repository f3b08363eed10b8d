"""What a study's numbers say: deltas, intervals, tests, effects."""

from xltransfer.statistics.conclusions import (
    ZERO_SHOT,
    Best,
    Comparison,
    Conclusions,
    Effect,
    Key,
)
from xltransfer.statistics.estimates import Estimate, estimate, paired_delta

__all__ = [
    "ZERO_SHOT",
    "Best",
    "Comparison",
    "Conclusions",
    "Effect",
    "Estimate",
    "Key",
    "estimate",
    "paired_delta",
]
