"""What makes the rows of a packed batch from ragged examples and a layout.

Features name every array of a batch. XLM-R: `tokens`, `segment_ids`,
`positions` and the problem's slots. mT5: T5X's names. Empty places hold the
padding id in tokens and 0 elsewhere.
"""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Capacity, Layout

Batch = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Drawn:
    """The examples of a global batch, and those that this host arranges.

    Attributes:
      examples: N pairs of cache and example number.
      members: Int[M]: the ones whose rows this host holds.
      layout: where those M lie in this host's rows.
      rows: how many rows this host holds.
      seed: names the batch, for what is drawn at random.
    """

    examples: Sequence[tuple[Cache, int]]
    members: np.ndarray
    layout: Layout
    rows: int
    seed: tuple[int, ...] = (0,)

    def sequences(self, feature: str) -> list[np.ndarray]:
        """Returns the members' ids of a sequence feature."""
        mine = (self.examples[member] for member in self.members)
        return [cache.tokens(feature, number) for cache, number in mine]

    def scalars(self, feature: str) -> list[int]:
        """Returns the members' values of a scalar feature."""
        mine = (self.examples[member] for member in self.members)
        return [cache.scalars(feature)[number] for cache, number in mine]

    def whole(self, feature: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the ids of all N examples end to end, and their offsets.

        What is drawn at random is drawn for the whole batch, so that it does
        not depend on how many hosts share it.
        """
        ragged = [cache.tokens(feature, one) for cache, one in self.examples]
        lengths = np.array([len(ids) for ids in ragged], np.int64)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return joined(ragged), offsets

    def generator(self) -> np.random.Generator:
        """Returns the batch's own source of chance."""
        return np.random.default_rng(self.seed)


class Features(Protocol):
    """How one problem becomes arrays in one rendering."""

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size F]: the columns that each example takes."""

    def slots(self, cache: Cache) -> np.ndarray:
        """Int[size]: the slots that each example takes, side by side."""

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns this host's rows of every array."""


class OneSlot:
    """Features whose examples take one slot each."""

    def slots(self, cache: Cache) -> np.ndarray:
        """Int[size]: ones."""
        return np.ones(cache.size, np.int32)


def encoder_rows(
    ragged: list[np.ndarray], drawn: Drawn, capacity: Capacity, pad_id: int
) -> Batch:
    """Returns tokens, segment_ids and positions for id sequences."""
    shape = (drawn.rows, capacity.lengths[0])
    place, segment, position = columns_of(ragged, drawn.layout, 0)
    tokens = np.full(shape, pad_id, np.int32)
    tokens[place] = joined(ragged)
    return {
        "tokens": tokens,
        "segment_ids": filled(shape, place, segment),
        "positions": filled(shape, place, position),
    }


def text_rows(
    inputs: list[np.ndarray],
    targets: list[np.ndarray],
    drawn: Drawn,
    capacity: Capacity,
) -> Batch:
    """Returns T5X's packed features for pairs of id sequences.

    The decoder's input is the target shifted right within each segment, with
    the padding id 0 in front (T5's convention).
    """
    shifted = [np.concatenate([[0], ids[:-1]]) for ids in targets]
    batch: Batch = {}
    for side, ragged, feature in (
        ("encoder_input", inputs, 0),
        ("decoder_target", targets, 1),
        ("decoder_input", shifted, 1),
    ):
        shape = (drawn.rows, capacity.lengths[feature])
        place, segment, position = columns_of(ragged, drawn.layout, feature)
        batch[f"{side}_tokens"] = filled(shape, place, joined(ragged))
        stem = side.split("_")[0]
        batch[f"{stem}_segment_ids"] = filled(shape, place, segment)
        batch[f"{stem}_positions"] = filled(shape, place, position)
    weights = batch["decoder_segment_ids"] > 0
    batch["decoder_loss_weights"] = weights.astype(np.float32)
    return batch


def members_of(
    flat: np.ndarray, offsets: np.ndarray, drawn: Drawn
) -> list[np.ndarray]:
    """Returns this host's sequences of a whole batch, end to end."""
    return [flat[offsets[one] : offsets[one + 1]] for one in drawn.members]


def joined(ragged: list[np.ndarray]) -> np.ndarray:
    """A host may hold empty rows only."""
    return np.concatenate([np.zeros(0, np.int32), *ragged]).astype(np.int32)


def columns_of(
    ragged: list[np.ndarray], layout: Layout, feature: int
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Returns (row, column), segment id and position of every token."""
    lengths = np.array([len(ids) for ids in ragged], np.int64)
    first = np.cumsum(lengths) - lengths
    position = np.arange(lengths.sum()) - np.repeat(first, lengths)
    column = position + np.repeat(layout.start[:, feature], lengths)
    row = np.repeat(layout.row, lengths)
    segment = np.repeat(layout.slot + 1, lengths)
    return (row, column), segment, position


def side_by_side(
    groups: Layout, lengths: np.ndarray, counts: np.ndarray
) -> Layout:
    """Returns where each member of a group lies, from where each group does.

    Args:
      groups: the layout of N groups: a question's choices, two sides.
      lengths: Int[M]: tokens of every member, group by group.
      counts: Int[N]: members of each group, at least one.
    """
    first = np.cumsum(counts) - counts
    number = np.arange(len(lengths)) - np.repeat(first, counts)
    # Tokens of the members before, in the batch and in the group.
    before = np.cumsum(lengths) - lengths
    inside = before - np.repeat(before[first], counts)
    start = np.repeat(groups.start[:, 0], counts) + inside
    return Layout(
        np.repeat(groups.row, counts),
        np.repeat(groups.slot, counts) + number,
        start[:, None],
        groups.rows,
    )


def filled(
    shape: tuple[int, int],
    place: tuple[np.ndarray, np.ndarray],
    values: np.ndarray | list | int,
    dtype: type = np.int32,
) -> np.ndarray:
    """Returns an array of zeros but for `values` at (row, column)."""
    array = np.zeros(shape, dtype)
    array[place] = values
    return array
