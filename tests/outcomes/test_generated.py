"""What generated texts say, and how many are not what was asked for."""

from types import SimpleNamespace

import pytest

from xltransfer.outcomes.classification import Labels
from xltransfer.outcomes.multiple_choice import Choices
from xltransfer.outcomes.span import Answers
from xltransfer.outcomes.tagging import Tags
from xltransfer.outcomes.text import Generated

NER = ["B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"]


def cache(records=None, labels=(), text_labels=(), language="ru", size=0):
    """A cache, as far as an outcome reads it."""
    return SimpleNamespace(
        records=records,
        size=size or len(records or ()),
        manifest={
            "labels": labels,
            "key": {"language": language, "text_labels": text_labels},
        },
    )


def test_a_text_that_names_no_label_is_illegal():
    labels = ["entailment", "neutral", "contradiction"]
    one = Generated(None, "classification", Labels())
    found = ["0", " 2 ", "neutral", "", "3", "1"]
    where = cache(labels=labels, text_labels=("0", "1", "2"), size=6)
    # `neutral` is a label, but not the text that stands for it.
    assert one.combine(where, found) == [
        *("entailment", "contradiction", "-1", "-1", "-1", "neutral")
    ]
    assert one.rates(where, found) == {"illegal_outputs": 50.0}


def test_a_letter_beyond_the_choices_is_illegal():
    one = Generated(None, "multiple_choice", Choices())
    where = cache([{"choices": 2}] * 4)
    found = ["(a)", "b", "(c)", "b or a"]
    assert one.combine(where, found) == [0, 1, -1, -1]
    assert one.rates(where, found) == {"illegal_outputs": 50.0}


def test_an_answer_in_another_script_is_foreign_unless_the_passage_has_it():
    passage = "Стив Джобс основал Apple в Купертино в 1976 году."
    one = Generated(None, "span", Answers())
    where = cache([{"context": passage, "answers": ["x"]}] * 5)
    # The passage's own words, in its own scripts; then a translation, Russian
    # that is not there, and no letters.
    found = ["Купертино", "Apple", "Steve Jobs", "в Калифорнии", "1977"]
    assert one.rates(where, found) == {"foreign_outputs": 20.0}


def test_entities_are_foreign_without_the_names_of_their_types():
    one = Generated(None, "tagging", Tags())
    words = ["Ада", "живёт", "в", "IBM"]
    where = cache([{"words": words, "tags": []}] * 4, labels=NER)
    found = ["PER: Ада", "PER: Ada", "ORG: IBM $$ PER: Ада", "None"]
    assert one.rates(where, found) == {"foreign_outputs": 25.0}


def test_tags_in_a_row_are_no_words_of_a_language():
    one = Generated(None, "tagging", Tags())
    where = cache([{"words": ["да"], "tags": []}], labels=["NOUN", "X"])
    assert one.rates(where, ["NOUN"]) == {}


@pytest.mark.parametrize("language", ["de", "mul"])
def test_latin_and_mixed_languages_have_nothing_foreign_to_be_seen(language):
    one = Generated(None, "span", Answers())
    where = cache([{"context": "Berlin", "answers": ["x"]}], language=language)
    assert one.rates(where, ["in the city"]) == {"foreign_outputs": 0.0}
