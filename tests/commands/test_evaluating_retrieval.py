"""`xltransfer evaluate` on what is sought: files in their official layouts."""

import dataclasses
import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest

import tasks
from tasks.benchmarks import LAREQA_LANGUAGES, TATOEBA_ISO3
from tasks.vocabulary_training import train

# Pairs of the three official files that have the fewest.
TATOEBA = {"jv": 205, "te": 234, "ta": 307}
ENTITIES = 60
LONGEST = "tokens=38,query=38"


def sentence(rng: random.Random, words: int = 4) -> str:
    return " ".join(
        "".join(rng.choices("abcdefgh", k=rng.randint(1, 4)))
        for _ in range(words)
    )


def write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def write_tatoeba(folder: Path, rng: random.Random) -> None:
    """Javanese says the same in the same words; the others say anything."""
    for code, size in TATOEBA.items():
        english = [f"{sentence(rng)} {number:03}" for number in range(size)]
        other = [sentence(rng) for _ in range(size)]
        stem = f"tatoeba/v1/tatoeba.{TATOEBA_ISO3[code]}-eng"
        write(folder / f"{stem}.eng", english)
        write(
            folder / f"{stem}.{TATOEBA_ISO3[code]}",
            english if code == "jv" else other,
        )


def write_bucc(folder: Path, rng: random.Random) -> None:
    """Forty German and fifty English sentences; fifteen are the same."""
    for part in ("sample", "training"):
        stem = folder / f"bucc/bucc2018/de-en/de-en.{part}"
        same = [sentence(rng, 6) for _ in range(15)]
        german = same + [sentence(rng, 6) for _ in range(25)]
        english = [sentence(rng, 6) for _ in range(35)] + same
        write(
            Path(f"{stem}.de"), [f"de-{i}\t{s}" for i, s in enumerate(german)]
        )
        write(
            Path(f"{stem}.en"), [f"en-{i}\t{s}" for i, s in enumerate(english)]
        )
        pairs = [f"de-{i}\ten-{35 + i}" for i in range(15)]
        write(Path(f"{stem}.gold"), pairs)


def write_mewslix(folder: Path, rng: random.Random) -> None:
    """Mentions in two languages of sixty entities."""
    articles, entities = [], []
    for number in range(ENTITIES):
        text = sentence(rng)
        spans = [{"start": 0, "end": len(text)}]
        end = text.index(" ")
        mention = {
            "example_id": f"m{number}",
            "entity_id": f"Q{number}",
            "mention_span": {"start": 0, "end": end, "text": text[:end]},
        }
        context = {
            "language": ("fa", "ro")[number % 2],
            "text": text,
            "sentence_spans": spans,
        }
        articles.append({"context": context, "mentions": [mention]})
        entities.append(
            {
                "entity_id": f"Q{number}",
                "description": text,
                "sentence_spans": spans,
            }
        )
    for name, objects in (
        ("wikinews_mentions-test", articles),
        ("candidate_set_entities", entities),
    ):
        path = folder / f"mewslix/{name}.jsonl"
        write(path, [json.dumps(one) for one in objects])


def write_lareqa(folder: Path, rng: random.Random) -> None:
    """Three questions and four sentences in each of eleven languages."""
    for code in LAREQA_LANGUAGES:
        sentences = [sentence(rng) for _ in range(4)]
        starts = np.cumsum([0, *(len(one) + 1 for one in sentences)])
        paragraph = {
            "context": " ".join(sentences),
            "sentence_breaks": [
                [int(a), int(b) - 1] for a, b in itertools.pairwise(starts)
            ],
            "qas": [
                {
                    "id": f"q{number}",
                    "question": sentence(rng),
                    "answers": [
                        {"text": "", "answer_start": int(starts[number])}
                    ],
                }
                for number in range(3)
            ],
        }
        text = json.dumps({"data": [{"paragraphs": [paragraph]}]})
        write(folder / f"lareqa/xquad-r/{code}.json", [text])


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder, rng = tmp_path_factory.mktemp("official"), random.Random(1)
    for made in (write_tatoeba, write_bucc, write_mewslix, write_lareqa):
        made(folder, rng)
    return folder


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory) -> Path:
    path, rng = tmp_path_factory.mktemp("pieces") / "v.model", random.Random(2)
    texts = [f"{sentence(rng)} {i}" for i in range(1000)]
    train(texts, path, family="xlmr", size=97)
    return path


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch):
    """Official sizes of Mewsli-X and LAReQA are too many for a test."""
    rows = tasks._CATALOGUE._own
    for name, row in list(rows.items()):
        if row.name.startswith(("mewslix", "lareqa")):
            splits = [dataclasses.replace(s, size=None) for s in row.splits]
            small = dataclasses.replace(row, splits=tuple(splits))
            monkeypatch.setitem(rows, name, small)


@pytest.fixture
def evaluate(run, data, vocabulary, tmp_path, tmp_path_factory):
    """Evaluates; returns what was printed, the records, the scores."""
    caches = tmp_path_factory.getbasetemp() / "retrieval_caches"

    def evaluate(checkpoint: Path, mixture: str, *arguments: str):
        out = tmp_path / "out"
        printed = run(
            *("evaluate", "--checkpoint", f"hf:{checkpoint}"),
            *("--mixture", mixture, "--data-dir", data, "--out", out),
            *("--cache-dir", caches, "--vocabulary", vocabulary),
            *("--lengths", LONGEST, "--json", tmp_path / "scores.json"),
            *arguments,
        )
        lines = (out / "results.jsonl").read_text().splitlines()
        scores = json.loads((tmp_path / "scores.json").read_text())
        return printed, list(map(json.loads, lines)), scores

    return evaluate


def by_language(records: list[dict]) -> dict[str, dict]:
    return {one["language"]: one for one in records}


def test_a_raw_encoder_seeks_all_languages_that_are_there(evaluate, reference):
    printed, records, _ = evaluate(reference / "xlmr_embedding", "tatoeba")
    found = by_language(records)
    assert set(found) == set(TATOEBA)
    # The same sentence has the same vector, whatever the encoder.
    assert found["jv"]["value"] == 100.0 and found["te"]["value"] < 20
    for one in records:
        # XTREME's layer of two: round(2 * 14 / 24).
        assert (one["preset"], one["layer"]) == ("xtreme", 1)
        assert one["pooling"] == "mean"
        assert one["direction"] == "from_english"
        assert one["selection"] == "given" and one["phase"].startswith("hf:")
    assert "left out, as their files are not in the data directory" in printed
    said = "preset xtreme, layer 1, pooling mean, direction from_english"
    assert f"tatoeba: vectors of {said}" in printed


def test_of_a_benchmark_a_raw_encoder_does_what_needs_no_head(
    evaluate, reference
):
    printed, records, scores = evaluate(
        reference / "xlmr_embedding", "xtreme_r"
    )
    assert {one["task"] for one in records} == {"tatoeba"}
    assert set(by_language(records)) == set(TATOEBA)
    for problem in ("classification", "span", "tagging", "retrieval"):
        why = f"for want of a head for {problem} (there is none)"
        assert f"note: left out, {why}" in printed
    # Neither an average nor an overall score of less than all.
    assert scores["averages"] == {} and "overall" not in scores


def test_layer_pooling_and_direction_are_set_from_the_command_line(
    evaluate, reference, tmp_path
):
    made = reference / "xlmr_embedding"
    files = {}
    for settings in (
        {},
        {"direction": "'to_english'"},
        {"layer": -1},
        {"pooling": "'first_token'"},
    ):
        given = [f"--gin.Vectors.{k}={v}" for k, v in settings.items()]
        _, records, _ = evaluate(made, "tatoeba.jv,tatoeba.te", *given)
        found = by_language(records)
        assert found["jv"]["value"] == 100.0
        for name, value in settings.items():
            # -1 is the second of two.
            expected = {"-1": 2}.get(str(value), str(value).strip("'"))
            assert found["te"][name] == expected
            assert found["te"]["preset"] == "custom"
        path = tmp_path / "out/predictions/tatoeba/test-te.tsv"
        files[str(settings)] = path.read_text()
        assert len(files[str(settings)].split()) == TATOEBA["te"]
    assert len(set(files.values())) == 4


def test_xtreme_rs_preset_wants_an_encoder_that_learnt_spans(
    evaluate, reference
):
    preset = "--gin.Vectors.preset='xtreme_r'"
    printed, records, _ = evaluate(
        reference / "xlmr_embedding", "tatoeba.jv", preset
    )
    assert records[0]["preset"] == "xtreme_r"
    assert "xtreme_r is of encoders that were fine-tuned on span" in printed


def test_pairs_are_mined_with_the_dev_sets_threshold(evaluate, reference):
    _, records, _ = evaluate(reference / "xlmr_embedding", "bucc2018.de")
    found = {one["metric"]: one for one in records}
    assert found.keys() == {"f1", "precision", "recall"}
    # Random weights tell the same sentence from others, but for a few.
    assert found["f1"]["value"] > 80
    assert found["f1"]["direction"] == "both"


def precision_at_ranks(ranked: list[str], gold: list[str]) -> float:
    """Average precision at 20, in a plain loop."""
    hits, total = 0, 0.0
    for rank, one in enumerate(ranked[:20], start=1):
        if one in gold:
            hits += 1
            total += hits / rank
    return total / min(len(gold), 20)


def test_a_dual_encoder_ranks_entities_and_sentences(
    evaluate, reference, run, tmp_path
):
    _, records, scores = evaluate(
        reference / "xlmr_retriever", "mewslix.fa,mewslix.ro,lareqa"
    )
    assert [(one["task"], one["language"]) for one in records] == [
        *(("mewslix", "fa"), ("mewslix", "ro"), ("lareqa", "mul"))
    ]
    out = tmp_path / "out"
    for one in records:
        name = f"{one['task']}/test-{one['language']}.json"
        ranked, gold = (
            json.loads((out / kind / name).read_text())
            for kind in ("predictions", "labels")
        )
        assert len(ranked) == one["n"] == len(gold)
        parts = [precision_at_ranks(ranked[q], gold[q]) for q in gold]
        assert one["value"] == pytest.approx(100 * np.mean(parts), rel=1e-12)
        assert one["preset"] == "dual_encoder"
    # 33 questions, each with a right sentence in every language: LAReQA's one
    # score, which XTREME-R's average takes.
    assert records[-1]["n"] == 33 and {len(one) for one in gold.values()} == {
        11
    }
    assert scores["averages"] == {"lareqa": records[-1]["value"]}
    path = tmp_path / "again.json"
    folders = out / "predictions", "--labels", out / "labels"
    run("score", *folders, "--json", path)
    again = json.loads(path.read_text())
    for name in ("mewslix", "lareqa", "averages", "means"):
        assert again[name] == scores[name]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("--gin.Vectors.preset='xtreme_x'", "Did you mean 'xtreme"),
        ("--gin.Vectors.layer=3", "Vectors.layer is 3; the model has 2"),
        ("--gin.Vectors.pooling='max'", "pooling is 'max'"),
        ("--gin.Vectors.direction='both'", "direction is 'both'"),
    ],
)
def test_vectors_that_there_are_not_are_refused(
    run, data, vocabulary, reference, tmp_path, given, message
):
    said = run(
        *("evaluate", "--checkpoint", f"hf:{reference / 'xlmr_embedding'}"),
        *("--mixture", "tatoeba.jv", "--data-dir", data),
        *("--out", tmp_path / "out", "--vocabulary", vocabulary),
        *("--lengths", LONGEST, given),
        code=2,
    )
    assert message in said
    assert not (tmp_path / "out").exists()
