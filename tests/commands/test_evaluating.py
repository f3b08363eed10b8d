"""`xltransfer evaluate` on a tiny phase, and on what is made of it."""

import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tasks
from tasks.row import rows
from xltransfer import contents, evaluate
from xltransfer.checkpoints import Checkpoints
from xltransfer.errors import LabelsWithheld
from xltransfer.objectives.multitask import HEADS
from xltransfer.pretrained import huggingface

MIXTURE = "xnli,xcopa.et,pawsx.en,miniature_nli.hi,miniature_text.mul"
LABELS = ("entailment", "neutral", "contradiction")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Official files of XNLI in two languages, with sentences of another world.

    5,010 pairs, as XNLI has.
    """
    folder = tmp_path_factory.mktemp("official")
    for name in ("xnli", "pawsx"):
        (folder / name).mkdir()
    for code in ("en", "sw"):
        examples = list(
            rows(tasks.dataset(f"miniature_nli.{code}"), "test", None)
        )
        lines = [
            f"{one['premise']}\t{one['hypothesis']}\n"
            for one in (examples * 17)[:5010]
        ]
        (folder / f"xnli/test-{code}.tsv").write_text("".join(lines))
    gold = [f"{LABELS[one['label']]}\tx\n" for one in (examples * 17)[:5010]]
    text = "label\tgenre\n" + "".join(gold)
    (folder / "xnli/test.gold.tsv").write_text(text)
    return folder


def random_params(origin: str) -> dict:
    """Parameters of a checkpoint's shapes, of which no class wins always."""
    rng = np.random.default_rng(3)

    def drawn(path: tuple, leaf: jax.ShapeDtypeStruct) -> np.ndarray:
        name, shape = path[-1].key, leaf.shape
        fixed = {"scale": 1, "bias": 0}
        values = rng.normal(size=shape)
        return np.float32(np.full(shape, fixed.get(name, values)))

    model = contents.read(origin).source().model
    abstract = huggingface.abstract_params(model)
    return jax.tree_util.tree_map_with_path(drawn, abstract)


def save(phase: Path, params: dict, step: int = 6) -> None:
    """Puts parameters in the place of a phase's checkpoints."""
    shutil.rmtree(phase / "checkpoints", ignore_errors=True)
    with Checkpoints(phase / "checkpoints") as checkpoints:
        checkpoints.save(step, {"params": params}, {})


@pytest.fixture(scope="module")
def phase(finished, tmp_path_factory) -> Path:
    """A finished target phase of the tiny study, with random parameters."""
    found = next((finished[0] / "phases").glob("target-*"))
    folder = tmp_path_factory.mktemp("phase") / found.name
    shutil.copytree(found, folder)
    save(folder, random_params(f"xl:{found}"))
    record = json.loads((folder / "done.json").read_text())
    for one in (record, *record["rules"].values()):
        one["step"] = 6
    (folder / "done.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def evaluated(command, phase, data, tmp_path_factory) -> tuple[Path, str]:
    """The phase, evaluated in a process of one device; what it printed."""
    out = tmp_path_factory.mktemp("evaluated")
    printed, _ = command.run(
        *("evaluate", "--checkpoint", phase, "--mixture", MIXTURE),
        *("--data-dir", data, "--out", out, "--json", out / "scores.json"),
    )
    return out, printed


@pytest.fixture
def again(run, command, phase, data, tmp_path):
    """Evaluates in this process, of eight devices; returns the folder."""

    def again(*arguments: object, code: int = 0) -> Path | str:
        given = {
            "--checkpoint": phase,
            "--mixture": "xnli.en,miniature_nli.hi",
            "--out": tmp_path / "out",
        }
        given |= dict(zip(arguments[::2], arguments[1::2], strict=True))
        extra = [f"{k}={v}" for k, v in given.items() if "." in k]
        pairs = [x for k, v in given.items() if "." not in k for x in (k, v)]
        said = run(
            *("evaluate", "--cache-dir", command.cache, "--data-dir", data),
            *(*pairs, *extra),
            code=code,
        )
        return said if code else given["--out"]

    return again


def predictions(out: Path) -> dict[str, list[str]]:
    return {
        f"{path.parent.name}/{path.name}": path.read_text().splitlines()
        for path in sorted((out / "predictions").rglob("*.tsv"))
    }


def test_what_is_left_out_is_said_with_its_reason(evaluated):
    lines = evaluated[1].splitlines()
    notes = "\n".join(line for line in lines if line.startswith("note: left"))
    assert "in the data directory: xnli (ar, bg, de, el, es" in notes
    assert "for multiple_choice (there is classification): xcopa (et)" in notes
    assert (
        "labels are not the head's (entailment, neutral, contradiction): "
        "pawsx (en)" in notes
    )
    assert "it has no metric: miniature_text (mul)" in notes


def test_score_gives_the_same_numbers(evaluated, run, tmp_path):
    out, printed = evaluated
    path = tmp_path / "scores.json"
    folders = out / "predictions", "--labels", out / "labels"
    run("score", *folders, "--json", path)
    ours = json.loads((out / "scores.json").read_text())
    theirs = json.loads(path.read_text())
    # What follows from a model is no part of theirs.
    assert set(ours) - set(theirs) == {"languages"}
    assert set(ours["xnli"]) == {"en", "sw"}
    assert set(ours["miniature_nli"]) == {"hi"}
    same = set(theirs) - {"notes"}
    assert {name: ours[name] for name in same} == {
        name: theirs[name] for name in same
    }
    english, swahili = (ours["xnli"][one]["accuracy"] for one in ("en", "sw"))
    assert ours["languages"]["xnli"] == {
        "families": {"Niger-Congo": swahili},
        "scripts": {"Latn": swahili},
        "transfer_gap": english - swahili,
        "seen": swahili,
        "unseen": {},
    }
    assert f"{english:.1f}" in printed and "Niger-Congo" in printed


def test_every_number_carries_its_protocol(evaluated, phase):
    lines = (evaluated[0] / "results.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [(one["task"], one["language"]) for one in records] == [
        ("xnli", "en"),
        ("xnli", "sw"),
        ("miniature_nli", "hi"),
    ]
    for one in records:
        assert len(one.pop("data_digest")) == len(one.pop("predictions")) == 64
        assert 0 < one.pop("value") < 100
    assert records[0] == {
        "task": "xnli",
        "language": "en",
        "split": "test",
        "metric": "accuracy",
        "n": 5010,
        "metric_version": 1,
        "dataset_version": 1,
        "phase": phase.name.removeprefix("target-"),
        "seed": 1,
        "selection": "english_dev",
        "checkpoint": 6,
        "prediction": "encoder",
        "lengths": {"tokens": 32},
        # The phases that it started from are not beside it.
        "trimmed_softmax": None,
    }


def test_labels_are_those_of_the_data(evaluated, data):
    gold = (data / "xnli/test.gold.tsv").read_text().splitlines()[1:]
    for code in ("en", "sw"):
        labels = evaluated[0] / f"labels/xnli/test-{code}.tsv"
        assert labels.read_text().splitlines() == [
            line.split("\t")[0] for line in gold
        ]


def test_eight_devices_and_odd_batches_predict_the_same(evaluated, again):
    expected = predictions(evaluated[0])
    assert len(set(expected["xnli/test-en.tsv"])) == 3
    found = predictions(again("--gin.Settings.rows", 7))
    assert found == {name: expected[name] for name in found}
    assert set(found) == {"xnli/test-en.tsv", "miniature_nli/test-hi.tsv"}


@pytest.fixture
def exported(phase, run, tmp_path) -> Path:
    run("convert", phase, tmp_path / "hf", "--to", "hf")
    # A model of whole words makes no Hugging Face tokenizer, which would have
    # come with the file.
    shutil.copy(
        phase / "vocabulary.model", tmp_path / "hf" / "sentencepiece.bpe.model"
    )
    return tmp_path / "hf"


def test_what_we_export_predicts_the_same(evaluated, again, exported):
    expected = predictions(evaluated[0])
    out = again("--checkpoint", f"hf:{exported}", "--lengths", "tokens=32")
    found = predictions(out)
    assert found == {name: expected[name] for name in found}
    record = json.loads((out / "results.jsonl").read_text().splitlines()[0])
    assert record["selection"] == "given" and record["checkpoint"] is None
    assert record["phase"].startswith("hf:") and record["seed"] is None


def test_another_order_of_the_classes_predicts_the_same_labels(
    evaluated, again, exported
):
    # Class 0 is the last one now, as in some published models.
    order = [2, 0, 1]
    config = json.loads((exported / "config.json").read_text())
    names = [config["id2label"][str(one)] for one in order]
    config["id2label"] = {str(i): name for i, name in enumerate(names)}
    config["label2id"] = {name: i for i, name in enumerate(names)}
    (exported / "config.json").write_text(json.dumps(config))
    weights = load_file(exported / "model.safetensors")
    for name in ("weight", "bias"):
        key = f"classifier.out_proj.{name}"
        weights[key] = np.ascontiguousarray(weights[key][order])
    save_file(weights, exported / "model.safetensors")
    out = again("--checkpoint", f"hf:{exported}", "--lengths", "tokens=32")
    expected = predictions(evaluated[0])
    assert predictions(out) == {
        name: expected[name] for name in predictions(out)
    }


@pytest.fixture
def several(phase, tmp_path) -> Path:
    """The same parameters, as a phase of two classifications has them."""
    folder = tmp_path / "several" / "intermediate-1"
    shutil.copytree(phase, folder)
    params = random_params(f"xl:{phase}")
    other = jax.tree.map(lambda leaf: -leaf, params["head"])
    other["out"] = jax.tree.map(lambda leaf: leaf[..., :2], other["out"])
    heads = {
        "classification": {"head": other},
        "classification_of_2": {"head": params.pop("head")},
    }
    save(folder, params | {HEADS: heads})
    path = folder / "phase.json"
    record = json.loads(path.read_text())
    configuration = record["configuration"]
    (one,) = configuration["components"]
    configuration["components"] = [one | {"labels": ["0", "1"]}, one]
    configuration |= {"labels": []}
    path.write_text(json.dumps(record))
    return folder


def test_each_dataset_is_predicted_by_its_own_head(evaluated, again, several):
    expected = predictions(evaluated[0])
    found = predictions(again("--checkpoint", several))
    assert found == {name: expected[name] for name in found}


def test_numbers_of_two_checkpoints_do_not_mix(again, phase, tmp_path):
    again("--mixture", "miniature_nli.hi")
    before = predictions(tmp_path / "out")
    said = again(
        *("--checkpoint", phase / "checkpoints" / "6"),
        *("--mixture", "miniature_nli.hi"),
        code=2,
    )
    assert "holds numbers of another checkpoint" in said
    # The same once more is the same.
    out = again("--mixture", "miniature_nli.hi")
    assert predictions(out) == before
    assert len((out / "results.jsonl").read_text().splitlines()) == 1


def test_withheld_labels_are_said(again, monkeypatch, tmp_path):
    whole = evaluate.evaluate

    def withheld(evaluation, cache, *arguments):
        if cache.manifest["dataset"] == "xnli.en":
            raise LabelsWithheld("words without tags")
        return whole(evaluation, cache, *arguments)

    monkeypatch.setattr(evaluate, "evaluate", withheld)
    path = tmp_path / "scores.json"
    again("--json", path)
    found = json.loads(path.read_text())
    assert "xnli" not in found and "miniature_nli" in found
    assert (
        "left out, as their files have no labels, or are not the whole ones: "
        "xnli (en)" in found["notes"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--mixture", "xnly"), "Did you mean 'xnli'"),
        (("--mixture", "xcopa.et"), "evaluated on nothing: left out"),
        (("--mixture", "xnli.el"), "files are not in the data directory"),
        (("--split", "tset"), "no split 'tset'"),
        (("--checkpoint", "nowhere"), "is neither 'scratch' nor"),
        (("--checkpoint", "xl:nowhere"), "there is no such folder"),
        (("--lengths", "tokens"), "write NAME=NUMBER"),
        (("--lengths", "tokens=33"), "positions for 32"),
        (("--lengths", "token=32"), "Did you mean 'tokens'"),
        (("--rule", "oracle"), "was chosen from by english_dev"),
        (("--gin.Settings.row", "7"), "Did you mean"),
        (("--gin.Settings.rows", "0"), "the least is 1"),
        (("--gin.Settings.prediction", "'guess'"), "prediction is 'guess'"),
        (("--vocabulary", "none.model"), "none.model"),
        (("--json", "nowhere/x.json"), "in an existing folder"),
    ],
)
def test_a_mistake_ends_in_a_message(
    again, monkeypatch, tmp_path, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert message in again(*arguments, code=2)
    assert list(tmp_path.iterdir()) == []
