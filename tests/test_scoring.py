import os
from pathlib import Path

import pytest

from xltransfer.errors import InputError
from xltransfer.scoring import score_folder

# evaluate_test.py of google-research/xtreme: means over languages.
GOLDEN = {
    "pawsx": {"accuracy": 51.42857142857143},
    "xnli": {"accuracy": 30.666666666666668},
    "panx": {
        "f1": 57.50793650793652,
        "precision": 54.729166666666664,
        "recall": 62.750000000000014,
    },
    "udpos": {
        "f1": 70.21746048354693,
        "precision": 71.02232625883823,
        "recall": 69.54982073976082,
    },
    "bucc2018": {"f1": 55.0, "precision": 55.0, "recall": 55.0},
    "tatoeba": {"accuracy": 53.611111111111114},
    "xquad": {"exact_match": 77.27272727272727, "f1": 79.9586776859504},
    "mlqa": {"exact_match": 57.142857142857146, "f1": 81.76870748299321},
    "tydiqa": {"exact_match": 88.88888888888889, "f1": 97.22222222222223},
    "mewslix": {"map@20": 14.39025156130419},
}


@pytest.fixture(scope="session")
def mock() -> Path:
    folder = os.environ.get("XLTRANSFER_DATA_DIR")
    if not folder:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    return Path(folder) / "xtreme_mock"


@pytest.mark.parametrize("task", GOLDEN)
def test_the_golden_values_of_xtremes_scorer_on_its_own_mock_data(mock, task):
    found = score_folder(mock / "predictions", mock / "labels")
    for metric, value in GOLDEN[task].items():
        assert found.averages.means[task][metric] == pytest.approx(
            value, abs=1e-9
        )


def test_the_mock_submission_is_a_whole_xtreme_and_a_part_of_xtreme_r(mock):
    found = score_folder(mock / "predictions", mock / "labels")
    tasks = [
        sum(one[metric] for metric in metrics) / len(metrics)
        for name, one in GOLDEN.items()
        for metrics in [
            ("exact_match", "f1") if "exact_match" in one else list(one)[:1]
        ]
        if name != "mewslix"
    ]
    assert found.averages.benchmark == "xtreme"
    assert found.averages.overall == pytest.approx(sum(tasks) / 9)
    assert found.notes == ()
    other = score_folder(mock / "predictions", mock / "labels", "xtreme_r")
    assert other.averages.overall is None
    assert set(other.averages.tasks) == {"xnli", "mlqa", "tydiqa", "mewslix"}
    assert "pawsx" not in other.values


@pytest.fixture
def small(tmp_path) -> tuple[Path, Path]:
    """Two languages of XNLI and one of XQuAD."""
    files = {
        "predictions/xnli/test-sw.tsv": "neutral\nneutral\n",
        "predictions/xnli/test-en.tsv": "neutral\nentailment\n",
        "predictions/xquad/test-ro.json": '{"q1": "Rom", "x": ""}',
        "labels/xnli/test-sw.tsv": "neutral\nentailment\n",
        "labels/xnli/test-en.tsv": "neutral\nentailment\n",
        "labels/xquad/test-ro.json": (
            '[{"paragraphs": [{"qas": ['
            '{"id": "q1", "answers": [{"text": "a Rom"}]},'
            '{"id": "q2", "answers": [{"text": "x"}]}]}]}]'
        ),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "predictions", tmp_path / "labels"


def test_some_tasks_and_languages_are_scored_without_an_average(small):
    found = score_folder(*small)
    assert found.values == {
        "xnli": {"en": {"accuracy": 100}, "sw": {"accuracy": 50}},
        "xquad": {"ro": {"exact_match": 50, "f1": 50}},
    }
    record = found.record()
    assert record["averages"] == record["groups"] == {}
    assert "overall" not in record
    text = "\n".join(found.notes)
    assert "xnli has no average: it lacks ar, bg, de, el, es" in text
    assert "XTREME has no overall score: pawsx, xnli, udpos" in text
    assert "XTREME-R has no overall score: xnli, xcopa" in text


def test_missing_answers_score_0_and_are_told(small):
    text = "\n".join(score_folder(*small).notes)
    assert "1 of 2 questions have no prediction and score 0" in text
    assert "1 predictions are for no question" in text


def test_a_benchmark_counts_its_own_languages_alone(small):
    found = score_folder(*small, "xtreme")
    assert set(found.values) == {"xnli"}
    assert any("xquad is left out in ro" in note for note in found.notes)


def test_what_has_no_labels_is_told(small):
    predictions, labels = small
    (labels / "xnli/test-sw.tsv").unlink()
    found = score_folder(predictions, labels)
    assert set(found.values["xnli"]) == {"en"}
    assert "xnli is not scored in sw: no labels." in found.notes


def test_other_folders_hidden_files_and_splits_are_left_out(small):
    predictions, labels = small
    for name in (".DS_Store", "xnli/.test-de.tsv.partial", "xnli/dev-en.tsv"):
        (predictions / name).write_text("anything")
    (predictions / "ocnli").mkdir()
    (predictions / "README.md").write_text("anything")
    found = score_folder(predictions, labels)
    assert set(found.values) == {"xnli", "xquad"}
    told = [note for note in found.notes if "left out" in note]
    assert len(told) == 3
    assert all(
        any(name in note for note in told)
        for name in ("ocnli", "README.md", "dev-en.tsv")
    )


def test_any_datasets_predictions_are_scored_by_its_own_metric(small):
    predictions, labels = small
    for folder, tags in (
        (predictions, "B-PER\nO\n"),
        (labels, "B-PER\nB-LOC\n"),
    ):
        path = folder / "masakhaner/test-wo.tsv"
        path.parent.mkdir()
        path.write_text(tags)
    found = score_folder(predictions, labels)
    # One name of two was found, and none wrongly.
    assert found.values["masakhaner"]["wo"]["precision"] == 100
    assert found.values["masakhaner"]["wo"]["recall"] == 50
    assert "masakhaner" not in found.averages.tasks
    assert set(score_folder(predictions, labels, "xtreme_r").values) == {
        *("xnli", "xquad")
    }
    (predictions / "masakhaner/test-wo.tsv").write_text("B-DATE\nO\n")
    with pytest.raises(InputError, match=r"test-wo\.tsv:1: unknown label"):
        score_folder(predictions, labels)


def test_of_several_splits_the_first_that_is_there_is_scored(small):
    predictions, labels = small
    for code in ("en", "de"):
        for folder in (predictions, labels):
            (folder / f"xnli/dev-{code}.tsv").write_text("neutral\n")
    found = score_folder(predictions, labels, splits=("test", "dev"))
    assert found.values["xnli"] == {
        "de": {"accuracy": 100},
        "en": {"accuracy": 100},
        "sw": {"accuracy": 50},
    }
    assert found.record()["splits"] == {"xnli": {"de": "dev"}}
    assert "of the split 'dev', and in no average: xnli (de)" in found.notes
    text = "\n".join(found.notes)
    assert "xnli has no average: it lacks ar, bg, de, el, es" in text
    only = score_folder(predictions, labels, splits=("dev",))
    assert set(only.values["xnli"]) == {"de", "en"} and not only.splits


def test_questions_of_squad_2_may_have_no_answer(small):
    predictions, labels = small
    answers = '{"q1": "", "q2": "x"}'
    gold = (
        '{"data": [{"paragraphs": [{"qas": ['
        '{"id": "q1", "answers": []},'
        '{"id": "q2", "answers": [{"text": "y"}]}]}]}]}'
    )
    for folder, text in ((predictions, answers), (labels, gold)):
        path = folder / "squad2_normans/dev-en.json"
        path.parent.mkdir()
        path.write_text(text)
    found = score_folder(predictions, labels, splits=("test", "dev"))
    # Rightly nothing for the one, something wrong for the other.
    assert found.values["squad2_normans"]["en"]["exact"] == 50


def test_lareqas_one_file_of_all_languages_is_its_score(tmp_path):
    # Average precision: 1 for the first; (1 + 2 / 3) / 2 for the second.
    for name, text in {
        "predictions": '{"a": ["1", "2"], "b": ["3", "0", "4"]}',
        "labels": '{"a": ["1"], "b": ["3", "4"]}',
    }.items():
        path = tmp_path / name / "lareqa/test-mul.json"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    found = score_folder(tmp_path / "predictions", tmp_path / "labels")
    score = 100 * (1 + 5 / 6) / 2
    assert found.averages.tasks == {"lareqa": pytest.approx(score)}
    text = "\n".join(found.notes)
    assert "lareqa has no average" not in text
    assert "mewslix are missing or incomplete" in text
    both = (tmp_path / "predictions", tmp_path / "labels", "xtreme_r")
    assert score_folder(*both).averages.tasks == found.averages.tasks


def test_a_foreign_line_end_is_one(small):
    predictions, labels = small
    path = predictions / "xnli/test-en.tsv"
    path.write_bytes(b"neutral\r\nentailment")
    assert score_folder(predictions, labels).values["xnli"]["en"] == {
        "accuracy": 100
    }


@pytest.mark.parametrize("absent", [0, 1])
def test_a_missing_folder_is_named(small, tmp_path, absent):
    folders = list(small)
    folders[absent] = tmp_path / "nowhere"
    with pytest.raises(InputError, match="nowhere: there is no such folder"):
        score_folder(*folders)


def test_labels_for_nothing_are_an_error(small, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no labels for any file"):
        score_folder(small[0], tmp_path / "empty")
    with pytest.raises(InputError, match="nothing to score"):
        score_folder(tmp_path / "empty", small[1])
