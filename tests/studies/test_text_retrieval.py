"""mT5 as an encoder of sentences, from the command line to the table."""

import json
from pathlib import Path

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


def test_mt5_learns_pairs_embeds_sentences_and_still_writes(command, tmp_path):
    write_pairs(tmp_path)
    command.run(
        "run",
        HERE / "retrieval_text.gin",
        "--data-dir",
        tmp_path,
        "--out",
        tmp_path / "out",
    )
    found = {}
    for file in (tmp_path / "out" / "phases").glob("target-*/results.jsonl"):
        for one in map(json.loads, file.read_text().splitlines()):
            found[one["task"], one["metric"]] = one
    accuracy = found["miniature_bitext", "accuracy"]
    assert accuracy["value"] > 10, accuracy
