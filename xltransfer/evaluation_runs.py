"""A checkpoint of any layout, evaluated on what of a mixture fits it."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer import contents, evaluate, fields, renderings, results
from xltransfer.components import Component, is_embedded
from xltransfer.errors import InputError, LabelsWithheld
from xltransfer.evaluate import Evaluation
from xltransfer.evaluations import Evaluations
from xltransfer.fitting import Fitting, by_task
from xltransfer.language_groups import groups
from xltransfer.metrics import selected
from xltransfer.objectives.objective import Params
from xltransfer.outcomes.text import RATES
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor
from xltransfer.renderings import RANK, ModelConfig, Prediction
from xltransfer.scoring import Scores, scores_of
from xltransfer.trained import Trained


@dataclasses.dataclass(frozen=True)
class Settings:
    """How evaluations are carried out.

    Attributes:
      partitioning: mesh and rules.
      rows: rows of a batch; it changes no prediction.
      prediction: how mT5 predicts labels: by `rank` or by `generation`.
      model: in place of what the checkpoint says of itself.
    """

    partitioning: Partitioning
    rows: int = 32
    prediction: Prediction = RANK
    model: ModelConfig | None = None

    def __post_init__(self) -> None:
        fields.check(self)
        fields.check_least(self, rows=1)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where an evaluation leaves what, and finds its data.

    Attributes:
      out: gets `predictions`, `labels` and `results.jsonl`.
      cache_dir: the folder of all caches.
      data_dir: the folder of official files, where any are read.
    """

    out: Path
    cache_dir: Path
    data_dir: Path | None

    @property
    def results(self) -> Path:
        """The file of all numbers."""
        return self.out / "results.jsonl"

    def check(self, protocol: Mapping[str, Any]) -> None:
        """Raises InputError where numbers of something else are."""
        for record in results.read(self.results):
            if not record.items() >= protocol.items():
                raise InputError(
                    f"{self.results} holds numbers of another checkpoint, or "
                    "of other lengths: name another --out."
                )


def run(
    model: Trained, fit: Fitting, settings: Settings, place: Place
) -> Iterator[tuple[Component, list[dict[str, Any]]]]:
    """Evaluates and records one dataset after the other.

    Yields:
      The dataset and its records; none where its file has no labels.

    Raises:
      InputError: for damaged files, or an `out` of something else.
    """
    asked = _Asked(model, settings, place)
    place.check(model.protocol)
    place.out.mkdir(parents=True, exist_ok=True)
    has_answers = [(p, h, bool(p.dataset.text_labels)) for p, h in fit.parts]
    for part, head, ranked in has_answers:
        protocol = dict(model.protocol) | {
            "prediction": renderings.prediction(
                model.reading.model, ranked, settings.prediction
            )
        }
        try:
            found = evaluate.evaluate(
                asked.evaluation(part, head),
                asked.evaluations.cache(part),
                place.out / "predictions",
                protocol,
                place.out / "labels",
            )
        except LabelsWithheld:
            found = []
        results.replace(place.results, found, ("task", "language", "split"))
        yield part, found


class _Asked:
    """A checkpoint's parameters, those of the last head that was asked."""

    def __init__(self, model: Trained, settings: Settings, place: Place):
        self.evaluations = Evaluations(
            model.reading,
            place.cache_dir,
            place.data_dir,
            settings.partitioning,
            settings.rows,
        )
        self._model, self._settings = model, settings
        self._last: tuple[Any, Params] = None, {}

    def evaluation(self, part: Component, head: str | None) -> Evaluation:
        """Returns what predicts a dataset."""
        rendering = self.evaluations.rendering(part)
        predictor = Predictor(rendering.objective, self._settings.partitioning)
        known, params = self._last
        if known != (head, predictor):
            params = self._load(predictor, head)
            self._last = (head, predictor), params
        made = self.evaluations.evaluation(
            params, part, self._settings.prediction
        )
        labels = self._model.contents.heads[head].labels
        if labels in ((), part.dataset.labels) or is_embedded(part):
            return made
        # The head's classes are in another order than the data's.
        outcome = dataclasses.replace(made.outcome, classes=labels)
        return dataclasses.replace(made, outcome=outcome)

    def _load(self, predictor: Predictor, head: str | None) -> Params:
        origin = self._model.origin
        loaded = contents.load(
            origin, predictor.objective.model, predictor.abstract, head
        )
        if loaded.missing:
            raise InputError(
                f"{origin}: tensors missing: {', '.join(loaded.missing)}"
            )
        return loaded.params


def scores(
    model: Trained,
    fit: Fitting,
    made: Sequence[tuple[Component, list[dict[str, Any]]]],
) -> Scores:
    """Returns all numbers as `xltransfer score` does, and more of them.

    Args:
      model: the checkpoint that was evaluated.
      fit: what it was evaluated on, and what was left out.
      made: what `run` yielded.
    """
    withheld = [part.dataset.name for part, found in made if not found]
    notes = fit.notes()
    if withheld:
        why = "as their files have no labels"
        notes.append(f"left out, {why}: {by_task(withheld)}")
    tables: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    sizes: dict[str, dict[str, int]] = {}
    for one in (record for _, found in made for record in found):
        task, language, name = one["task"], one["language"], one["metric"]
        table = tables[name in RATES].setdefault(task, {})
        table.setdefault(language, {})[name] = one["value"]
        sizes.setdefault(task, {})[language] = one["n"]
    values, outputs = tables
    by_language = {
        task: groups(
            {code: selected(one) for code, one in table.items()}, model.family
        )
        for task, table in values.items()
    }
    return dataclasses.replace(
        scores_of(values, sizes, notes=notes),
        languages=by_language,
        outputs=outputs,
    )
