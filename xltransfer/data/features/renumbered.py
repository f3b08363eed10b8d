"""Features whose ids are numbered anew, because only some are in use."""

import dataclasses
import functools

import numpy as np
from jaxtyping import Int

from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import Batch, Drawn, Features
from xltransfer.data.packing import Capacity

# Ids below it keep their number: models know the special ones by theirs.
FIXED = 4


@dataclasses.dataclass(frozen=True, eq=False)
class Numbering:
    """From V ids to the R that are in use.

    Attributes:
      kept: Int[R]: the ids in use, ascending; those below `FIXED` are.
      vocab_size: V.
      stand_ins: ids in use, one of which (its number modulo theirs) takes the
        place of an id that is not: a piece that is drawn at random instead of
        a masked one may be any. None makes it an error.
    """

    kept: Int[np.ndarray, "R"]
    vocab_size: int
    stand_ins: Int[np.ndarray, "W"] | None = None

    def __post_init__(self) -> None:
        if self.kept[:FIXED].tolist() != list(range(FIXED)):
            raise ValueError(f"the ids below {FIXED} are not all in use")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbering) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Returns the new numbers of ids.

        Raises:
          ValueError: for an id that is not in use and has no stand-in.
        """
        found = self._table[ids]
        if found.size and found.min() < 0:
            raise ValueError(f"ids not in use: {np.unique(ids[found < 0])}")
        return found

    @functools.cached_property
    def _table(self) -> Int[np.ndarray, "V"]:
        table = np.full(self.vocab_size, -1, np.int32)
        table[self.kept] = np.arange(len(self.kept))
        if self.stand_ins is not None:
            unused = np.flatnonzero(table < 0)
            numbers = unused % len(self.stand_ins)
            table[unused] = table[self.stand_ins[numbers]]
        return table

    @functools.cached_property
    def _content(self) -> tuple[bytes, int, bytes | None]:
        chosen = self.stand_ins
        return (
            self.kept.tobytes(),
            self.vocab_size,
            None if chosen is None else chosen.tobytes(),
        )


@dataclasses.dataclass(frozen=True)
class Renumbered:
    """Other features, in whose batches ids are numbered anew."""

    features: Features
    numbering: Numbering

    def lengths(self, cache: Cache) -> np.ndarray:
        """Those of the features."""
        return self.features.lengths(cache)

    def slots(self, cache: Cache) -> np.ndarray:
        """Those of the features."""
        return self.features.slots(cache)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Renumbers `tokens` and `…_tokens`, as arrays of ids are called."""
        return {
            name: self.numbering(array) if holds_ids(name) else array
            for name, array in self.features.arrange(drawn, capacity).items()
        }


def holds_ids(name: str) -> bool:
    """Whether an array of a batch, or a sequence of a cache, holds ids."""
    return name in ("tokens", "inputs", "targets") or name.endswith("_tokens")
