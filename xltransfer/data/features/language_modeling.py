"""Text that is corrupted afresh for every batch."""

import dataclasses

import numpy as np

from tasks.problems import language_modeling
from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import (
    Batch,
    Drawn,
    OneSlot,
    columns_of,
    encoder_rows,
    filled,
    joined,
    members_of,
    text_rows,
)
from xltransfer.data.packing import Capacity


@dataclasses.dataclass(frozen=True)
class MaskedLanguageModeling(OneSlot):
    """Sequences with masked pieces, drawn afresh for every batch.

    The targets lie in slots [B, P]: their column, their piece, their weight.
    """

    pad_id: int
    mask_id: int
    vocab_size: int
    special_ids: tuple[int, ...]

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each example."""
        return cache.lengths("tokens")

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
        batch = encoder_rows(
            members_of(masked, offsets, drawn), drawn, capacity, self.pad_id
        )
        hidden = np.zeros(len(tokens), bool)
        hidden[chosen] = True
        members = members_of(tokens, offsets, drawn)
        places = columns_of(members, drawn.layout, 0)
        return batch | self._targets(
            places[0],
            joined(members_of(hidden, offsets, drawn)).astype(bool),
            joined(members),
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
            "target_positions": filled(shape, (row, slot), column),
            "target_tokens": filled(shape, (row, slot), target),
            "target_weights": filled(shape, (row, slot), 1, np.float32),
        }

    def target_slots(self, capacity: Capacity) -> int:
        """Returns P: rounding, or the least of one, adds at most one each."""
        rate = language_modeling.RATE
        return int(rate * capacity.lengths[0]) + capacity.slots


@dataclasses.dataclass(frozen=True)
class SpanCorruption(OneSlot):
    """Windows of text, corrupted afresh for every batch (T5)."""

    vocab_size: int
    eos_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs and targets after corruption."""
        windows = cache.lengths("tokens")[:, 0]
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
            members_of(inputs, input_ends, drawn),
            members_of(targets, target_ends, drawn),
            drawn,
            capacity,
        )
