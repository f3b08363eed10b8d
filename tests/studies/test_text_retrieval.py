"""mT5 as an encoder of sentences, from the command line to the table."""

import json
from pathlib import Path

import pytest

import tasks
from tasks.row import rows

HERE = Path(__file__).parent
YAML = """
datasets:
  - name: pairs.de
    problem: retrieval
    language: de
    template: '{text}'
    metrics: [map@20]
    splits:
      train: {format: jsonl, path: train.jsonl, keys: KEYS}
      dev: {format: jsonl, path: dev.jsonl, keys: KEYS}
      test: {format: jsonl, path: test.jsonl, keys: KEYS}
"""
SPLITS = ("train", "dev", "test")
KEYS = ("query", "query_id", "candidate", "candidate_id")


def write_pairs(folder: Path) -> None:
    """Writes parallel sentences; English asks for German."""
    told = {
        language: {
            split: rows(tasks.dataset(f"miniature_nli.{language}"), split, None)
            for split in SPLITS
        }
        for language in ("en", "de")
    }
    for split in SPLITS:
        sides = (told[language][split] for language in ("en", "de"))
        pairs = zip(*sides, strict=True)
        seen: dict[str, str] = {}
        for english, german in pairs:
            seen.setdefault(english["premise"], german["premise"])
        lines = [
            {
                "query": query,
                "query_id": f"q{number}",
                "candidate": candidate,
                "candidate_id": f"c{number}",
                "gold": [f"c{number}"],
            }
            for number, (query, candidate) in enumerate(seen.items())
        ]
        text = "".join(f"{json.dumps(one)}\n" for one in lines)
        (folder / f"{split}.jsonl").write_text(text)
    keys = ", ".join(f"{key}: {key}" for key in KEYS) + ", gold: 'gold.*'"
    (folder / "tasks.yaml").write_text(YAML.replace("KEYS", f"{{{keys}}}"))


def run(command, folder: Path, *options: str) -> dict[tuple, dict]:
    """Returns the records of the target phases, by task and metric."""
    write_pairs(folder)
    arguments = (HERE / "retrieval_text.gin", "--data-dir", folder)
    command.run("run", *arguments, "--out", folder / "out", *options)
    files = (folder / "out" / "phases").glob("target-*/results.jsonl")
    records = [
        json.loads(line)
        for file in files
        for line in file.read_text().splitlines()
    ]
    return {(one["task"], one["metric"]): one for one in records}


@pytest.mark.slow
def test_mt5_learns_pairs_and_embeds_sentences(command, tmp_path):
    found = run(command, tmp_path)
    # One of 300 is right by chance.
    assert found["miniature_bitext", "accuracy"]["value"] > 10
    assert found["miniature_bitext", "accuracy"]["n"] == 300
    # What it was trained for: the vectors of the last layer, among 20.
    assert found["pairs", "map@20"]["value"] > 10
    assert {
        task: (one["preset"], one.get("layer"), one["pooling"])
        for (task, _), one in found.items()
    } == {
        "miniature_bitext": ("xtreme", 1, "mean"),
        "pairs": ("dual_encoder", None, "mean"),
    }


@pytest.mark.slow
def test_a_dual_encoder_can_be_taught_to_write(command, tmp_path):
    """Its decoder came along."""
    found = run(
        command,
        tmp_path,
        "--gin.Study.intermediates={'none': None, 'pairs': 'pairs.de'}",
        "--gin.Target.train='miniature_nli.en'",
        "--gin.Target.dev='miniature_nli.en'",
        "--gin.Target.evaluation='miniature_nli.de'",
        "--gin.Training.steps=4",
    )
    assert found["miniature_nli", "accuracy"]["n"] == 300
