"""`xltransfer evaluate` on an mT5 as T5X and as Hugging Face have it."""

import dataclasses
import json
from pathlib import Path

import pytest
import small_models

import tasks
from tasks.row import rows
from tasks.vocabulary_training import train
from xltransfer.models.mt5 import MT5
from xltransfer.objectives.text_to_text import TextToText
from xltransfer.pretrained import hf_export, t5x_export

# A hundred sentinels, 256 bytes and a few letters.
MODEL = MT5(dataclasses.replace(small_models.MT5_CONFIG, vocab_size=400))
# Ranked, then generated.
MIXTURE = "miniature_nli.sw,miniature_qa.sw"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> dict[str, Path]:
    """The same random parameters in both layouts."""
    params = small_models.params(TextToText(MODEL))
    folder = tmp_path_factory.mktemp("mt5")
    found = {name: folder / name for name in ("t5x", "hf")}
    for path in found.values():
        path.mkdir()
    t5x_export.write(found["t5x"], params)
    hf_export.write(found["hf"], MODEL, params)
    return found


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pieces") / "v.model"
    examples = rows(tasks.dataset("miniature_nli.sw"), "test", None)
    texts = [one["premise"] for one in examples]
    train(
        [*texts, "xnli: premise: hypothesis: question: context: 0 1 2"],
        path,
        family="mt5",
        size=400,
    )
    return path


def test_t5x_and_hugging_face_are_evaluated_alike(
    run, checkpoints, vocabulary, tmp_path
):
    files, numbers = {}, {}
    for prefix, folder in checkpoints.items():
        out = tmp_path / prefix
        run(
            *("evaluate", "--checkpoint", f"{prefix}:{folder}", "--out", out),
            *("--mixture", MIXTURE, "--vocabulary", vocabulary),
            *("--lengths", "inputs=40,targets=6"),
            *("--cache-dir", tmp_path / "cache"),
        )
        lines = (out / "results.jsonl").read_text().splitlines()
        records = list(map(json.loads, lines))
        assert {one["phase"].split(":")[0] for one in records} == {prefix}
        numbers[prefix] = {
            (one["task"], one["prediction"], one["metric"]): one["value"]
            for one in records
        }
        files[prefix] = [
            path.read_text() for path in sorted(out.rglob("test-sw.*"))
        ]
    assert numbers["t5x"] == numbers["hf"]
    assert set(numbers["t5x"]) == {
        ("miniature_nli", "rank", "accuracy"),
        ("miniature_qa", "generation", "exact_match"),
        ("miniature_qa", "generation", "f1"),
        ("miniature_qa", "generation", "foreign_outputs"),
    }
    # Predictions and labels of two datasets.
    assert files["t5x"] == files["hf"] and len(files["t5x"]) == 4
    # Random parameters rank one label first, but do not write one text.
    assert len(set(json.loads(files["t5x"][3]).values())) > 1
