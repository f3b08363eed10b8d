"""Questions with their choices, for an encoder."""

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
class EncoderMultipleChoice:
    """Questions whose choices lie side by side, each a segment of its own.

    In slots [B, S], one a choice: `starts`; `questions`, the same number for
    all choices of a question, 0 where there is none; `label_weights`, 1 at
    right choices.
    """

    pad_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each question, all choices together."""
        return cache.lengths("tokens")

    def slots(self, cache: Cache) -> np.ndarray:
        """Int[size]: choices of each question."""
        return cache.lengths("choice_lengths")[:, 0]

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns the sequence arrays, starts, questions, label_weights."""
        lengths = drawn.sequences("choice_lengths")
        counts = np.array([len(one) for one in lengths], np.int64)
        layout = side_by_side(drawn.layout, joined(lengths), counts)
        choices = np.split(
            joined(drawn.sequences("tokens")),
            np.cumsum(joined(lengths))[:-1],
        )
        batch = encoder_rows(
            choices if len(layout.row) else [],
            dataclasses.replace(drawn, layout=layout),
            capacity,
            self.pad_id,
        )
        shape = (drawn.rows, capacity.slots)
        place = layout.row, layout.slot
        first = np.repeat(drawn.layout.slot, counts)
        right = drawn.layout.slot + np.array(drawn.scalars("label"), np.int64)
        batch["starts"] = filled(shape, place, layout.start[:, 0])
        batch["questions"] = filled(shape, place, first + 1)
        batch["label_weights"] = filled(
            shape, (drawn.layout.row, right), 1, np.float32
        )
        return batch
