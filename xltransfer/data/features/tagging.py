"""Sentences, or parts of them, with a tag for each word, for an encoder."""

import dataclasses

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import (
    Batch,
    Drawn,
    OneSlot,
    encoder_rows,
    filled,
    joined,
)
from xltransfer.data.packing import Capacity


@dataclasses.dataclass(frozen=True)
class EncoderTagging(OneSlot):
    """Every column [B, L] may be a word's first piece, and then has a tag."""

    pad_id: int

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 1]: tokens of each part."""
        return cache.lengths("tokens")

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns the sequence arrays, first_pieces, tags and tag_weights.

        `first_pieces` holds each first piece's own column, where it stands.
        """
        batch = encoder_rows(
            drawn.sequences("tokens"), drawn, capacity, self.pad_id
        )
        first = drawn.sequences("first")
        words = [len(one) for one in first]
        row = np.repeat(drawn.layout.row, words)
        start = np.repeat(drawn.layout.start[:, 0], words)
        place = row, start + joined(first)
        shape = (drawn.rows, capacity.lengths[0])
        tags = joined(drawn.sequences("tags"))
        batch["first_pieces"] = filled(shape, place, place[1])
        batch["tags"] = filled(shape, place, tags)
        batch["tag_weights"] = filled(shape, place, 1, np.float32)
        return batch
