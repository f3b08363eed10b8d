"""Model + datasets -> predictions -> official files -> metrics per language."""

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from xltransfer import metrics
from xltransfer.data.cache import Cache
from xltransfer.data.features import Features
from xltransfer.data.loader import EvaluationBatches
from xltransfer.errors import InputError
from xltransfer.objectives.objective import Params
from xltransfer.outcomes.outcome import Outcome
from xltransfer.train import Program

ROWS = 32


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A trained program and how its batches are made.

    Attributes:
      program: the compiled model.
      params: its parameters.
      features: of evaluation batches.
      outcome: what makes predictions of outputs.
      columns: length of a row, per sequence feature.
    """

    program: Program
    params: Params
    features: Features
    outcome: Outcome
    columns: tuple[int, ...]

    def predict(self, cache: Cache) -> list[Any]:
        """Returns a prediction for every raw example, each exactly once.

        Examples are packed longest first; the last batch is filled up with
        empty rows, which predict nothing.
        """
        partitioning = self.program.partitioning
        multiple = partitioning.batch_multiple
        rows = -(-ROWS // multiple) * multiple
        batches = EvaluationBatches(cache, self.features, self.columns, rows)
        found: list[Any] = [None] * cache.size
        for packed, layout, examples in batches.iterate(partitioning.host_rows):
            arrays = partitioning.put(packed.arrays, packed.rows)
            outputs = self.program.predict(self.params, arrays)
            values = self.outcome.read(
                jax.device_get(outputs), layout, cache, examples
            )
            for example, value in zip(examples, values, strict=True):
                found[example] = value
        return self.outcome.combine(cache, found)

    def score(self, cache: Cache) -> float:
        """Returns the first metric of a dataset."""
        name = cache.manifest["metrics"][0]
        targets = self.outcome.targets(cache)
        scores = metrics.METRICS[name](targets, self.predict(cache))
        return next(iter(scores.values()))


def evaluate(
    evaluation: Evaluation,
    cache: Cache,
    folder: Path,
    protocol: dict[str, Any],
) -> list[dict[str, Any]]:
    """Evaluates one dataset: writes its predictions and scores that file.

    Args:
      evaluation: the model.
      cache: the split.
      folder: where `<task>/<split>-<language>.tsv` is written, in XTREME's
        submission layout.
      protocol: what else a number must carry (seed, selection, checkpoint).

    Returns:
      One record a metric, with its whole protocol.
    """
    manifest = cache.manifest
    task, language = manifest["dataset"].rsplit(".", 1)
    split = manifest["key"]["split"]
    path = folder / task / f"{split}-{language}.tsv"
    write_labels(path, evaluation.predict(cache))
    found = score_labels(path, cache, evaluation.outcome.targets(cache))
    return [
        {
            "task": task,
            "language": language,
            "split": split,
            "metric": name,
            "value": value,
            "n": cache.size,
            "metric_version": metrics.VERSION,
            "dataset_version": manifest["key"]["version"],
            "data_digest": manifest["key"]["source"],
            "predictions": hashlib.sha256(path.read_bytes()).hexdigest(),
            **protocol,
        }
        for name, value in found.items()
    ]


def write_labels(path: Path, predictions: Sequence[str]) -> None:
    """Writes one label a line, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text("".join(f"{one}\n" for one in predictions))
    os.replace(partial, path)


def score_labels(
    path: Path, cache: Cache, targets: Sequence[str]
) -> dict[str, float]:
    """Scores a file of one label a line against a cache's labels.

    Raises:
      InputError: for a wrong number of lines or an unknown label.
    """
    labels = list(cache.manifest["labels"])
    lines = path.read_text().splitlines()
    if len(lines) != cache.size:
        raise InputError(
            f"{path}: {len(lines)} lines, but the split has {cache.size} "
            "examples."
        )
    for number, line in enumerate(lines, start=1):
        if line not in labels:
            raise InputError(
                f"{path}:{number}: unknown label {line!r}; one of {labels}."
            )
    found: dict[str, float] = {}
    for name in cache.manifest["metrics"]:
        found |= metrics.METRICS[name](targets, lines)
    return found
