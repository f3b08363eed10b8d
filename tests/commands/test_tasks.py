import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tasks
from tasks import nli, showing
from tasks.pieces import XLMRPieces
from tasks.row import Dataset
from tasks.vocabulary_training import train
from xltransfer.report import catalogue

README = Path(__file__).parent.parent.parent / "README.md"
BEGIN, END = "<!-- tasks -->\n", "<!-- end of tasks -->"


def test_every_dataset_is_listed(run):
    out = run("tasks", "list")
    for name in ("xnli.sw", "tatoeba.jv", "snli.en", "miniature_nli.en"):
        assert f" {name} " in out
    assert "392,702" in out
    # No data directory is known: only what is generated is there.
    assert re.search(r"miniature_nli\.en .* train dev test ", out)


@pytest.mark.parametrize(
    ("options", "there", "not_there"),
    [
        (("--problem", "retrieval"), "tatoeba.jv", "xnli.sw"),
        (("--language", "sw"), "xnli.sw", "xnli.de"),
        (("xnli",), "xnli.de", "xnli_mt.de"),
        (("--translation", "machine"), "xnli_mt.de", "xnli.de"),
        (("--present",), "miniature_nli.en", "xnli.sw"),
        (("--mixtures",), "phang_nine", "xnli.sw "),
    ],
)
def test_filters_leave_out_the_rest(run, options, there, not_there):
    out = run("tasks", "list", *options)
    assert f" {there} " in out and f" {not_there} " not in out


def test_what_is_on_disk_is_told(run, data_dir):
    out = run("tasks", "list", "xnli", "--data-dir", data_dir)
    assert re.search(r"xnli\.de .* dev test ", out)
    assert re.search(r"xnli\.sw .* dev +│", out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("list", "--problem", "clasification"),
            "Did you mean 'classification'",
        ),
        (("list", "--language", "xx"), "--language 'xx'"),
        (("list", "xnly"), "No dataset 'xnly'. Did you mean 'xnli'"),
        (("list", "--data-dir", "nowhere"), "there is no such folder"),
        (("show", "xnli.swa", "--rendering", "text"), "Did you mean 'xnli.sw'"),
        (("show", "xnli.sw", "--rendering", "txt"), "Did you mean 'text'"),
        (
            ("show", "xnli.sw", "--rendering", "text", "--split", "tset"),
            "Did you mean 'test'",
        ),
        (("show", "xnli.sw", "--rendering", "text"), "XLTRANSFER_DATA_DIR"),
    ],
)
def test_mistakes_end_in_a_message(run, arguments, message):
    assert message in run("tasks", *arguments, code=2)


def test_the_readme_lists_the_tasks_as_the_command_does():
    text = README.read_text()
    own = [row for row in tasks.datasets().values()]
    assert text.count(BEGIN) == text.count(END) == 1
    found = text.partition(BEGIN)[2].partition(END)[0]
    assert found == catalogue.markdown(own), (
        "paste `xltransfer tasks list --markdown` between the marks"
    )


def test_a_described_dataset_is_listed_shown_and_checked(
    run, tmp_path, xlmr_model
):
    (tmp_path / "tasks.yaml").write_text(
        "datasets:\n- {name: mine.sw, problem: classification, language: sw, "
        "labels: [yes, no], splits: {train: {format: tsv, path: a.tsv, "
        "columns: [premise, hypothesis, label]}}}\n"
    )
    (tmp_path / "a.tsv").write_text("The boy sees\ta house\tno\nx\ty\tnone\n")
    folder = ("--data-dir", tmp_path)
    assert " mine.sw " in run("tasks", "list", *folder)
    out = run("data", "check", "mine", *folder, code=2)
    assert "a.tsv:2: the label 'none'" in out
    assert "mine.sw train: 1 examples, damaged" in out
    vocabulary = ("--rendering", "encoder", "--vocabulary", xlmr_model)
    out = run("tasks", "show", "mine.sw", "-n", 1, *vocabulary, *folder)
    assert f"{tmp_path / 'a.tsv'}:1" in out
    assert "premise: The boy sees" in out and "label 1 is 'no'" in out
    assert re.search(r"tokens: <s> ▁The ▁boy .*</s> </s> .*</s>", out)
    tasks.add_described(None)


@pytest.fixture(scope="session")
def xlmr_model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("vocabulary") / "xlmr.model"
    texts = ["The boy sees a red house .", "Der Junge sieht ein Haus ."] * 20
    train(texts, path, family="xlmr", size=17, model_type="word")
    return path


@pytest.fixture(scope="session")
def pieces(xlmr_model) -> XLMRPieces:
    return XLMRPieces(xlmr_model)


def tokens(pieces: XLMRPieces, text: str) -> np.ndarray:
    return np.array([0, *pieces.encode(text), 2])


def dataset(problem: str, labels: tuple[str, ...] = ()) -> Dataset:
    return replace(nli.SNLI, problem=problem, labels=labels)


def test_an_answer_is_marked_in_the_pieces(pieces):
    features = {
        "tokens": tokens(pieces, "The boy sees a red house ."),
        "answer_start": np.int32(4),
        "answer_end": np.int32(6),
        "answer_weight": np.int32(1),
    }
    out = showing.show(dataset("span"), features, pieces)
    assert "▁The ▁boy ▁sees [▁a ▁red ▁house] ▁." in out
    assert "answer_weight: 1" in out


def test_tags_stand_behind_first_pieces(pieces):
    features = {
        "tokens": tokens(pieces, "The boy sees"),
        "first": np.array([1, 3]),
        "tags": np.array([1, 0]),
    }
    out = showing.show(dataset("tagging", ("VERB", "DET")), features, pieces)
    assert "<s> ▁The/DET ▁boy ▁sees/VERB </s>" in out


def test_the_right_choice_has_an_arrow(pieces):
    parts = [tokens(pieces, one) for one in ("a house .", "The boy")]
    features = {
        "tokens": np.concatenate(parts),
        "choice_lengths": np.array([len(one) for one in parts]),
        "label": np.int32(1),
    }
    out = showing.show(dataset("multiple_choice"), features, pieces)
    assert "-> choice 1 [4]: <s> ▁The ▁boy </s>" in out
    assert "-> choice 0" not in out


def test_text_is_shown_with_pieces_and_ids(pieces):
    features = {"inputs": tokens(pieces, "The boy"), "targets": np.array([2])}
    out = showing.show(dataset("span"), features, pieces)
    assert "inputs [4]: <s> ▁The ▁boy </s>" in out
    assert "targets, ids: 2" in out


def test_damage_does_not_end_the_check(run, tmp_path, monkeypatch):
    lines = [
        {"sentence1": "a", "sentence2": "b", "label": "neutral"},
        {"sentence1": "a", "sentence2": "b", "label": "neutrl"},
        {"sentence1": "a", "label": "neutral"},
        {"sentence1": "a\ufffd", "sentence2": "b\x08", "label": "neutral"},
        {"sentence1": "a", "sentence2": "b", "label": "neutral"},
    ]
    path = tmp_path / "ocnli" / "dev.json"
    path.parent.mkdir()
    text = "\n".join(map(json.dumps, lines))
    path.write_text(
        text.replace(
            '"neutral"}\n{"sentence1": "a\\', '"neutral"\n{"sentence1": "a\\'
        )
    )
    out = run("data", "check", "ocnli.zh", "--data-dir", tmp_path, code=2)
    assert "dev.json:2: the label 'neutrl'" in out
    assert "dev.json:3: no valid JSON" in out
    assert "dev.json:4: a replacement character (U+FFFD) in premise" in out
    assert "dev.json:4: a control character (U+0008) in hypothesis" in out
    assert f"dev.json:5: the same example as {path}:1" in out
    assert "1 splits checked, 1 of them damaged" in out


def test_parallel_files_keep_in_step_after_damage(run, tmp_path):
    folder = tmp_path / "xnli"
    folder.mkdir()
    (folder / "test-sw.tsv").write_text("a\tb\nc\nd\te\n")
    (folder / "test.gold.tsv").write_text(
        "label\tgenre\nneutral\tx\nneutral\tx\nneutrl\tx\n"
    )
    out = run("data", "check", "xnli.sw", "--data-dir", tmp_path, code=2)
    assert "test-sw.tsv:2: 1 columns, expected 2" in out
    assert "test.gold.tsv:3: the label" not in out
    assert "test.gold.tsv:4: the label 'neutrl'" in out


def test_a_wrong_number_of_examples_is_damage(run, tmp_path):
    (tmp_path / "conjnli").mkdir()
    (tmp_path / "conjnli" / "conj_dev.tsv").write_text(
        "Premise\tHypothesis\tLabel\na\tb\tneutral\n"
    )
    out = run("data", "check", "conjnli", "--data-dir", tmp_path, code=2)
    assert "1 examples, expected 623" in out


def test_official_files_are_sound(run, data_dir):
    names = ("xnli.de", "indonli.id", "tatoeba.jv", "lareqa.en")
    out = run("data", "check", *names, "--data-dir", data_dir)
    assert "7 splits checked, 0 of them damaged" in out
    assert "lareqa.en test: 2,370 examples, sound" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "XLTRANSFER_DATA_DIR"),
        (("xnly", "--data-dir", "."), "Did you mean 'xnli'"),
        (("xnli.sw", "--data-dir", "."), "None of the files of xnli.sw"),
    ],
)
def test_a_check_of_nothing_is_explained(
    run, monkeypatch, tmp_path, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert message in run("data", "check", *arguments, code=2)
