"""Padding of punctuation, and finding padded text in a passage."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.problems.punctuation import found_in, padded, padded_tf

TEXTS = st.text(st.sampled_from("aé妈_ \t\n\u00a0(),。२²½\u0301क्\u200b🙂ﬁ"))


def test_punctuation_stands_apart_as_mt5_has_it():
    # multilingual_t5's own example: an accent is no punctuation.
    assert padded("François, (b)") == "François , ( b ) "
    assert padded("a_b  c\n") == "a_b c "
    assert padded("¿Qué?") == " ¿ Qué ? "


@settings(max_examples=200)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_padding_in_the_graph_is_that_in_python(texts):
    import tensorflow as tf

    found = padded_tf(tf.constant(texts)).numpy()
    assert [text.decode() for text in found] == [padded(t) for t in texts]


@pytest.mark.parametrize(
    ("context", "output", "answer"),
    [
        ("Born in the U.S. (1942).", "U . S .", "U.S."),
        ("Born in the U.S. (1942).", "( 1942 )", "(1942)"),
        # `ab` is another word than `a b`.
        ("ab a b", "a b", "a b"),
        ("a  b", "a b", "a  b"),
        # Written wide, decomposed or as a ligature in the passage.
        ("在２０２０年，我", "2020年 , 我", "２０２０年，我"),
        ("cafe\u0301 noir", "café", "cafe\u0301"),
        ("the ﬁsh", "fish", "ﬁsh"),
        ("a b", "nothing of it", "nothing of it"),
        ("a b", "  ", ""),
        ("a b", "", ""),
    ],
)
def test_text_is_found_in_the_passages_own_characters(context, output, answer):
    assert found_in(context, output) == answer


@settings(max_examples=300)
@given(TEXTS, st.data())
@example("²½", None)
def test_any_part_of_a_passage_is_found_again(context, data):
    begin, end = 0, len(context)
    if data is not None:
        begin = data.draw(st.integers(0, len(context)))
        end = data.draw(st.integers(begin, len(context)))
    part = context[begin:end].strip()
    # Marks that combine with what is before them belong to it.
    found = found_in(context, padded(part))
    assert unicodedata.normalize("NFKD", padded(found)).split() == (
        unicodedata.normalize("NFKD", padded(part)).split()
    )
