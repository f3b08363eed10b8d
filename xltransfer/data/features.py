"""Ragged examples + layout -> the rows of a packed batch, by problem.

Features name every array of a batch. XLM-R: `tokens`, `segment_ids`,
`positions` and the problem's slots. mT5: T5X's names. Empty places hold the
padding id in tokens and 0 elsewhere.
"""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tasks.problems import language_modeling
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
        lengths = [len(ids) for ids in ragged]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return np.concatenate(ragged).astype(np.int32), offsets

    def generator(self) -> np.random.Generator:
        """Returns the batch's own source of chance."""
        return np.random.default_rng(self.seed)


class Features(Protocol):
    """How one problem becomes arrays in one rendering."""

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size F]: the columns that each example takes."""

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns this host's rows of every array."""


@dataclasses.dataclass(frozen=True)
class EncoderClassification:
    """Sequences with one label each: `starts`, `labels` in slots [B, S]."""

    pad_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each example."""
        return cache.lengths

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns tokens, segment_ids, positions, starts, labels, weights."""
        layout = drawn.layout
        batch = _encoder_rows(
            drawn.sequences("tokens"), drawn, capacity, self.pad_id
        )
        slots = (drawn.rows, capacity.slots)
        place = layout.row, layout.slot
        batch["starts"] = _filled(slots, place, layout.start[:, 0])
        batch["labels"] = _filled(slots, place, drawn.scalars("label"))
        batch["label_weights"] = _filled(slots, place, 1, np.float32)
        return batch


@dataclasses.dataclass(frozen=True)
class MaskedLanguageModeling:
    """Sequences with masked pieces, drawn afresh for every batch.

    The targets lie in slots [B, P]: their column, their piece, their weight.
    """

    pad_id: int
    mask_id: int
    vocab_size: int
    special_ids: tuple[int, ...]

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each example."""
        return cache.lengths

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns the sequence arrays and target positions, tokens, weights."""
        tokens, offsets = drawn.whole("tokens")
        masked, chosen = language_modeling.mask_tokens(
            tokens,
            offsets,
            drawn.generator(),
            special_ids=self.special_ids,
            mask_id=self.mask_id,
            vocab_size=self.vocab_size,
        )
        batch = _encoder_rows(
            _members(masked, offsets, drawn), drawn, capacity, self.pad_id
        )
        hidden = np.zeros(len(tokens), bool)
        hidden[chosen] = True
        members = _members(tokens, offsets, drawn)
        places = _columns(members, drawn.layout, 0)
        return batch | self._targets(
            places[0],
            _joined(_members(hidden, offsets, drawn)).astype(bool),
            _joined(members),
            drawn.rows,
            capacity,
        )

    def _targets(
        self,
        place: tuple[np.ndarray, np.ndarray],
        hidden: np.ndarray,
        tokens: np.ndarray,
        rows: int,
        capacity: Capacity,
    ) -> Batch:
        row, column = place[0][hidden], place[1][hidden]
        target = tokens[hidden]
        order = np.lexsort((column, row))
        row, column, target = row[order], column[order], target[order]
        slot = np.arange(len(row)) - np.searchsorted(row, row)
        shape = (rows, self.target_slots(capacity))
        return {
            "target_positions": _filled(shape, (row, slot), column),
            "target_tokens": _filled(shape, (row, slot), target),
            "target_weights": _filled(shape, (row, slot), 1, np.float32),
        }

    def target_slots(self, capacity: Capacity) -> int:
        """Returns P: rounding, or the least of one, adds at most one each."""
        rate = language_modeling.RATE
        return int(rate * capacity.lengths[0]) + capacity.slots


@dataclasses.dataclass(frozen=True)
class TextToText:
    """Inputs and targets under T5X's names."""

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs and of targets."""
        return cache.lengths

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns encoder and decoder arrays, packed by the same segments."""
        inputs, targets = drawn.sequences("inputs"), drawn.sequences("targets")
        return text_rows(inputs, targets, drawn, capacity)


@dataclasses.dataclass(frozen=True)
class SpanCorruption:
    """Windows of text, corrupted afresh for every batch (T5)."""

    vocab_size: int
    eos_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs and targets after corruption."""
        windows = cache.lengths[:, 0]
        return np.stack(language_modeling.corrupted_lengths(windows), axis=1)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns encoder and decoder arrays, packed by the same segments."""
        tokens, offsets = drawn.whole("tokens")
        inputs, input_ends, targets, target_ends = (
            language_modeling.span_corruption(
                tokens,
                offsets,
                drawn.generator(),
                sentinel_ids=language_modeling.sentinels(self.vocab_size),
                eos_id=self.eos_id,
            )
        )
        return text_rows(
            _members(inputs, input_ends, drawn),
            _members(targets, target_ends, drawn),
            drawn,
            capacity,
        )


@dataclasses.dataclass(frozen=True)
class RankedAnswers:
    """Inputs, and every answer in the place of the target: [B, C, T].

    Answers are filled up to one length with the padding id 0, so that all of
    them share one layout.
    """

    answers: tuple[tuple[int, ...], ...]

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs and of the longest answer."""
        inputs = cache.lengths[:, 0]
        return np.stack([inputs, np.full_like(inputs, self._longest)], axis=1)

    @property
    def _longest(self) -> int:
        return max(len(answer) for answer in self.answers)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns encoder arrays, answer_tokens and the decoder's segments."""
        inputs = drawn.sequences("inputs")
        blank = [np.zeros(self._longest, np.int32)] * len(inputs)
        batch = text_rows(inputs, blank, drawn, capacity)
        shape = (drawn.rows, len(self.answers), capacity.lengths[1])
        answers = np.zeros(shape, np.int32)
        (row, column), _, position = _columns(blank, drawn.layout, 1)
        for one, answer in enumerate(self.answers):
            filled = np.zeros(self._longest, np.int32)
            filled[: len(answer)] = answer
            answers[row, one, column] = filled[position]
        batch["answer_tokens"] = answers
        # Only its shape is read: S, which the program needs to know.
        batch["slots"] = np.zeros((drawn.rows, capacity.slots), np.int32)
        return batch


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
        place, segment, position = _columns(ragged, drawn.layout, feature)
        batch[f"{side}_tokens"] = _filled(shape, place, _joined(ragged))
        stem = side.split("_")[0]
        batch[f"{stem}_segment_ids"] = _filled(shape, place, segment)
        batch[f"{stem}_positions"] = _filled(shape, place, position)
    weights = batch["decoder_segment_ids"] > 0
    batch["decoder_loss_weights"] = weights.astype(np.float32)
    return batch


def _members(
    flat: np.ndarray, offsets: np.ndarray, drawn: Drawn
) -> list[np.ndarray]:
    return [flat[offsets[one] : offsets[one + 1]] for one in drawn.members]


def _encoder_rows(
    ragged: list[np.ndarray], drawn: Drawn, capacity: Capacity, pad_id: int
) -> Batch:
    shape = (drawn.rows, capacity.lengths[0])
    place, segment, position = _columns(ragged, drawn.layout, 0)
    tokens = np.full(shape, pad_id, np.int32)
    tokens[place] = _joined(ragged)
    return {
        "tokens": tokens,
        "segment_ids": _filled(shape, place, segment),
        "positions": _filled(shape, place, position),
    }


def _joined(ragged: list[np.ndarray]) -> np.ndarray:
    """A host may hold empty rows only."""
    return np.concatenate([np.zeros(0, np.int32), *ragged]).astype(np.int32)


def _columns(
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


def _filled(
    shape: tuple[int, int],
    place: tuple[np.ndarray, np.ndarray],
    values: np.ndarray | list | int,
    dtype: type = np.int32,
) -> np.ndarray:
    array = np.zeros(shape, dtype)
    array[place] = values
    return array
