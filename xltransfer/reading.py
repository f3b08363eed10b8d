"""How a model reads datasets: in which pieces, and how long they may be."""

import dataclasses
from collections.abc import Mapping, Set

from tasks.vocabularies import Vocabulary
from xltransfer import renderings
from xltransfer.components import Component
from xltransfer.data.cache import Request
from xltransfer.errors import InputError, nearest
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.renderings import ModelConfig

SEQUENCES = {"encoder": ("tokens",), "text": ("inputs", "targets")}
# Lengths of what is cut before it is packed: a question beside its passage, a
# query that is sought, and how far apart the windows of a passage begin.
CUT = ("question", "query", "stride")
WITH_CUTS = {"span", "retrieval"}

Pairs = tuple[tuple[str, int], ...]
Lengths = Mapping[str, int] | Pairs


@dataclasses.dataclass(frozen=True)
class Reading:
    """What decides the cache and the rows of a dataset.

    Attributes:
      model: family and size.
      vocabulary: whose pieces it reads.
      lengths: longest example, in tokens, per sequence feature, and of CUT.
      row_lengths: length of a row where it is more than that of an example.
    """

    model: ModelConfig
    vocabulary: Vocabulary
    lengths: Pairs
    row_lengths: Pairs = ()

    def request(self, part: Component) -> Request:
        """Returns the cache that a component needs."""
        return Request(
            part.dataset,
            part.split,
            renderings.name(self.model),
            self.vocabulary,
            self.lengths,
        )

    @property
    def columns(self) -> tuple[int, ...]:
        """Length of a row, per sequence feature."""
        rows = dict(self.row_lengths)
        return tuple(
            rows.get(name, most)
            for name, most in self.lengths
            if name not in CUT
        )

    def check(self, where: str, problems: Set[str]) -> None:
        """Refuses lengths that the model does not read.

        Args:
          where: what has them, for the message.
          problems: what is read.

        Raises:
          InputError: for an unknown or missing name, or too long an example.
        """
        expected = SEQUENCES[renderings.name(self.model)]
        family = type(self.model).__name__
        found = tuple(name for name, _ in self.lengths)
        if isinstance(self.model, XLMRConfig) and problems & WITH_CUTS:
            found = tuple(name for name in found if name not in CUT)
        for name in found:
            if name not in expected:
                raise InputError(
                    f"{where} has a length for {name!r}, but {family} reads "
                    f"{', '.join(expected)}.{nearest(name, expected)}"
                )
        if found != expected:
            raise InputError(
                f"{where} has lengths for {found}, but {family} needs them "
                f"for {expected}."
            )
        if isinstance(self.model, XLMRConfig):
            self._check_positions(where, dict(self.lengths)["tokens"])

    def _check_positions(self, where: str, length: int) -> None:
        most = self.model.max_length
        if length > most:
            raise InputError(
                f"{where} has examples of {length} tokens, but the model has "
                f"positions for {most}: lower the length of 'tokens' or raise "
                f"XLMRConfig.max_positions by {length - most}."
            )
