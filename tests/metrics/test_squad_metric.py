import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strings import ARTICLES, OTHERS, strings

from xltransfer.metrics import METRICS
from xltransfer.metrics.squad import (
    best_thresholds,
    normalize,
    squad,
    squad_v2,
    token_f1,
)


def reference(text: str) -> str:
    """SQuAD's rules as they are described, a character at a time."""
    kept = [c for c in text.lower() if c not in string.punctuation]
    runs, run = [], ""
    for character in [*kept, " "]:
        if character.isalnum() or character == "_":
            run += character
        else:
            runs += ["" if run in ("a", "an", "the") else run, character]
            # What took the article's place parts its neighbours.
            if run in ("a", "an", "the"):
                runs.insert(-1, " ")
            run = ""
    return " ".join("".join(runs).split())


def one(gold: str, guess: str) -> dict[str, float]:
    return squad({"q": [gold]}, {"q": guess})


@pytest.mark.parametrize("language", [*ARTICLES, *OTHERS])
def test_normalisation_is_the_described_one_on_10000_strings(language):
    for text in strings(language, 10_000):
        assert normalize(text) == reference(text), repr(text)
        assert normalize(normalize(text)) == normalize(text)


@pytest.mark.parametrize(
    "language",
    [*ARTICLES, *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)],
)
def test_scores_of_10000_pairs_keep_to_the_definition(language):
    texts = strings(language, 10_000)
    for gold, guess in zip(texts, reversed(texts), strict=True):
        found = one(gold, guess)
        assert found == one(guess, gold)
        assert 0 <= found["f1"] <= 100
        assert found["exact_match"] in (0, 100)
        if found["exact_match"] and normalize(gold):
            assert found["f1"] == 100
        bags = [set(normalize(text).split()) for text in (gold, guess)]
        assert (found["f1"] > 0) == bool(bags[0] & bags[1])
        assert one(gold, f" The  {guess} !?\n") == found


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        # By hand from the rules of the script.
        ("The Cat, a dog and AN ant.", "cat dog and ant"),
        ("a.n apple", "apple"),  # punctuation goes first, and leaves "an"
        ("the-a", "thea"),
        ("there another", "there another"),
        ("l’a the’a", "l’ ’"),  # not ASCII: stays, and ends a word
        ("«el gato» ¡la!", "«el gato» ¡la"),
        ("中国。", "中国。"),
        ("$3.14", "314"),
        ("snake_case a_the", "snakecase athe"),
        ("", ""),
        ("the", ""),
        ("\u00a0\u3000x\u2028y", "x y"),
    ],
)
def test_normalised_by_hand(text, normal):
    assert normalize(text) == normal


def test_f1_of_a_worked_example():
    # gold: x y y z, guess: y y w; 2 common; 2/3 and 2/4; 2pr/(p+r) = 4/7.
    assert token_f1(["x", "y", "y", "z"], ["y", "y", "w"]) == pytest.approx(
        4 / 7
    )


def test_the_best_gold_answer_counts_for_each_measure_alone():
    found = squad({"q": ["red house", "blue"]}, {"q": "the red"})
    # 1/1 and 1/2 with "red house": F1 2/3.
    assert found == {"exact_match": 0, "f1": pytest.approx(200 / 3)}


def test_answers_in_order_score_as_answers_by_id():
    targets, guesses = [["red"], ["a cat"], []], ["red", "dog", ""]
    named = [dict(zip("abc", one, strict=True)) for one in (targets, guesses)]
    assert squad_v2(targets, guesses) == squad_v2(*named)
    nulls = [0.1, 0.9, 0.5]
    assert best_thresholds(targets, guesses, nulls) == best_thresholds(
        *named, dict(zip("abc", nulls, strict=True))
    )
    assert squad(targets[:2], guesses[:2]) == {"exact_match": 50, "f1": 50}


def test_a_missing_prediction_scores_0_and_another_is_not_counted():
    found = squad({"a": ["x"], "b": ["y"]}, {"a": "x", "c": "y"})
    assert found == {"exact_match": 50, "f1": 50}


def test_two_texts_of_nothing_match_exactly_but_share_no_token():
    # v1.1 returns F1 0 without common tokens, even where both have none.
    assert one("the", "...") == {"exact_match": 100, "f1": 0}


@pytest.mark.parametrize("targets", [{}, {"q": []}])
def test_nothing_to_score_is_an_error(targets):
    with pytest.raises(ValueError, match="no"):
        squad(targets, {})


GOLD = {"a": ["red"], "b": ["big cat"], "c": [], "d": [], "e": ["the"]}
GUESSES = {"a": "red", "b": "cat", "c": "", "d": "dog", "e": ""}


def test_v2_counts_no_answer_as_an_answer():
    # a, c, e right, b F1 2/3, d wrong. "the" is no answer after normalisation,
    # but e counts among the questions that have one.
    assert squad_v2(GOLD, GUESSES) == {
        "exact": 60,
        "f1": pytest.approx(100 * (3 + 2 / 3) / 5),
        "HasAns_exact": pytest.approx(200 / 3),
        "HasAns_f1": pytest.approx(100 * (2 + 2 / 3) / 3),
        "NoAns_exact": 50,
        "NoAns_f1": 50,
    }
    assert METRICS["squad_v2"](GOLD, GUESSES)["exact"] == 60


def test_a_null_score_above_the_threshold_means_no_answer():
    nulls = {"a": 0.9, "b": 0.2, "c": 0.1, "d": 0.6, "e": 0.0}
    found = squad_v2(GOLD, GUESSES, nulls, threshold=0.5)
    # a is lost, d is won.
    assert found["exact"] == 60
    assert found["NoAns_exact"] == 100
    assert squad_v2(GOLD, GUESSES, nulls, threshold=0.9) == squad_v2(
        GOLD, GUESSES
    )


def test_the_best_threshold_of_a_worked_example():
    nulls = {"a": 0.3, "b": 0.2, "c": 0.1, "d": 0.6, "e": 0.7}
    # All null: c and d right, 2 of 5. Then b: F1 + 2/3; a: + 1; d: - 1; e: + 1.
    assert best_thresholds(GOLD, GUESSES, nulls) == {
        "best_exact": 60,
        "best_exact_thresh": 0.3,
        "best_f1": pytest.approx(100 * (3 + 2 / 3) / 5),
        "best_f1_thresh": 0.3,
    }


@given(
    st.lists(
        st.tuples(st.sampled_from(["x", "x y", "z", ""]), st.booleans()),
        min_size=1,
        max_size=8,
    ),
)
def test_no_threshold_is_better_than_the_best(questions):
    targets = {
        str(i): ["x y"] if answered else []
        for i, (_, answered) in enumerate(questions)
    }
    guesses = {str(i): guess for i, (guess, _) in enumerate(questions)}
    nulls = {name: float(i + 1) for i, name in enumerate(targets)}
    found = best_thresholds(targets, guesses, nulls)
    for metric in ("exact", "f1"):
        at = [
            squad_v2(targets, guesses, nulls, threshold)[metric]
            for threshold in (0.0, *nulls.values())
        ]
        assert found[f"best_{metric}"] == pytest.approx(max(at))
        threshold = found[f"best_{metric}_thresh"]
        reached = squad_v2(targets, guesses, nulls, threshold)[metric]
        assert reached == pytest.approx(max(at))


def test_v2_needs_a_prediction():
    with pytest.raises(ValueError, match="no question has a prediction"):
        squad_v2({"a": ["x"]}, {})
    with pytest.raises(ValueError, match="no question has a prediction"):
        best_thresholds({"a": ["x"]}, {}, {})
