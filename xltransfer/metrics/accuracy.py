"""Accuracy in percent, as XTREME's scorer computes it.

It is the metric of XNLI, PAWS-X and XCOPA, and of Tatoeba, where an answer is
the number of the nearest sentence.
"""

from collections.abc import Sequence

from xltransfer.metrics.counted import Columns, Sums, sums


def accuracy(targets: Sequence, predictions: Sequence) -> dict[str, float]:
    """Returns `{"accuracy": share of equal pairs in percent}`.

    Source: `accuracy` in google-research/xtreme's evaluate.py, in its order of
    operations, so that the last digit is the same.

    Raises:
      ValueError: if the lengths differ or there is nothing to count.
    """
    return share(sums(hits(targets, predictions)))


def hits(targets: Sequence, predictions: Sequence) -> Columns:
    """Returns whether each pair is equal; raises ValueError as `accuracy`."""
    if len(targets) != len(predictions) or not len(targets):
        raise ValueError(f"{len(targets)} targets, {len(predictions)} guesses")
    pairs = zip(targets, predictions, strict=True)
    return {"hits": [int(a == b) for a, b in pairs], "n": [1] * len(targets)}


def share(sums: Sums) -> dict[str, float]:
    """Returns the accuracy that sums over examples stand for."""
    return {"accuracy": sums["hits"] / sums["n"] * 100}
