"""Queries and candidates, for an encoder and for text to text."""

import dataclasses

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import (
    Batch,
    Drawn,
    OneSlot,
    columns_of,
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


@dataclasses.dataclass(frozen=True)
class TextRetrieval(OneSlot):
    """Queries in rows of their own, candidates in others; T5X's names.

    `left` are the queries, `right` the candidates: tokens, segments and, in
    slots [B, S], one an example, `starts`; `query_weights`, 1 where both sides
    are there; `candidate_weights`, 1 where there is a candidate.
    """

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of query and candidate."""
        return side_lengths(cache)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns both sides' arrays, and their weights."""
        layout, batch, is_there = drawn.layout, {}, []
        slots = (drawn.rows, capacity.slots)
        place = layout.row, layout.slot
        for number, (side, name) in enumerate(TEXT_SIDES):
            ragged = drawn.sequences(name)
            shape = (drawn.rows, capacity.lengths[number])
            columns, segment, _ = columns_of(ragged, layout, number)
            stem = f"{side}_encoder"
            batch[f"{stem}_input_tokens"] = filled(
                shape, columns, joined(ragged)
            )
            batch[f"{stem}_segment_ids"] = filled(shape, columns, segment)
            has_text = np.array([len(ids) > 0 for ids in ragged], bool)
            starts = np.where(has_text, layout.start[:, number], 0)
            batch[f"{side}_starts"] = filled(slots, place, starts)
            is_there.append(has_text)
        has_query, has_candidate = is_there
        for name, marked in (
            ("query_weights", has_query & has_candidate),
            ("candidate_weights", has_candidate),
        ):
            batch[name] = filled(slots, place, marked, np.float32)
        return batch


# T5X's name of a side, and the cache's.
TEXT_SIDES = (("left", "inputs"), ("right", "targets"))


def side_lengths(cache: Cache) -> np.ndarray:
    """Int[size 2]: tokens of each example's query and candidate."""
    if "side_lengths" in cache.sequences:
        return cache.ids("side_lengths").reshape(-1, 2)
    return cache.lengths(*(name for _, name in TEXT_SIDES))


def sides_of(cache: Cache, example: int) -> np.ndarray:
    """Bool[2]: whether an example has a query, and a candidate."""
    if "side_lengths" in cache.sequences:
        return cache.tokens("side_lengths", example) > 0
    lengths = [len(cache.tokens(name, example)) for _, name in TEXT_SIDES]
    return np.array(lengths) > 0
