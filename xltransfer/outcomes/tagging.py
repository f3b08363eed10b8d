"""A tag for each word of each sentence."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout


@dataclasses.dataclass(frozen=True)
class Tags:
    """Outputs are classes [B, L]; predictions are lists of tags.

    Attributes:
      classes: the tags of the model's classes, where their order is another
        than the data's.
    """

    layout: str = "tags"
    classes: tuple[str, ...] = ()

    def read(
        self,
        outputs: np.ndarray,
        layout: Layout,
        cache: Cache,
        examples: np.ndarray,
    ) -> list[np.ndarray]:
        """Returns the classes of each part's words."""
        return [
            outputs[row, start + cache.tokens("first", example)]
            for row, start, example in zip(
                layout.row, layout.start[:, 0], examples, strict=True
            )
        ]

    def combine(self, cache: Cache, found: Sequence[Any]) -> list[list[str]]:
        """Returns the tags of whole sentences, their parts one by one."""
        labels = self.classes or cache.manifest["labels"]
        sentences: list[list[str]] = [[] for _ in cache.records]
        for number, classes in zip(
            cache.scalars("example"), found, strict=True
        ):
            sentences[number] += [labels[one] for one in classes]
        return sentences

    def targets(self, cache: Cache) -> list[list[str]]:
        """Returns the tags of the data."""
        return [record["tags"] for record in cache.records]
