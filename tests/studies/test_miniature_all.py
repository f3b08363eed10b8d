"""Every problem of the miniature world, cut down until it runs in seconds."""

import csv

import pytest

from xltransfer.configuration import GIN_ROOT

PHASES = ("pretrain", "intermediate", "target")
SMALL = (
    *(f"--gin.{phase}/Training.steps=2" for phase in PHASES),
    *(f"--gin.{phase}/Training.batch_size=8" for phase in PHASES),
    "--gin.TrainedVocabulary.lines=2000",
    "--gin.Study.controls={}",
    "--gin.inference/Target.evaluation='miniature_nli.sw'",
    "--gin.choice/Target.evaluation='miniature_choice.sw'",
    "--gin.questions/Target.evaluation='miniature_qa.sw'",
    "--gin.pos/Target.evaluation='miniature_pos.sw'",
    "--gin.ner/Target.evaluation='miniature_ner.sw'",
)
TAGS = {"f1", "precision", "recall", "accuracy"}
METRICS = {
    "inference": {"accuracy"},
    "choice": {"accuracy"},
    "questions": {"exact_match", "f1"},
    "parts of speech": TAGS,
    "entities": TAGS,
}
# What is counted beside them where texts are generated.
COUNTED = {
    "choice": {"illegal_outputs"},
    "questions": {"foreign_outputs"},
    "entities": {"foreign_outputs"},
}
ENCODER = (
    "--gin.questions/Training.steps=2",
    "--gin.questions/Training.batch_size=8",
    "--gin.questions/Training.evaluate_every=2",
    "--gin.target/Training.evaluate_every=2",
    "--gin.bitext/Target.evaluation='miniature_bitext.sw'",
)
# Generating takes most of the time: short answers, and none on dev sets.
SHORT = "{'inputs': 48, 'targets': 6}"
TEXT = (
    "--gin.target/Training.evaluate_every=0",
    "--gin.target/Training.selection='last'",
    f"--gin.intermediate/Training.lengths={SHORT}",
    f"--gin.target/Training.lengths={SHORT}",
)


@pytest.mark.parametrize(
    ("name", "more", "metrics"),
    [
        ("miniature_all", ENCODER, {**METRICS, "bitext": {"accuracy"}}),
        # Minutes, most of them compiling.
        pytest.param(
            "miniature_all_mt5",
            TEXT,
            {
                name: METRICS[name] | COUNTED.get(name, set())
                for name in METRICS
            },
            marks=pytest.mark.slow,
        ),
    ],
)
def test_every_problem_goes_from_text_to_table(
    command, tmp_path, name, more, metrics
):
    path = GIN_ROOT / "studies" / f"{name}.gin"
    command.run("run", path, "--out", tmp_path, *SMALL, *more)
    with (tmp_path / "results.csv").open() as file:
        table = list(csv.DictReader(file))
    for intermediate in ("none (direct)", "all, Hindi"):
        found: dict[str, set[str]] = {}
        for row in table:
            if row["intermediate"] == intermediate:
                found.setdefault(row["target"], set()).add(row["metric"])
        assert found == metrics
    assert {row["n"] for row in table} == {"300"}
    assert {row["language"] for row in table} == {"sw"}
    # One file a problem, in its official format.
    suffixes = {
        path.parent.name: path.suffix
        for path in tmp_path.rglob("predictions/*/test-sw.*")
    }
    expected = {
        "miniature_nli": ".tsv",
        "miniature_choice": ".jsonl",
        "miniature_qa": ".json",
        "miniature_pos": ".tsv",
        "miniature_ner": ".tsv",
        "miniature_bitext": ".tsv",
    }
    if "bitext" not in metrics:
        del expected["miniature_bitext"]
    assert suffixes == expected
