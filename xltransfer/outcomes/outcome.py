"""What every outcome offers."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout


class Outcome(Protocol):
    """How one problem's outputs become what its benchmark asks for.

    Attributes:
      layout: of its files, a name in `submission.formats.FORMATS`.
    """

    layout: str

    def read(
        self, outputs: Any, layout: Layout, cache: Cache, examples: np.ndarray
    ) -> Sequence[Any]:
        """Returns what was put out for each example of a batch.

        Args:
          outputs: the objective's `predict`, as NumPy arrays [B, ...].
          layout: where the M examples lie in the batch.
          cache: which holds them.
          examples: Int[M]: their numbers in the cache.
        """

    def combine(self, cache: Cache, found: Sequence[Any]) -> list[Any]:
        """Returns a prediction for each raw example, in their order.

        Args:
          cache: whose examples may be parts of raw ones.
          found: what `read` returned for each example of the cache.
        """

    def targets(self, cache: Cache) -> list[Any]:
        """Returns the right predictions, in the same order and form."""
