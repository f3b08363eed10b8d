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
from xltransfer.statistics.pairs import Method

__all__ = [
    "ZERO_SHOT",
    "Best",
    "Comparison",
    "Conclusions",
    "Effect",
    "Estimate",
    "Key",
    "Method",
    "estimate",
    "paired_delta",
]
