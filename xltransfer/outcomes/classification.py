"""A label for each example."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout


@dataclasses.dataclass(frozen=True)
class Labels:
    """Outputs are classes [B, S]; predictions are labels.

    Attributes:
      classes: the labels of the model's classes, where their order is another
        than the data's.
    """

    layout: str = "labels"
    classes: tuple[str, ...] = ()

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
        labels = self.classes or cache.manifest["labels"]
        return [labels[one] for one in found]

    def targets(self, cache: Cache) -> list[str]:
        """Returns the labels of the data."""
        labels = cache.manifest["labels"]
        return [labels[one] for one in cache.scalars("label")]
