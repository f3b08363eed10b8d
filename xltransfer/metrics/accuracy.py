"""Accuracy in percent, as XTREME's scorer computes it.

It is the metric of XNLI, PAWS-X and XCOPA, and of Tatoeba, where an answer is
the number of the nearest sentence.
"""

from collections.abc import Sequence


def accuracy(targets: Sequence, predictions: Sequence) -> dict[str, float]:
    """Returns `{"accuracy": share of equal pairs in percent}`.

    Source: `accuracy` in google-research/xtreme's evaluate.py, in its order of
    operations, so that the last digit is the same.

    Raises:
      ValueError: if the lengths differ or there is nothing to count.
    """
    if len(targets) != len(predictions) or not len(targets):
        raise ValueError(f"{len(targets)} targets, {len(predictions)} guesses")
    hits = sum(a == b for a, b in zip(targets, predictions, strict=True))
    return {"accuracy": int(hits) / len(targets) * 100}
