"""Generated text, and what the problem reads in it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks import languages, problems
from tasks.pieces import Pieces
from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout
from xltransfer.metrics.scripts import is_foreign
from xltransfer.outcomes.outcome import Outcome

ILLEGAL, FOREIGN = RATES = ("illegal_outputs", "foreign_outputs")


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
        pairs = zip(found, self._records(cache), strict=True)
        return [parse(text, record) for text, record in pairs]

    def rates(self, cache: Cache, found: Sequence[Any]) -> dict[str, float]:
        """Returns how many texts, in percent, are not what was asked for.

        `illegal_outputs` name no label or choice. `foreign_outputs` are in the
        script of another language (`metrics.scripts`), and not words of the
        text that they are about; of problems whose outputs are words.
        """
        module, rates = problems.problem(self.problem), {}
        if hasattr(module, "UNREADABLE"):
            illegal = self.combine(cache, found).count(module.UNREADABLE)
            rates[ILLEGAL] = 100 * illegal / len(found)
        words = self._words(cache, found)
        if None not in words:
            code = cache.manifest["key"]["language"]
            script = languages.language(code).script
            foreign = [is_foreign(text, script) for text in words]
            rates[FOREIGN] = 100 * foreign.count(True) / len(found)
        return rates

    def _words(self, cache: Cache, found: Sequence[str]) -> list[str | None]:
        """Returns each output's own words, None where outputs are no words."""
        unquoted = getattr(problems.problem(self.problem), "unquoted", None)
        if unquoted is None:
            return [None]
        pairs = zip(found, self._records(cache), strict=True)
        return [unquoted(text, record) for text, record in pairs]

    def _records(self, cache: Cache) -> list[dict[str, Any]]:
        """Returns what is known of raw examples; of classes, the labels."""
        labels = {
            "labels": cache.manifest["labels"],
            "text_labels": cache.manifest["key"].get("text_labels", ()),
        }
        if not hasattr(problems.problem(self.problem), "record"):
            return [labels] * cache.size
        return [{**record, **labels} for record in cache.records]

    def targets(self, cache: Cache) -> list[Any]:
        """Returns the right predictions."""
        return self.encoder.targets(cache)
