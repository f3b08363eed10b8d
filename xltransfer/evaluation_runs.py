"""A checkpoint of any layout, evaluated on what of a mixture fits it."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tasks
from xltransfer import contents, evaluate, fields, overlap, renderings, results
from xltransfer.components import Component, is_embedded
from xltransfer.errors import InputError, LabelsWithheld, NotWhole
from xltransfer.evaluate import Evaluation
from xltransfer.evaluations import Evaluations
from xltransfer.fitting import Fit, Fitting, by_task
from xltransfer.language_groups import groups
from xltransfer.metrics import checklist, selected
from xltransfer.objectives.objective import Params
from xltransfer.outcomes.text import RATES
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor
from xltransfer.renderings import RANK, ModelConfig, Prediction
from xltransfer.scoring import Scores, scores_of
from xltransfer.trained import Trained
from xltransfer.vectors import PRESETS, STANDARD, Vectors

# A dataset, and its records; none where its files have no labels.
Made = tuple[Component, list[dict[str, Any]]]
# Percentages by task, language and metric.
Table = dict[str, dict[str, dict[str, float]]]


@dataclasses.dataclass(frozen=True)
class Settings:
    """How evaluations are carried out.

    Attributes:
      partitioning: mesh and rules.
      rows: rows that are predicted at once, or somewhat more; it changes no
        prediction.
      prediction: how mT5 predicts labels: by `rank` or by `generation`.
      model: in place of what the checkpoint says of itself.
      vectors: how an encoder's own are made, for Tatoeba and BUCC.
    """

    partitioning: Partitioning
    rows: int = 32
    prediction: Prediction = RANK
    model: ModelConfig | None = None
    vectors: Vectors = STANDARD

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
    model: Trained, fitting: Fitting, settings: Settings, place: Place
) -> Iterator[Made]:
    """Evaluates and records one dataset after the other.

    Yields:
      The split that was evaluated, and its records: none where no file of the
      dataset has labels, or one that was not asked for by name is not whole.

    Raises:
      InputError: for damaged files, or an `out` of something else.
    """
    asked = _Asked(model, settings, place)
    place.check(model.protocol)
    # Refuses a layer that it has not.
    settings.vectors.layer_of(renderings.layers(model.reading.model))
    place.out.mkdir(parents=True, exist_ok=True)
    for fit in fitting.fits:
        part, found = asked.evaluate(fit, place)
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
            settings.vectors,
        )
        self._model, self._settings = model, settings
        self._last: tuple[Any, Params] = None, {}

    def evaluate(self, fit: Fit, place: Place) -> Made:
        """Evaluates the first split that has labels."""
        for part in fit.parts:
            prediction = renderings.prediction(
                self._model.reading.model,
                bool(part.dataset.text_labels),
                self._settings.prediction,
            )
            try:
                return part, evaluate.evaluate(
                    self._evaluation(part, fit.head),
                    self.evaluations.cache(part),
                    place.out / "predictions",
                    dict(self._model.protocol) | {"prediction": prediction},
                    place.out / "labels",
                )
            except LabelsWithheld:
                continue
            except NotWhole:
                if fit.was_named:
                    raise
        return fit.parts[0], []

    def _evaluation(self, part: Component, head: str | None) -> Evaluation:
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
    fitting: Fitting,
    settings: Settings,
    splits: Sequence[str],
    made: Sequence[Made],
) -> Scores:
    """Returns all numbers as `xltransfer score` does, and more of them.

    Args:
      model: the checkpoint that was evaluated.
      fitting: what it was evaluated on, and what was left out.
      settings: how.
      splits: as they were asked for: averages are over the first.
      made: what `run` yielded.
    """
    values: Table = {}
    outputs: Table = {}
    sizes: dict[str, dict[str, int]] = {}
    others: dict[str, dict[str, str]] = {}
    for one in (record for _, found in made for record in found):
        task, language, name = one["task"], one["language"], one["metric"]
        table = outputs if name in RATES else values
        table.setdefault(task, {}).setdefault(language, {})[name] = one["value"]
        sizes.setdefault(task, {})[language] = one["n"]
        if one["split"] != splits[0]:
            others.setdefault(task, {})[language] = one["split"]
    by_language = {
        task: groups(
            {code: selected(one) for code, one in table.items()}, model.family
        )
        for task, table in values.items()
        if task != checklist.TASK
    }
    notes = (*fitting.notes(), *_notes(model, settings, made))
    return dataclasses.replace(
        scores_of(values, sizes, notes=notes, splits=others),
        languages=by_language,
        outputs=outputs,
    )


def _notes(
    model: Trained, settings: Settings, made: Sequence[Made]
) -> Iterator[str]:
    """Yields what must be known of the numbers beside them."""
    withheld = [part.dataset.name for part, found in made if not found]
    if withheld:
        why = "as their files have no labels, or are not the whole ones"
        yield f"left out, {why}: {by_task(withheld)}"
    parts = [part for part, found in made if found]
    trained = list(_trained_on(model))
    for name, other in overlap.between(trained, parts):
        yield f"not zero-shot: trained on {name}, which overlaps with {other}"
    needed = PRESETS[settings.vectors.preset]
    known = {one.problem for one in model.contents.heads.values()}
    if needed and needed not in known and any(map(is_embedded, parts)):
        yield (
            f"the preset {settings.vectors.preset} is of encoders that were "
            f"fine-tuned on {needed}, and this checkpoint has no head for it"
        )


def _trained_on(model: Trained) -> Iterator[tuple[str, Component]]:
    """Yields what the known phases trained on, as far as rows are known."""
    rows = tasks.datasets()
    for phase in model.lineage:
        for one in phase.get("components", ()):
            row = rows.get(one["dataset"])
            if row and one["split"] in [split.name for split in row.splits]:
                yield phase["kind"], Component(row, one["split"])
