import json
import math
from pathlib import Path

import pytest

from xltransfer.constant import Constant, constant, mean
from xltransfer.data.cache import Cache


@pytest.fixture
def split(tmp_path):
    """Makes the little of a cache that is looked at."""

    def split(metric: str, *contexts: str) -> Cache:
        lines = (json.dumps({"context": one}) + "\n" for one in contexts)
        (tmp_path / "records.jsonl").write_text("".join(lines))
        return Cache(Path(tmp_path), {"metrics": [metric]})

    return split


def test_the_most_frequent_label_is_answered(split):
    found = constant(split("accuracy"), "labels", ["a", "b", "b", "b"])
    # Three of four; sqrt(0.75 x 0.25 / 4).
    assert found.score == 75
    assert found.error == pytest.approx(100 * math.sqrt(0.75 * 0.25 / 4))


def test_the_most_frequent_choice_is_answered(split):
    found = constant(split("accuracy"), "choices", [0, 1, 1, 2, 1])
    assert found.score == 60


def test_the_best_tag_is_answered_for_every_word(split):
    targets = [["O", "O", "B-PER"], ["O", "B-PER", "O"]]
    # All O finds nothing. B-PER for every word finds both names among six.
    found = constant(split("panx"), "tags", targets)
    precision, recall = 2 / 6, 2 / 2
    f1 = 2 * precision * recall / (precision + recall)
    assert found.score == pytest.approx(100 * f1)


def test_the_whole_passage_or_nothing_is_answered(split):
    passage = "one two three four"
    # One word of four is right: F1 2 x 1/4 x 1 / (1/4 + 1) = 0.4, no exact
    # match; the mean of both is 20.
    found = constant(split("squad", passage, passage), "answers", [["two"]] * 2)
    assert found.score == pytest.approx(20)
    # SQuAD 2: nothing is right for three of four questions.
    questions = [["two"], [], [], []]
    found = constant(split("squad_v2", *[passage] * 4), "answers", questions)
    assert found.score == pytest.approx(75)


def test_the_candidates_that_are_right_most_often_are_answered(split):
    # "a" is first and right for two of three; "b" second, or "c".
    found = constant(split("map@20"), "rankings", [["a"], ["a"], ["b"]])
    assert found.score == pytest.approx(100 * (1 + 1 + 1 / 2) / 3)


def test_no_score_has_the_error_of_one_example(split):
    found = constant(split("bucc"), "pairs", [("1", "2")] * 50)
    assert found.score == 0
    assert found.error == pytest.approx(100 * math.sqrt(0.02 * 0.98 / 50))


def test_the_mean_over_splits_has_a_smaller_error():
    found = mean([Constant(30, 3), Constant(40, 4)])
    assert (found.score, found.error) == (35, 2.5)
