"""The number of a choice for each question."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout


@dataclasses.dataclass(frozen=True)
class Choices:
    """Outputs are scores [B, S]; predictions are the best choices' numbers."""

    layout: str = "choices"

    def read(
        self,
        outputs: np.ndarray,
        layout: Layout,
        cache: Cache,
        examples: np.ndarray,
    ) -> list[int]:
        """Returns the number, from 0, of each question's best choice."""
        counts = cache.lengths("choice_lengths")[examples, 0]
        places = zip(layout.row, layout.slot, counts, strict=True)
        return [
            int(outputs[row, slot : slot + count].argmax())
            for row, slot, count in places
        ]

    def combine(self, cache: Cache, found: Sequence[Any]) -> list[int]:
        """Returns the numbers."""
        return list(found)

    def targets(self, cache: Cache) -> list[int]:
        """Returns the numbers of the right choices."""
        return cache.scalars("label").tolist()
