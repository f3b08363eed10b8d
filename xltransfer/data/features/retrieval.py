"""Queries and candidates, for an encoder."""

import dataclasses

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import (
    Batch,
    Drawn,
    encoder_rows,
    filled,
    joined,
    side_by_side,
)
from xltransfer.data.packing import Capacity


@dataclasses.dataclass(frozen=True)
class EncoderRetrieval:
    """Queries and candidates side by side, each a segment of its own.

    In slots [B, S], one a side: `starts`; `query_weights`, 1 at queries whose
    candidate stands in the next slot; `candidate_weights`, 1 at candidates.
    """

    pad_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each example, both sides together."""
        return cache.lengths("tokens")

    def slots(self, cache: Cache) -> np.ndarray:
        """Int[size]: sides of each example, 1 or 2."""
        return (side_lengths(cache) > 0).sum(axis=1)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns the sequence arrays, starts and both sides' weights."""
        lengths = np.array(drawn.sequences("side_lengths"), np.int64)
        lengths = lengths.reshape(-1, 2)
        is_there = lengths > 0
        layout = side_by_side(
            drawn.layout, lengths[is_there], is_there.sum(axis=1)
        )
        sides = np.split(
            joined(drawn.sequences("tokens")),
            np.cumsum(lengths[is_there])[:-1],
        )
        batch = encoder_rows(
            sides if len(layout.row) else [],
            dataclasses.replace(drawn, layout=layout),
            capacity,
            self.pad_id,
        )
        shape = (drawn.rows, capacity.slots)
        place = layout.row, layout.slot
        is_candidate = np.tile([False, True], (len(lengths), 1))[is_there]
        has_partner = np.repeat(is_there.all(axis=1)[:, None], 2, axis=1)
        is_asked = has_partner[is_there] & ~is_candidate
        batch["starts"] = filled(shape, place, layout.start[:, 0])
        for name, marked in (
            ("query_weights", is_asked),
            ("candidate_weights", is_candidate),
        ):
            batch[name] = filled(shape, place, marked, np.float32)
        return batch


def side_lengths(cache: Cache) -> np.ndarray:
    """Int[size 2]: tokens of each example's query and candidate."""
    return np.stack(
        [cache.tokens("side_lengths", one) for one in range(cache.size)]
    )
