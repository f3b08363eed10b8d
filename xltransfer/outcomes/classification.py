"""A label for each example."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout


@dataclasses.dataclass(frozen=True)
class Labels:
    """Outputs are classes [B, S]; predictions are labels."""

    layout: str = "labels"

    def read(
        self,
        outputs: np.ndarray,
        layout: Layout,
        cache: Cache,
        examples: np.ndarray,
    ) -> np.ndarray:
        """Returns Int[M]: the class of each example."""
        return outputs[layout.row, layout.slot]

    def combine(self, cache: Cache, found: Sequence[Any]) -> list[str]:
        """Returns the classes' labels."""
        return [cache.manifest["labels"][one] for one in found]

    def targets(self, cache: Cache) -> list[str]:
        """Returns the labels of the data."""
        return self.combine(cache, cache.scalars("label"))
