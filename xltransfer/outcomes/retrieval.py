"""The candidates that are nearest to each query, and pairs that are mined.

Source: google-research/xtreme, third_party/evaluate_retrieval.py and
utils_retrieve.py (Tatoeba, BUCC), run_retrieval_el.py (Mewsli-X).
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from xltransfer.data.cache import Cache
from xltransfer.data.features.retrieval import side_lengths, sides_of
from xltransfer.data.packing import Layout
from xltransfer.errors import InputError
from xltransfer.metrics import mining
from xltransfer.outcomes.ranking import nearest
from xltransfer.vectors import Record

# As many as mean average precision looks at.
RANKS = 20

# What `read` returned for each example of a cache.
Found = Sequence[tuple[np.ndarray, ...]]


class _Vectors:
    """Outputs are vectors: [B, S, D] of sides, or [B, S, 2, D] of pairs."""

    def read(
        self,
        outputs: np.ndarray,
        layout: Layout,
        cache: Cache,
        examples: np.ndarray,
    ) -> list[tuple[np.ndarray, ...]]:
        """Returns the vectors of the sides that each example has."""
        is_there = [sides_of(cache, one) for one in examples]
        places = zip(layout.row, layout.slot, is_there, strict=True)
        if outputs.ndim == 4:
            return [tuple(outputs[r, s][sides]) for r, s, sides in places]
        return [
            tuple(outputs[r, s : s + sides.sum()]) for r, s, sides in places
        ]


@dataclasses.dataclass(frozen=True)
class Nearest(_Vectors):
    """Predictions are the nearest candidates.

    Attributes:
      layout: `positions` predicts the number of the one nearest candidate,
        `rankings` the ids of the 20 nearest, best first.
      made: how vectors were, for the record.
      candidates_seek: with `positions`, whether each candidate seeks the
        nearest query instead.
    """

    layout: str = "rankings"
    made: Record = ()
    candidates_seek: bool = False

    def combine(
        self,
        cache: Cache,
        found: Found,
        companion: tuple[Cache, Found] | None = None,
    ) -> list[Any]:
        """Returns a prediction for each query, or candidate, in order.

        Args:
          cache: which holds the queries.
          found: what `read` returned for its examples.
          companion: the cache that holds the candidates, and the same for it,
            where it is another.

        Raises:
          InputError: where there are no candidates.
        """
        queries, _ = vectors(cache, found)
        holder, _ = companion or (cache, found)
        _, candidates = vectors(*(companion or (cache, found)))
        if not len(candidates):
            raise InputError(f"{cache.manifest['dataset']}: no candidates.")
        if self.layout == "positions":
            sides = queries, candidates
            if self.candidates_seek:
                sides = sides[::-1]
            _, numbers = nearest(*sides, 1)
            return numbers[:, 0].tolist()
        _, numbers = nearest(queries, candidates, RANKS)
        ids = _kept(holder, "candidate")
        return [[ids[one] for one in ranked] for ranked in numbers]

    def targets(self, cache: Cache) -> list[Any]:
        """Returns the right one's number, or the right candidates' ids."""
        gold = _kept(cache, "gold")
        if self.layout != "positions":
            return gold
        numbers = [int(one) for (one,) in gold]
        if self.candidates_seek:
            # Which query asks for each candidate.
            return np.argsort(numbers).tolist()
        return numbers


@dataclasses.dataclass(frozen=True)
class Mined(_Vectors):
    """Predictions are the pairs whose score reaches a threshold (BUCC).

    It is the best one of the dev set, which is the companion of a test set; of
    a dev set, its own.

    Attributes:
      layout: `pairs`.
      made: how vectors were, for the record.
    """

    layout: str = "pairs"
    made: Record = ()

    def combine(
        self,
        cache: Cache,
        found: Found,
        companion: tuple[Cache, Found] | None = None,
    ) -> list[tuple[str, str]]:
        """Returns pairs of ids, best first; see `Nearest.combine`."""
        pairs, scores = self._mined(cache, found)
        chosen_on = companion[0] if companion else cache
        if companion:
            known, known_scores = self._mined(*companion)
        else:
            known, known_scores = pairs, scores
        threshold = mining.best_threshold(
            known, known_scores, set(self.targets(chosen_on))
        )
        return mining.extract(pairs, scores, threshold)

    def targets(self, cache: Cache) -> list[tuple[str, str]]:
        """Returns the right pairs of ids, query and candidate."""
        return [
            (one["id"], gold)
            for one in cache.records
            if "id" in one
            for gold in one["gold"]
        ]

    def _mined(
        self, cache: Cache, found: Found
    ) -> tuple[list[tuple[str, str]], np.ndarray]:
        sides = list(vectors(cache, found))
        kept = [
            mining.distinct(_kept(cache, f"{side}_key"))
            for side in ("query", "candidate")
        ]
        sides = [side[one.lines] for side, one in zip(sides, kept, strict=True)]
        neighbours = [
            mining.Neighbours(*nearest(one, other, mining.NEIGHBOURS))
            for one, other in (sides, sides[::-1])
        ]
        return mining.named(
            mining.mine(*neighbours),
            (kept[0], _kept(cache, "id")),
            (kept[1], _kept(cache, "candidate")),
        )


def vectors(
    cache: Cache, found: Found
) -> tuple[Float[np.ndarray, "Q D"], Float[np.ndarray, "N D"]]:
    """Returns the vectors of all queries, and of all candidates, in order."""
    is_there = side_lengths(cache) > 0
    stacked = np.stack([one for sides in found for one in sides])
    is_candidate = np.tile([False, True], (len(is_there), 1))[is_there]
    stacked = stacked.astype(np.float32)
    return stacked[~is_candidate], stacked[is_candidate]


def _kept(cache: Cache, name: str) -> list[Any]:
    """Returns what the records that have it keep under a name."""
    return [one[name] for one in cache.records if name in one]
