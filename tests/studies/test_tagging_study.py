"""Tagging on official files, from the command line to the table."""

import json
import os
from pathlib import Path

import pytest

import tasks
from tasks import tagging
from tasks.row import rows
from xltransfer import submission
from xltransfer.metrics import METRICS
from xltransfer.outcomes.text import FOREIGN

HERE = Path(__file__).parent
NEEDED = (("panx.en", "train"), ("panx.jv", "dev"), ("masakhaner.wo", "test"))


@pytest.mark.parametrize(
    "study", ["tagging", pytest.param("tagging_text", marks=pytest.mark.slow)]
)
def test_entities_are_trained_predicted_and_scored_on_official_files(
    command, tmp_path, study
):
    data = os.environ.get("XLTRANSFER_DATA_DIR")
    if not data or any(
        tasks.dataset(name).split(part).source.missing(Path(data))
        for name, part in NEEDED
    ):
        pytest.skip("WikiANN and MasakhaNER are not in XLTRANSFER_DATA_DIR")
    out, _ = command.run("run", HERE / f"{study}.gin", "--out", tmp_path)
    assert "entities: f1" in out
    (phase,) = (tmp_path / "phases").iterdir()
    lines = (phase / "results.jsonl").read_text().splitlines()
    found = {one["metric"]: one for one in map(json.loads, lines)}
    # A rate of what is written is no score; an encoder writes nothing.
    assert (found.pop(FOREIGN, None) is None) == (study == "tagging")
    assert found.keys() == {"f1", "precision", "recall", "accuracy"}
    assert {one["n"] for one in found.values()} == {539}
    # The file gives every word one tag, and is what the numbers come from.
    path = phase / "predictions/masakhaner/test-wo.tsv"
    predictions = submission.read(path, "tags", tagging.ENTITIES)
    examples = rows(tasks.dataset("masakhaner.wo"), "test", Path(data))
    gold = [one["names"] for one in examples]
    assert list(map(len, predictions)) == list(map(len, gold))
    scores = METRICS["panx"](gold, predictions)
    assert {name: one["value"] for name, one in found.items()} == scores
