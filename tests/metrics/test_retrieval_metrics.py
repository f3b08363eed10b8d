import pytest
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.metrics import METRICS

bucc, map20 = METRICS["bucc"], METRICS["map@20"]
ids = st.lists(st.sampled_from("abcdefgh"), max_size=30)


def one(right: list[str], ranked: list[str]) -> float:
    return map20({"q": right}, {"q": ranked})["map@20"]


def test_bucc_of_a_worked_example():
    gold = [("de-1", "en-1"), ("de-2", "en-2"), ("de-3", "en-3")]
    found = [("de-1", "en-1"), ("de-2", "en-3")]
    assert bucc(gold, found) == {
        "f1": pytest.approx(40),
        "precision": 50,
        "recall": pytest.approx(100 / 3),
    }
    # Sets: order and repetition do not matter.
    assert bucc(gold[::-1], [*found, *found]) == bucc(gold, found)


def test_a_pair_the_other_way_round_is_wrong():
    assert bucc([("a", "b")], [("b", "a")])["f1"] == 0
    assert bucc([("a", "b")], []) == {"f1": 0, "precision": 0, "recall": 0}


@pytest.mark.parametrize(
    ("right", "ranked", "expected"),
    [
        # By hand: sum of precisions at hits over min(|right|, 20).
        (["a"], ["a"], 100),
        (["a"], ["b", "c", "a"], 100 / 3),
        (["a"], ["b"], 0),
        (["a"], [], 0),
        (["a", "b"], ["a", "x", "b"], 100 * (1 + 2 / 3) / 2),
        (["a", "b"], ["a"], 50),
        (["a"], [*map(str, range(19)), "a"], 5),
        (["a"], [*map(str, range(20)), "a"], 0),
        ([*map(str, range(40))], [*map(str, range(20))], 100),
        (["a", "a"], ["a", "a"], 100),
        (["a", "b"], ["a", "a", "b"], 100 * (1 + 2 / 3) / 2),
    ],
)
def test_average_precision_by_hand(right, ranked, expected):
    assert one(right, ranked) == pytest.approx(expected)


@given(st.sampled_from("abcdefgh"), ids)
def test_with_one_right_candidate_it_is_the_reciprocal_rank(right, ranked):
    top = ranked[:20]
    rank = top.index(right) + 1 if right in top else None
    assert one([right], ranked) == pytest.approx(100 / rank if rank else 0)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True), ids)
def test_average_precision_keeps_to_its_definition(right, ranked):
    found = one(right, ranked)
    assert 0 <= found <= 100 + 1e-9
    assert found == pytest.approx(one(right[::-1], ranked))
    assert found == one(right, ranked[:20])
    assert one(right, [*right, *ranked]) == pytest.approx(100)
    assert one(right, ["wrong", *ranked]) <= found + 1e-9


def test_a_question_without_a_ranking_scores_0():
    found = map20({"q": ["a"], "r": ["b"]}, {"q": ["a"], "s": ["b"]})
    assert found == {"map@20": 50}
    assert map20([["a"], ["b"]], [["a"], []]) == found


@pytest.mark.parametrize("targets", [{}, {"q": []}])
def test_nothing_to_find_is_an_error(targets):
    with pytest.raises(ValueError, match="no"):
        map20(targets, {})


def test_tatoeba_compares_sentence_numbers():
    assert METRICS["tatoeba"]([3, 1, 2], [3, 2, 2]) == {
        "accuracy": pytest.approx(200 / 3)
    }
