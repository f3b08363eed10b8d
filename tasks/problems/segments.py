"""Ragged batches in numpy.

N sequences are two arrays: their T elements, end to end, and `offsets` [N + 1],
where each begins and the last ends; or `lengths` [N].
"""

import numpy as np
from jaxtyping import Bool, Float, Int

Offsets = Int[np.ndarray, "N+1"]


def smallest(
    keys: Float[np.ndarray, "T"],
    lengths: Int[np.ndarray, "N"],
    counts: Int[np.ndarray, "N"],
) -> Bool[np.ndarray, "T"]:
    """Marks the `counts` smallest keys (in [0, 1]) of each sequence."""
    # Twice the sequence's number keeps sequences apart, a key of 1 included.
    order = np.argsort(
        2.0 * np.repeat(np.arange(len(lengths)), lengths) + keys, kind="stable"
    )
    chosen = np.zeros(len(keys), bool)
    chosen[order[within(lengths) < np.repeat(counts, lengths)]] = True
    return chosen


def within(lengths: Int[np.ndarray, "N"]) -> Int[np.ndarray, "T"]:
    """Returns each place's position in its own sequence."""
    begins = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(begins, lengths)


def sums(
    values: Bool[np.ndarray, "T"], offsets: Offsets
) -> Int[np.ndarray, "N"]:
    """Returns how many of each sequence's elements are true."""
    totals = np.concatenate([[0], np.cumsum(values)])
    return totals[offsets[1:]] - totals[offsets[:-1]]
