"""What an answer that is always the same would score: chance, as it counts.

| layout | the same answer is |
|---|---|
| `labels`, `choices`, `positions` | the most frequent one |
| `tags` | the best of the three most frequent tags, for every word |
| `answers` | the better of nothing and the whole passage |
| `rankings` | the candidates that are right most often |
| `pairs` | none |

A run that scores no better has learnt nothing of its task.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xltransfer import metrics
from xltransfer.data.cache import Cache

_TAGS = 3
_RANKS = 20


@dataclasses.dataclass(frozen=True)
class Constant:
    """The score of the best constant answer, and how far chance carries.

    Attributes:
      score: in percent, of the metric that a checkpoint is chosen by.
      error: the standard error, in points, of a share of that size on as many
        examples; of a share of one example where it is 0.
    """

    score: float
    error: float


def constant(cache: Cache, layout: str, targets: Sequence[Any]) -> Constant:
    """Returns what a constant answer scores on a split.

    Args:
      cache: the split.
      layout: of its predictions, as in `submission.formats`.
      targets: the right predictions of all its examples.
    """
    metric = metrics.METRICS[cache.manifest["metrics"][0]]
    scores = [
        metrics.selected(metric(targets, answers))
        for answers in _answers(cache, layout, targets)
    ]
    score, count = max(scores, default=0.0), len(targets)
    share = max(score / 100, 1 / count)
    return Constant(score, 100 * math.sqrt(share * (1 - share) / count))


def mean(parts: Sequence[Constant]) -> Constant:
    """Returns the mean over splits, and its error."""
    count = len(parts)
    return Constant(
        math.fsum(one.score for one in parts) / count,
        math.hypot(*(one.error for one in parts)) / count,
    )


def _answers(
    cache: Cache, layout: str, targets: Sequence[Any]
) -> Iterator[list[Any]]:
    """Yields constant predictions of all examples."""
    count = len(targets)
    if layout in ("labels", "choices", "positions"):
        yield _most_frequent(targets, 1) * count
    elif layout == "tags":
        words = (tag for sentence in targets for tag in sentence)
        for tag in _most_frequent(words, _TAGS):
            yield [[tag] * len(sentence) for sentence in targets]
    elif layout == "answers":
        yield [""] * count
        yield [one["context"] for one in cache.records]
    elif layout == "rankings":
        gold = (one for some in targets for one in some)
        yield [_most_frequent(gold, _RANKS)] * count


def _most_frequent(values: Iterable[Any], count: int) -> list[Any]:
    return [value for value, _ in Counter(values).most_common(count)]
