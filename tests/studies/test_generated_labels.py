"""mT5 in miniature, whose labels are ranked and generated."""

import json
from pathlib import Path

import pytest

GIN = Path(__file__).parents[2] / "gin" / "studies"


@pytest.mark.slow
def test_ranked_and_generated_labels_stand_beside_each_other(command, tmp_path):
    settings = [
        "--gin.Study.intermediates={'none': None}",
        "--gin.Study.controls={}",
        "--gin.Study.seeds=(1,)",
        "--gin.pretrain/Training.steps=20",
        "--gin.target/Training.steps=60",
        "--gin.target/Training.evaluate_every=60",
        "--gin.Target.evaluation='miniature_nli.sw'",
        "--out",
        tmp_path / "out",
    ]
    study = GIN / "quickstart_mt5.gin"
    for prediction in ("rank", "generation"):
        asked = f"--gin.Target.prediction='{prediction}'"
        out, _ = command.run("run", study, *settings, asked)
    assert "illegal_outputs in percent" in out
    target = next((tmp_path / "out" / "phases").glob("target-*"))
    lines = (target / "results.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [(one["prediction"], one["metric"]) for one in records] == [
        ("rank", "accuracy"),
        ("generation", "accuracy"),
        ("generation", "illegal_outputs"),
    ]
    ranked, generated = (
        (target / name / "miniature_nli/test-sw.tsv").read_text().splitlines()
        for name in ("predictions", "predictions-generation")
    )
    assert len(ranked) == len(generated) and "-1" not in ranked
    rate = 100 * generated.count("-1") / len(generated)
    assert records[2]["value"] == pytest.approx(rate)
    # A label that is written is the most probable one, but for greediness.
    pairs = zip(ranked, generated, strict=True)
    written = [(a, b) for a, b in pairs if b != "-1"]
    assert sum(a == b for a, b in written) >= 0.9 * len(written)
    evaluated, _ = command.run(
        *("evaluate", "--checkpoint", target, "--out", tmp_path / "again"),
        *("--mixture", "miniature_nli.sw"),
        "--gin.Settings.prediction='generation'",
    )
    again = tmp_path / "again/predictions/miniature_nli/test-sw.tsv"
    assert again.read_text().splitlines() == generated
    assert "illegal_outputs" in evaluated
