"""Retrieval: BUCC's F1 of mined pairs, and mean average precision at 20.

Tatoeba's is `accuracy`.
"""

from collections.abc import Collection, Sequence

from xltransfer.metrics.counted import Columns, Sums, sums
from xltransfer.metrics.questions import ByQuestion, by_id

Pairs = Collection[tuple[str, str]]
Ranked = ByQuestion[Sequence[str]]
RANKS = 20


def bucc(targets: Pairs, predictions: Pairs) -> dict[str, float]:
    """Returns `f1`, `precision` and `recall` of sets of pairs, in percent.

    A pair is (foreign id, English id). No right pair gives zeros.

    Source: `bucc_f1` in google-research/xtreme's evaluate.py.
    """
    gold, found = set(targets), set(predictions)
    common = len(gold & found)
    if not common:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = common / len(found), common / len(gold)
    f1 = 2 * precision * recall / (precision + recall)
    return {
        "f1": f1 * 100,
        "precision": precision * 100,
        "recall": recall * 100,
    }


def mean_average_precision(
    targets: Ranked, predictions: Ranked
) -> dict[str, float]:
    """Returns `{"map@20": mean over questions of AP@20, in percent}`.

    AP@20 is the sum of the precision at each rank up to 20 that holds a right
    candidate, over min(number of right candidates, 20). With one right
    candidate, as in Mewsli-X, it is the reciprocal rank. A candidate counts at
    its first rank only; a question without a ranking scores 0.

    Sources: Mewsli-X: `evaluate` in google-research/xtreme's
    third_party/utils_mewslix.py. LAReQA: mAP@20 of XTREME-R (Ruder et al.
    2021); the LAReQA paper's own is uncut.

    Args:
      targets: right candidates of each question, by id or in order.
      predictions: each question's candidates, best first, likewise.

    Raises:
      ValueError: without questions, or for one without right candidates.
    """
    return mean_precision(sums(precisions(targets, predictions)))


def precisions(targets: Ranked, predictions: Ranked) -> Columns:
    """Returns each question's AP@20; see `mean_average_precision`."""
    targets, predictions = by_id(targets), by_id(predictions)
    if not targets:
        raise ValueError("no questions")
    found = [
        _average_precision(right, predictions.get(name, ()))
        for name, right in targets.items()
    ]
    return {"precision": found, "n": [1] * len(found)}


def mean_precision(sums: Sums) -> dict[str, float]:
    """Returns the mean that sums over questions stand for."""
    return {"map@20": sums["precision"] / sums["n"] * 100}


def _average_precision(right: Sequence[str], ranked: Sequence[str]) -> float:
    left = set(right)
    if not left:
        raise ValueError("a question has no right candidates")
    attainable = min(len(left), RANKS)
    hits, total = 0, 0.0
    for rank, candidate in enumerate(ranked[:RANKS], start=1):
        if candidate in left:
            left.remove(candidate)
            hits += 1
            total += hits / rank
    return total / attainable
