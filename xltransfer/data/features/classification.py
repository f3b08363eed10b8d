"""Sequences with one label each, for an encoder."""

import dataclasses

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import (
    Batch,
    Drawn,
    OneSlot,
    encoder_rows,
    filled,
)
from xltransfer.data.packing import Capacity


@dataclasses.dataclass(frozen=True)
class EncoderClassification(OneSlot):
    """Sequences with one label each: `starts`, `labels` in slots [B, S]."""

    pad_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each example."""
        return cache.lengths("tokens")

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns tokens, segment_ids, positions, starts, labels, weights."""
        layout = drawn.layout
        batch = encoder_rows(
            drawn.sequences("tokens"), drawn, capacity, self.pad_id
        )
        slots = (drawn.rows, capacity.slots)
        place = layout.row, layout.slot
        batch["starts"] = filled(slots, place, layout.start[:, 0])
        batch["labels"] = filled(slots, place, drawn.scalars("label"))
        batch["label_weights"] = filled(slots, place, 1, np.float32)
        return batch
