"""What predicts datasets with a model's parameters, as it reads them."""

import functools
from pathlib import Path
from typing import Any

from tasks import vocabularies
from tasks.pieces import Pieces
from xltransfer import renderings
from xltransfer.components import Component, companion_of
from xltransfer.data import cache as caches
from xltransfer.data.cache import Cache
from xltransfer.evaluate import Evaluation
from xltransfer.objectives.objective import Params
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor
from xltransfer.reading import Reading
from xltransfer.renderings import RANK, Facts, Prediction, Rendering
from xltransfer.vectors import STANDARD, Vectors


class Evaluations:
    """Makes an `Evaluation` for each dataset; keeps what they share.

    Many languages seek in the same candidates, which are predicted once.
    """

    def __init__(
        self,
        reading: Reading,
        cache_dir: Path,
        data_dir: Path | None,
        partitioning: Partitioning,
        rows: int,
        vectors: Vectors = STANDARD,
    ):
        """Prepares, but reads nothing yet.

        Args:
          reading: the model, and how it reads.
          cache_dir: the folder of all caches.
          data_dir: the folder of official files, where any are read.
          partitioning: mesh and rules.
          rows: rows that are predicted at once, or somewhat more.
          vectors: how an encoder's own are made.
        """
        self._reading = reading
        self._cache_dir, self._data_dir = cache_dir, data_dir
        self._partitioning, self._rows = partitioning, rows
        self._vectors = vectors
        self._outputs: dict[Cache, tuple[Params, list[Any]]] = {}

    def cache(self, part: Component) -> Cache:
        """Opens, or builds, the cache of a component."""
        return caches.prepare(
            self._reading.request(part), self._cache_dir, self._data_dir
        )

    @functools.cached_property
    def pieces(self) -> Pieces:
        """The vocabulary's."""
        return vocabularies.load(
            self._reading.vocabulary, self._cache_dir, self._data_dir
        )

    def rendering(
        self, part: Component, prediction: Prediction = RANK
    ) -> Rendering:
        """Returns how a component is trained on and predicted."""
        answers = self.cache(part).manifest["answers"]
        facts = Facts(
            part.dataset.problem,
            self.pieces,
            len(part.dataset.labels),
            tuple(tuple(one) for one in answers),
            dict(self._reading.lengths).get("targets", 0),
            next(iter(part.dataset.metrics), ""),
            generate=prediction == renderings.GENERATION,
            vectors=self._vectors,
        )
        return renderings.rendering(self._reading.model, facts)

    def evaluation(
        self, params: Params, part: Component, prediction: Prediction = RANK
    ) -> Evaluation:
        """Returns what predicts a component.

        Args:
          params: those of its rendering's objective.
          part: the split of a dataset.
          prediction: how answers are predicted that could be ranked.
        """
        rendering = self.rendering(part, prediction)
        made = functools.partial(
            Evaluation,
            Predictor(rendering.objective, self._partitioning),
            params,
            rendering.evaluation,
            rendering.outcome,
            self._reading.columns,
            self._rows,
        )
        other = companion_of(part)
        if other is None:
            return made()
        return made(companion=functools.partial(self._companion, made(), other))

    def _companion(
        self, made: Evaluation, part: Component
    ) -> tuple[Cache, list[Any]]:
        """Returns a cache and its outputs, of the same parameters made once."""
        cache = self.cache(part)
        params, found = self._outputs.get(cache, (None, []))
        if params is not made.params:
            found = made.outputs(cache)
            self._outputs[cache] = made.params, found
        return cache, found
