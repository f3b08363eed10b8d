"""Questions with windows of their passage, for an encoder."""

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
class EncoderSpan(OneSlot):
    """Windows with the columns of their answer in slots [B, S].

    A window without an answer has its own first column, `starts`, in both. One
    whose answer is not known has the weight 0.
    """

    pad_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each window."""
        return cache.lengths("tokens")

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns the sequence arrays, starts, answer_starts, …_ends, weights."""
        layout = drawn.layout
        batch = encoder_rows(
            drawn.sequences("tokens"), drawn, capacity, self.pad_id
        )
        slots = (drawn.rows, capacity.slots)
        place = layout.row, layout.slot
        start = layout.start[:, 0]
        batch["starts"] = filled(slots, place, start)
        for side in ("start", "end"):
            columns = np.array(drawn.scalars(f"answer_{side}"), np.int32)
            batch[f"answer_{side}s"] = filled(slots, place, start + columns)
        batch["answer_weights"] = filled(
            slots, place, drawn.scalars("answer_weight"), np.float32
        )
        return batch
