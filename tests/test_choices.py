"""A phase of multiple choice on official files, for both families."""

import json
import os
from pathlib import Path

import pytest
import small_models

import tasks
from tasks.row import rows
from tasks.vocabularies import SentencePieceFile
from tasks.vocabulary_training import train
from xltransfer import evaluate, phase
from xltransfer.components import Component, components_of
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.optimizer import AdamW
from xltransfer.specification import Phase, Training
from xltransfer.workspace import Execution, Workspace

VOCABULARY = 1000
XLMR = XLMRConfig(
    vocab_size=VOCABULARY + 2,
    hidden_size=32,
    num_layers=1,
    num_heads=4,
    mlp_size=64,
    max_positions=52,
)
MT5 = MT5Config(
    vocab_size=VOCABULARY,
    emb_dim=32,
    num_heads=4,
    num_encoder_layers=1,
    num_decoder_layers=1,
    head_dim=8,
    mlp_dim=64,
)
LENGTHS = {
    "xlmr": {"tokens": 48},
    "mt5": {"inputs": 160, "targets": 3},
}
CODAH = tasks.dataset("codah.en")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Workspace:
    data_dir = os.environ.get("XLTRANSFER_DATA_DIR")
    if not data_dir:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    folder = tmp_path_factory.mktemp("choices")
    return Workspace(
        folder / "out",
        folder / "cache",
        Path(data_dir),
        small_models.partitioning("data"),
        Execution(programs=2),
    )


def phase_of(family: str, folder: Path, data_dir: Path) -> Phase:
    """Six updates on CODAH, chosen by its dev set."""
    texts = [
        text
        for row in rows(CODAH, "train", data_dir)
        for text in (row["prompt"], *row["choices"])
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{family}.model"
    train(
        [*texts, "choice: question: choices: (a) (b) (c) (d)"],
        path,
        family=family,
        size=VOCABULARY,
    )
    return Phase(
        kind="target",
        model={"xlmr": XLMR, "mt5": MT5}[family],
        vocabulary=SentencePieceFile(family, str(path)),
        components=components_of("codah.en", "train"),
        validation=(Component(CODAH, "dev"),),
        training=Training(
            steps=6,
            batch_size=16,
            lengths=LENGTHS[family],
            optimizer=AdamW(learning_rate=1e-3),
            evaluate_every=3,
            selection="dev",
        ),
        seed=1,
    )


@pytest.mark.parametrize(
    "family", ["xlmr", pytest.param("mt5", marks=pytest.mark.slow)]
)
def test_a_phase_trains_on_codah_and_answers_every_question(family, place):
    one = phase_of(family, place.out, place.data_dir)
    record = phase.run(one, place, lambda step, metrics: None)
    assert record["steps"] == 6 and record["step"] in (3, 6)
    evaluation = phase.evaluations(one, place)(one.validation[0])
    cache = place.cache(one, one.validation[0])
    found = evaluation.predict(cache)
    # A held-out tenth of 2,776 questions with four choices each.
    assert len(found) == cache.size == 277
    # What is written by a text model may name no choice.
    assert set(found) <= set(range(4)) | ({-1} if family == "mt5" else set())
    right = [row["label"] for row in rows(CODAH, "dev", place.data_dir)]
    assert evaluation.outcome.targets(cache) == right
    hits = sum(a == b for a, b in zip(found, right, strict=True))
    assert evaluation.score(cache) == pytest.approx(100 * hits / 277)
    assert record["score"] == pytest.approx(evaluation.score(cache))
    # XTREME's layout of XCOPA: a JSON object a line.
    # A text model's records also say how much of it named no choice.
    result, *rates = evaluate.evaluate(
        evaluation, cache, place.out / family, {}
    )
    named = ["illegal_outputs"] if family == "mt5" else []
    assert [one["metric"] for one in rates] == named
    assert result["value"] == pytest.approx(100 * hits / 277)
    lines = (place.out / family / "codah" / "dev-en.jsonl").read_text()
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"label": one} for one in found
    ]
