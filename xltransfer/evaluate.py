"""Model + datasets -> predictions -> official files -> metrics per language."""

import collections
import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax

from xltransfer import example_counts, metrics, submission
from xltransfer.claims import NOBODY_ELSE, Assumed, Claim
from xltransfer.data.cache import Cache
from xltransfer.data.features import Features
from xltransfer.data.loader import EvaluationBatches
from xltransfer.metrics.counted import Columns, sums
from xltransfer.objectives.objective import Params
from xltransfer.outcomes.outcome import Outcome
from xltransfer.outcomes.text import Generated
from xltransfer.prediction import Predictor
from xltransfer.submission.gold import write_gold
from xltransfer.train import Program

# Of a batch, for each device: always as many, since a program of another shape
# adds up in another order. Last bits differ then, and near ties fall otherwise.
ROWS = 8


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A trained program and how its batches are made.

    Nothing that is predicted depends on `rows`, or on the devices.

    Attributes:
      program: the compiled model.
      params: its parameters.
      features: of evaluation batches.
      outcome: what makes predictions of outputs.
      columns: length of a row, per sequence feature.
      rows: rows that are with the devices at once, or somewhat more.
      companion: gives another cache, and its outputs, that predictions need.
    """

    program: Program | Predictor
    params: Params
    features: Features
    outcome: Outcome
    columns: tuple[int, ...]
    rows: int = 32
    companion: Callable[[], tuple[Cache, list[Any]]] | None = None

    def predict(self, cache: Cache) -> list[Any]:
        """Returns a prediction for every raw example, each exactly once."""
        return self.combine(cache, self.outputs(cache))

    def combine(self, cache: Cache, found: list[Any]) -> list[Any]:
        """Returns the predictions that outputs stand for."""
        if self.companion is None:
            return self.outcome.combine(cache, found)
        return self.outcome.combine(cache, found, self.companion())

    def outputs(self, cache: Cache) -> list[Any]:
        """Returns what the outcome reads for every example of a cache.

        Examples are packed longest first; the last batch is filled up with
        empty rows, which predict nothing.
        """
        found: list[Any] = [None] * cache.size
        for outputs, layout, examples in self._predicted(cache):
            values = self.outcome.read(
                jax.device_get(outputs), layout, cache, examples
            )
            for example, value in zip(examples, values, strict=True):
                found[example] = value
        return found

    def _predicted(self, cache: Cache) -> Iterator[tuple[Any, ...]]:
        """Yields outputs, layout and examples of one batch after the other.

        Devices work on the next ones meanwhile.
        """
        partitioning = self.program.partitioning
        batches, waiting = self.batches(cache), collections.deque()
        most = max(1, self.rows // batches.rows)
        for packed, *what in batches.iterate(partitioning.host_rows):
            arrays = partitioning.put(packed.arrays, packed.rows)
            outputs = self.program.predict(self.params, arrays)
            waiting.append((outputs, *what))
            if len(waiting) > most:
                yield waiting.popleft()
        yield from waiting

    def batches(self, cache: Cache) -> EvaluationBatches:
        """Returns the batches in which a cache is predicted."""
        rows = ROWS * self.program.partitioning.batch_multiple
        return EvaluationBatches(cache, self.features, self.columns, rows)

    def score(self, cache: Cache) -> float:
        """Returns what a checkpoint is chosen by: of the first metric."""
        name = cache.manifest["metrics"][0]
        layout = self.outcome.layout
        scores = metrics.METRICS[name](
            _filed(cache, layout, self.outcome.targets(cache)),
            _filed(cache, layout, self.predict(cache)),
        )
        return metrics.selected(scores)


def evaluate(
    evaluation: Evaluation,
    cache: Cache,
    folder: Path,
    protocol: dict[str, Any],
    labels: Path | None = None,
    examples: Path | None = None,
    claim: Claim | Assumed = NOBODY_ELSE,
) -> list[dict[str, Any]]:
    """Evaluates one dataset: writes its predictions and scores that file.

    Args:
      evaluation: the model.
      cache: the split.
      folder: where `<task>/<split>-<language>.<suffix>` is written, in
        XTREME's submission layout.
      protocol: what else a number must carry (seed, selection, checkpoint).
      labels: where to write the labels, laid out alike, if anywhere.
      examples: where to write what each example adds, if anywhere; see
        `example_counts`.
      claim: on the folder; checked before anything is written.

    Returns:
      One record a metric, with its whole protocol; then one for each rate of
      outputs that are not what was asked for, where outputs are generated.

    Raises:
      LabelsWithheld: where the file has none, before anything is predicted.
      ClaimLost: where another worker has taken over.
    """
    manifest, outcome = cache.manifest, evaluation.outcome
    task, language = manifest["dataset"].rsplit(".", 1)
    split, layout = manifest["key"]["split"], outcome.layout
    targets = _filed(cache, layout, outcome.targets(cache))
    path = submission.path_of(folder, task, language, layout, split)
    found = evaluation.outputs(cache)
    predictions = _filed(cache, layout, evaluation.combine(cache, found))
    claim.check()
    submission.write(path, layout, predictions)
    if labels is not None:
        gold = submission.path_of(labels, task, language, layout, split)
        write_gold(gold, layout, targets)
    values, counted = score(path, layout, targets, cache)
    if examples is not None:
        place = example_counts.path_of(examples, task, language, split)
        ids = targets if layout in submission.BY_ID else None
        claim.check()
        example_counts.write(place, counted, ids)
    if isinstance(outcome, Generated):
        values |= outcome.rates(cache, found)
    return [
        {
            "task": task,
            "language": language,
            "split": split,
            "metric": name,
            "value": value,
            "n": len(targets),
            "metric_version": metrics.VERSION,
            "dataset_version": manifest["key"]["version"],
            "data_digest": manifest["key"]["source"],
            "predictions": hashlib.sha256(path.read_bytes()).hexdigest(),
            **dict(getattr(outcome, "made", ())),
            **protocol,
        }
        for name, value in values.items()
    ]


def score(
    path: Path, layout: str, targets: Any, cache: Cache
) -> tuple[dict[str, float], dict[str, Columns]]:
    """Scores a file of predictions against the right ones.

    Returns:
      Official names and values; and of each metric that is one of sums over
      examples what each example adds.

    Raises:
      InputError: naming the file and line where it cannot be scored.
    """
    labels = cache.manifest["labels"] if layout in ("labels", "tags") else ()
    predictions = submission.read(path, layout, labels)
    submission.check(path, layout, predictions, targets)
    found: dict[str, float] = {}
    counted: dict[str, Columns] = {}
    for name in cache.manifest["metrics"]:
        metric = metrics.COUNTED.get(name)
        if metric is None:
            found |= metrics.METRICS[name](targets, predictions)
            continue
        counted[name] = metric.count(targets, predictions)
        found |= metric.total(sums(counted[name]))
    return found, counted


def _filed(cache: Cache, layout: str, listed: list[Any]) -> Any:
    """Returns what is listed in order as a layout has it: some go by id."""
    if layout not in submission.BY_ID:
        return listed
    # Candidates that are only found have another one.
    ids = [record["id"] for record in cache.records if "id" in record]
    return dict(zip(ids, listed, strict=True))
