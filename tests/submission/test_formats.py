import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xltransfer import submission
from xltransfer.errors import InputError
from xltransfer.metrics import METRICS
from xltransfer.metrics.benchmarks import TASKS
from xltransfer.submission.formats import FORMATS
from xltransfer.submission.gold import read_gold, write_gold
from xltransfer.submission.text_files import lines

label = st.text("abcXY-0", min_size=1)
# Any text but surrogates' halves, which no text file holds: JSON escapes them.
anything = st.text(st.characters(), max_size=8) | st.just("\ud800\0\u2028")
PREDICTIONS = {
    "labels": st.lists(label, min_size=1),
    "choices": st.lists(st.integers(0, 4), min_size=1),
    "positions": st.lists(st.integers(0, 10**9), min_size=1),
    "tags": st.lists(st.lists(label), min_size=1).filter(any),
    "pairs": st.lists(st.tuples(label, label)),
    "answers": st.dictionaries(anything, anything),
    "rankings": st.dictionaries(anything, st.lists(anything)),
}


@pytest.mark.parametrize("layout", FORMATS)
@given(data=st.data())
def test_what_is_written_is_read_again(layout, data, tmp_path_factory):
    predictions = data.draw(PREDICTIONS[layout])
    path = submission.path_of(
        tmp_path_factory.getbasetemp(), "task", "sw", layout
    )
    submission.write(path, layout, predictions)
    assert submission.read(path, layout) == predictions


@pytest.mark.parametrize(
    ("layout", "predictions", "name", "text"),
    [
        # The files of XTREME's own mock submission.
        ("labels", ["neutral"], "test-de.tsv", "neutral\n"),
        ("choices", np.array([1, 0]), "test-de.jsonl", None),
        ("positions", np.array([367, 0]), "test-de.tsv", "367\n0\n"),
        ("tags", [["B-PER", "O"], ["O"]], "test-de.tsv", "B-PER\nO\n\nO\n\n"),
        ("pairs", [("de-1", "en-2")], "test-de.tsv", "de-1\ten-2\n"),
        ("answers", {"q": "ä"}, "test-de.json", None),
        ("rankings", {"q": ("Q1", "Q2")}, "test-de.json", None),
    ],
)
def test_files_are_named_and_written_officially(
    tmp_path, layout, predictions, name, text
):
    path = submission.path_of(tmp_path, "task", "de", layout)
    assert path == tmp_path / "task" / name
    submission.write(path, layout, predictions)
    found = path.read_text(encoding="utf-8")
    if text is not None:
        assert found == text
    elif layout == "choices":
        assert [json.loads(one)["label"] for one in found.splitlines()] == [
            1,
            0,
        ]
    else:
        # As the official scorer's json.load sees it.
        assert json.loads(found) == {
            key: list(one) if isinstance(one, tuple) else one
            for key, one in predictions.items()
        }
    assert [one.name for one in path.parent.iterdir()] == [name]


@pytest.mark.parametrize(
    ("layout", "predictions"),
    [
        ("labels", ["a\nb"]),
        ("labels", [" a"]),
        ("labels", ["a\r"]),
        ("tags", [["a\n", "b"]]),
        ("pairs", [("a ", "b\n")]),
        ("positions", [1.5]),
    ],
)
def test_what_cannot_be_written_as_such_is_not_written(
    tmp_path, layout, predictions
):
    path = submission.path_of(tmp_path, "task", "sw", layout)
    with pytest.raises((ValueError, InputError)):
        submission.write(path, layout, predictions)
    assert not path.exists()


def test_a_sentence_without_words_has_a_line():
    text = FORMATS["tags"].render([["O"], [], ["O"]])
    assert text == "O\n\n\nO\n\n"


def test_lines_part_where_pythons_files_do():
    # Not at U+2028, form feed or U+0085, but at all three line ends.
    assert lines("a\u2028b\fc\x85d\r\ne\rf\n\n g \n") == [
        "a\u2028b\fc\x85d",
        "e",
        "f",
        "",
        "g",
    ]


def test_another_split_has_its_own_files(tmp_path):
    path = submission.path_of(tmp_path, "xnli", "sw", "labels", "validation")
    assert path == tmp_path / "xnli" / "validation-sw.tsv"


@pytest.mark.parametrize(
    ("layout", "predictions", "allowed"),
    [("labels", ["-1", "neutral"], ("neutral",)), ("choices", [-1, 0], "01")],
)
def test_a_prediction_may_name_no_label_and_is_then_wrong(
    tmp_path, layout, predictions, allowed
):
    path = submission.path_of(tmp_path, "task", "de", layout)
    submission.write(path, layout, predictions)
    assert submission.read(path, layout, allowed) == predictions
    (note,) = submission.check(path, layout, predictions, predictions[1:] * 2)
    assert "1 of 2 predictions are -1: they name no label" in note
    assert METRICS["accuracy"](predictions[1:] * 2, predictions) == {
        "accuracy": 50.0
    }


def test_a_tag_or_a_right_label_may_not_be_none(tmp_path):
    path = tmp_path / "test-de.tsv"
    path.write_text("neutral\n-1\n")
    with pytest.raises(InputError, match=r"de\.tsv:2: -1 names no label"):
        read_gold(path, TASKS["xnli"])
    with pytest.raises(InputError, match=r"de\.tsv:1: unknown label"):
        submission.read(path, "tags", ("X",))


GOLD = {
    "xnli": ["neutral", "entailment"],
    "xcopa": [1, 0],
    "panx": [["B-PER", "I-PER"], ["O"]],
    "tatoeba": [3, 0],
    "xquad": {"q1": ("Rom", "in Rom"), "q2": ("ä",)},
    "mewslix": {"q": ["Q1"]},
    "lareqa": {"q": ["Q1", "Q2"]},
}


@pytest.mark.parametrize("task", GOLD)
def test_labels_that_are_written_are_read_again(tmp_path, task):
    path = tmp_path / "labels" / task / "test-de"
    write_gold(path, TASKS[task].layout, GOLD[task])
    assert read_gold(path, TASKS[task]) == GOLD[task]
