"""Mining of sentence pairs as for BUCC 2018, from nearest neighbours.

Steps: `distinct` lines of both sides are embedded; their nearest neighbours
are found elsewhere (`NEIGHBOURS` in number, both ways); `mine` pairs them one
to one; `best_threshold` is chosen on the development set.

Source: `mine_bitext`, `bucc_optimize` and `bucc_extract` in google-research/
xtreme's third_party/utils_retrieve.py, with its retrieval "max" and margin
"ratio" (Artetxe and Schwenk 2019).
"""

import dataclasses
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

NEIGHBOURS = 4


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """The nearest candidates of N queries. K neighbours, of M candidates.

    Attributes:
      cosines: of the query and each neighbour, best first.
      indices: the neighbours' numbers among the candidates.
    """

    cosines: Float[np.ndarray, "N K"]
    indices: Int[np.ndarray, "N K"]


@dataclasses.dataclass(frozen=True)
class Mined:
    """P pairs, best first; no sentence is in two of them."""

    sources: Int[np.ndarray, "P"]
    targets: Int[np.ndarray, "P"]
    scores: Float[np.ndarray, "P"]


@dataclasses.dataclass(frozen=True)
class Distinct:
    """The U different lines of a file.

    Attributes:
      lines: the number of each, from 0: its last place, in order of first
        places.
      is_single: whether the sentence, without outer white space, is on one
        line only. No other can be told by its id, so that pairs of others are
        not counted.
    """

    lines: Int[np.ndarray, "U"]
    is_single: Bool[np.ndarray, "U"]


def distinct(sentences: Sequence[str]) -> Distinct:
    """Returns which lines of a file are embedded and which can be told."""
    last = {sentence: line for line, sentence in enumerate(sentences)}
    counts = Counter(sentence.strip() for sentence in sentences)
    return Distinct(
        np.array(list(last.values()), np.int64),
        np.array([counts[one.strip()] == 1 for one in last], bool),
    )


def mine(forward: Neighbours, backward: Neighbours) -> Mined:
    """Pairs sentences by the ratio of their cosine to their neighbours'.

    The score of (x, y) is cos(x, y) over the mean of x's and of y's average
    cosine to their nearest neighbours. The best candidate of every x and of
    every y are taken by falling score, each sentence once; of equal scores,
    the first in that order.

    Args:
      forward: of each source sentence among the target sentences.
      backward: of each target sentence among the source sentences.
    """
    means = [one.cosines.mean(axis=1) for one in (forward, backward)]
    ahead = _best(forward, means[0], means[1])
    back = _best(backward, means[1], means[0])
    sources = np.concatenate([np.arange(len(ahead[0])), back[0]])
    targets = np.concatenate([ahead[0], np.arange(len(back[0]))])
    scores = np.concatenate([ahead[1], back[1]])
    seen: tuple[set[int], set[int]] = (set(), set())
    kept = []
    for index in np.argsort(-scores, kind="stable"):
        source, target = int(sources[index]), int(targets[index])
        if source not in seen[0] and target not in seen[1]:
            seen[0].add(source)
            seen[1].add(target)
            if scores[index] > 0:
                kept.append(index)
    chosen = np.array(kept, np.int64)
    return Mined(sources[chosen], targets[chosen], scores[chosen])


def _best(
    found: Neighbours,
    own: Float[np.ndarray, "N"],
    others: Float[np.ndarray, "M"],
) -> tuple[Int[np.ndarray, "N"], Float[np.ndarray, "N"]]:
    """Returns each query's best candidate by score, and that score."""
    around = (own[:, None] + others[found.indices]) / 2
    scores = (found.cosines / around).astype(np.float64)
    best = scores.argmax(axis=1)[:, None]
    taken = [
        np.take_along_axis(one, best, 1) for one in (found.indices, scores)
    ]
    return taken[0][:, 0], taken[1][:, 0]


def named(
    mined: Mined,
    sources: tuple[Distinct, Sequence[str]],
    targets: tuple[Distinct, Sequence[str]],
) -> tuple[list[tuple[str, str]], Float[np.ndarray, "P"]]:
    """Returns pairs of ids, and their scores, best first.

    Args:
      mined: pairs of distinct sentences.
      sources: the distinct source sentences, and the id of every line.
      targets: the same of the other side.
    """
    told = (
        sources[0].is_single[mined.sources]
        & targets[0].is_single[mined.targets]
    )
    sides = [
        [ids[line] for line in kept.lines[index[told]]]
        for (kept, ids), index in (
            (sources, mined.sources),
            (targets, mined.targets),
        )
    ]
    return list(zip(*sides, strict=True)), mined.scores[told]


def best_threshold(
    pairs: Sequence[tuple[str, str]],
    scores: Float[np.ndarray, "P"],
    gold: Collection[tuple[str, str]],
) -> float:
    """Returns the threshold with the best F1: midway to the next score.

    Choose it on the development set. Without any right pair it is 0. If all
    pairs are best taken, it is the lowest score (the original has no case for
    that and fails).

    Args:
      pairs: best first.
      scores: of the pairs.
      gold: the right pairs.
    """
    right = np.cumsum([pair in gold for pair in pairs])
    if not len(right) or not right[-1]:
        return 0.0
    precision = right / np.arange(1, len(right) + 1)
    recall = right / len(gold)
    # Before the first right pair both are 0.
    both = np.where(right > 0, precision + recall, 1.0)
    best = int(np.argmax(2 * precision * recall / both))
    following = min(best + 1, len(scores) - 1)
    return float((scores[best] + scores[following]) / 2)


def extract(
    pairs: Sequence[tuple[str, str]],
    scores: Float[np.ndarray, "P"],
    threshold: float,
) -> list[tuple[str, str]]:
    """Returns the pairs whose score reaches the threshold."""
    return [
        pair
        for pair, score in zip(pairs, scores, strict=True)
        if score >= threshold
    ]
