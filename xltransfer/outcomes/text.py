"""Generated text, and what the problem reads in it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks import problems
from tasks.pieces import Pieces
from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout
from xltransfer.outcomes.outcome import Outcome


@dataclasses.dataclass(frozen=True)
class Generated:
    """Outputs are ids [B, S, T]; the problem's `parse_text` reads their text.

    Attributes:
      pieces: the vocabulary.
      problem: the name of the problem.
      encoder: the same problem's outcome for an encoder, whose targets serve.
    """

    pieces: Pieces
    problem: str
    encoder: Outcome

    @property
    def layout(self) -> str:
        """The problem's."""
        return self.encoder.layout

    def read(
        self,
        outputs: np.ndarray,
        layout: Layout,
        cache: Cache,
        examples: np.ndarray,
    ) -> list[str]:
        """Returns the text that was generated for each example."""
        return [
            self.pieces.decode(ids)
            for ids in outputs[layout.row, layout.slot].tolist()
        ]

    def combine(self, cache: Cache, found: Sequence[Any]) -> list[Any]:
        """Returns what each raw example's text says."""
        parse = problems.problem(self.problem).parse_text
        labels = cache.manifest["labels"]
        return [
            parse(text, {**record, "labels": labels})
            for text, record in zip(found, cache.records, strict=True)
        ]

    def targets(self, cache: Cache) -> list[Any]:
        """Returns the right predictions."""
        return self.encoder.targets(cache)
