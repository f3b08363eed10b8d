import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import small_caches
from command import TINY
from hypothesis import given, settings
from hypothesis import strategies as st

from xltransfer import (
    configuration,
    evaluate,
    phase,
    phase_folder,
    study,
    workspace,
)
from xltransfer.claims import ClaimLost, Claims
from xltransfer.components import Component
from xltransfer.data.cache import Cache
from xltransfer.data.features import EncoderClassification
from xltransfer.data.loader import EvaluationBatches
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.outcomes.classification import Labels
from xltransfer.partitioning import Partitioning
from xltransfer.workspace import Workspace

LABELS = ["entailment", "neutral", "contradiction"]


@pytest.fixture
def cache(tmp_path) -> Cache:
    """A cache of four examples, as far as scoring reads it."""
    folder = tmp_path / "cache"
    folder.mkdir()
    np.save(folder / "label.npy", np.array([0, 2, 1, 1], np.uint16))
    manifest = {
        "size": 4,
        "dataset": "toy.sw",
        "labels": LABELS,
        "metrics": ["accuracy"],
        "features": ["label"],
        "sequences": [],
        "key": {"split": "test", "source": "d1gest", "version": 3},
    }
    return Cache(folder, manifest)


@dataclasses.dataclass
class Guesses:
    """An evaluation whose predictions are given."""

    classes: list[int]
    outcome = Labels()

    def outputs(self, cache: Cache) -> list[int]:
        return self.classes

    def combine(self, cache: Cache, found: list[int]) -> list[str]:
        return self.outcome.combine(cache, found)


def test_predictions_lie_in_the_official_layout_and_are_scored_from_there(
    cache, tmp_path
):
    (record,) = evaluate.evaluate(
        Guesses([0, 2, 0, 1]), cache, tmp_path, {"seed": 5}
    )
    path = tmp_path / "toy" / "test-sw.tsv"
    # XTREME's: <task>/test-<language>.tsv, one label a line.
    assert path.read_text() == (
        "entailment\ncontradiction\nentailment\nneutral\n"
    )
    assert [one.name for one in path.parent.iterdir()] == ["test-sw.tsv"]
    predictions = record.pop("predictions")
    assert len(predictions) == 64
    # Three of four are right.
    assert record == {
        "task": "toy",
        "language": "sw",
        "split": "test",
        "metric": "accuracy",
        "value": 75.0,
        "n": 4,
        "metric_version": 1,
        "dataset_version": 3,
        "data_digest": "d1gest",
        "seed": 5,
    }


def test_who_loses_its_claim_while_it_predicts_writes_nothing(cache, tmp_path):
    first = Claims().take(tmp_path)

    class Slow(Guesses):
        def outputs(self, cache: Cache) -> list[int]:
            # As if it had been stopped for a lease.
            (tmp_path / "claims" / "2").write_text("")
            return super().outputs(cache)

    with pytest.raises(ClaimLost):
        evaluate.evaluate(Slow([0, 2, 0, 1]), cache, tmp_path, {}, claim=first)
    assert not (tmp_path / "toy").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entailment\nneutral\n", r"toy\.tsv:3: 2 lines.*4 labels"),
        ("neutral\n" * 5, r"toy\.tsv:5: 5 lines.*4 labels"),
        ("neutral\nneutral\nNeutral\nneutral\n", r"toy\.tsv:3.*'Neutral'"),
    ],
)
def test_a_wrong_submission_is_refused_with_its_line(
    cache, tmp_path, text, message
):
    path = tmp_path / "toy.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        evaluate.score(path, "labels", Labels().targets(cache), cache)


class TruePredictions:
    """Stands for a program: it predicts the labels that it is shown."""

    def __init__(self, partitioning: Partitioning) -> None:
        self.partitioning = partitioning

    def predict(self, params: object, batch: dict) -> np.ndarray:
        shown = np.asarray(batch["labels"])
        weights = np.asarray(batch["label_weights"])
        # An empty slot predicts nothing that could pass for a label.
        return np.where(weights > 0, shown, 99)


@pytest.fixture
def swahili(command, tmp_path) -> Cache:
    """The tiny study's evaluation cache of Swahili: 300 examples."""
    found, _ = configuration.load(TINY, ())
    place = Workspace(
        tmp_path, command.cache, None, found.partitioning, found.execution
    )
    cell = next(study.cells(found))
    part = next(
        part
        for part in study.evaluated(cell, place)[0]
        if part.dataset.language == "sw"
    )
    assert isinstance(part, Component)
    return place.cache(cell.phase, part)


@pytest.mark.parametrize("data", [8, 4], ids=["8 x 1", "4 x 2"])
def test_every_example_is_predicted_once_and_in_its_place(swahili, data):
    partitioning = Partitioning((("embed", "fsdp"),), data=data, fsdp=8 // data)
    one = Evaluation(
        TruePredictions(partitioning),
        {},
        EncoderClassification(1),
        Labels(),
        (32,),
    )
    assert swahili.size == 300
    labels = swahili.manifest["labels"]
    expected = [labels[one] for one in swahili.scalars("label")]
    assert one.predict(swahili) == expected
    assert one.score(swahili) == 100.0


def test_a_finished_phase_is_evaluated_from_its_selected_checkpoint(
    finished, command
):
    found, _ = configuration.load(TINY, ())
    place = Workspace(
        finished[0],
        command.cache,
        None,
        found.partitioning,
        found.execution,
    )
    cell = next(study.cells(found))
    folder = place.directory(cell.phase)
    record = workspace.finished(cell.phase, place)
    lines = map(json.loads, (folder / "results.jsonl").read_text().splitlines())
    results = list(lines)
    assert [one["checkpoint"] for one in results] == [record["step"]] * 12
    assert {one["phase"] for one in results} == {record["identity"]}
    # Recorded by one device; predicted again here, on eight.
    part = study.evaluated(cell, place)[0][0]
    again = evaluate.evaluate(
        phase.evaluations(cell.phase, place)(part),
        place.cache(cell.phase, part),
        Path(place.cache_dir) / "again",
        phase_folder.protocol(cell.phase, place) | {"prediction": "encoder"},
    )
    # How long it took is no part of what was measured.
    assert again == [{k: x for k, x in results[0].items() if k != "seconds"}]


class Echo:
    """Stands for a predictor on some devices: it shows the labels it is given.

    Empty rows and slots show what is no label.
    """

    def __init__(self, devices: int) -> None:
        self.partitioning = self
        self.batch_multiple = devices

    def host_rows(self, rows: int) -> np.ndarray:
        assert rows % self.batch_multiple == 0
        return np.arange(rows)

    def put(self, arrays: dict, rows: int) -> dict:
        assert {len(array) for array in arrays.values()} == {rows}
        return arrays

    def predict(self, params: object, batch: dict) -> np.ndarray:
        return np.where(batch["label_weights"] > 0, batch["labels"], 99)


@given(
    size=st.integers(1, 70),
    rows=st.integers(1, 20),
    devices=st.sampled_from((1, 2, 3, 8)),
    columns=st.integers(20, 70),
)
@settings(max_examples=60)
def test_every_example_comes_back_once_whatever_is_left_over(
    tmp_path_factory, size, rows, devices, columns
):
    pairs = small_caches.pairs(tmp_path_factory.mktemp("pairs") / "p", size)
    one = Evaluation(
        Echo(devices),
        {},
        EncoderClassification(1),
        Labels(),
        (columns,),
        rows,
    )
    assert one.predict(pairs) == Labels().targets(pairs)
    # As many are shown as there are, and no more.
    shown = [
        examples
        for _, _, examples in EvaluationBatches(
            pairs, one.features, one.columns, rows
        ).iterate(np.arange)
    ]
    assert sorted(np.concatenate(shown)) == list(range(size))
