import pytest
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.metrics import METRICS
from xltransfer.metrics.tagging import chunks
from xltransfer.metrics.text_spans import DELIMITER, tags

KINDS = ("PER", "ORG", "LOC")


def f1(target: str, prediction: str) -> float:
    return METRICS["span_f1"]([target], [prediction])["span_f1"]


@pytest.mark.parametrize(
    ("target", "prediction", "expected"),
    [
        # By hand: 2pr/(p+r).
        ("PER: Ada $$ LOC: Paris", "PER: Ada $$ LOC: Paris", 100),
        ("PER: Ada $$ LOC: Paris", "LOC: Paris $$ PER: Ada", 100),
        ("PER: Ada $$ LOC: Paris", "PER: Ada", 200 / 3),
        ("PER: Ada", "ORG: Ada", 0),
        # One of two equal guesses is right: 1/2 and 1/1.
        ("PER: Ada", "PER: Ada $$ PER: Ada", 200 / 3),
        # Two colons and none: neither counts, as in the original.
        ("PER: Ada", "PER: Ada $$ LOC: a:b $$ nothing", 100),
        ("PER: Ada", "PER :  Ada ", 100),
        ("", "", 0),
    ],
)
def test_span_f1_by_hand(target, prediction, expected):
    assert f1(target, prediction) == pytest.approx(expected, abs=1e-9)


def test_span_f1_is_over_all_sentences():
    found = METRICS["span_f1"](
        ["PER: Ada", "LOC: Paris $$ LOC: Rom"], ["PER: Ada", "LOC: Bern"]
    )
    # 1 common, 2 guesses, 3 gold: 2pr/(p+r) = 2/5.
    assert found["span_f1"] == pytest.approx(40)
    with pytest.raises(ValueError):
        METRICS["span_f1"](["PER: Ada"], [])


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("PER: Ada Lovelace", "Ada Lovelace lebt", "B-PER I-PER O"),
        ("LOC: Rom $$ PER: Ada", "Ada in Rom", "B-PER O B-LOC"),
        # Equal entities take one place each.
        ("LOC: Rom $$ LOC: Rom", "Rom und Rom", "B-LOC O B-LOC"),
        ("LOC: Rom $$ LOC: Rom", "Rom", "B-LOC"),
        # The place behind the entity before goes first.
        ("PER: Rom $$ LOC: Rom", "Rom Rom", "B-PER B-LOC"),
        ("PER: Ada $$ LOC: Rom", "Rom Ada Rom", "O B-PER B-LOC"),
        # Not found, no such type, half a word, nothing.
        ("PER: Bob", "Ada in Rom", "O O O"),
        ("DATE: Rom", "Ada in Rom", "O O O"),
        ("LOC: Ro", "Ada in Rom", "O O O"),
        ("", "Ada in Rom", "O O O"),
        ("LOC:", "Ada in Rom", "O O O"),
        # Spaces and widths as a vocabulary gives them back.
        ("ORG: ＡＢＣ 株式会社", "ABC 株式会社 は", "B-ORG I-ORG O"),
        ("ORG: A.B.C.", "A. B. C. x", "B-ORG I-ORG I-ORG O"),
        ("ORG: a : b", "x a : b", "O B-ORG I-ORG I-ORG"),
        ("PER: Ada$$LOC: Rom", "Ada Rom", "B-PER B-LOC"),
        # An entity inside another one is no place for it.
        ("ORG: Bank of Rom $$ LOC: Rom", "Bank of Rom", "B-ORG I-ORG I-ORG"),
    ],
)
def test_tags_from_text_by_hand(text, words, expected):
    assert tags(text, words.split(), KINDS) == expected.split()


entities = st.lists(
    st.tuples(st.sampled_from(["O", *KINDS]), st.integers(1, 3)), max_size=6
)


@given(entities)
def test_tags_of_a_sentence_without_repeated_words_come_back(parts):
    gold: list[str] = []
    for kind, size in parts:
        if kind == "O":
            gold += ["O"] * size
        else:
            gold += [f"B-{kind}", *[f"I-{kind}"] * (size - 1)]
    words = [f"w{i}x" for i in range(len(gold))]
    text = DELIMITER.join(
        f"{kind}: {' '.join(words[start : end + 1])}"
        for kind, start, end in sorted(chunks([gold]), key=lambda one: one[1])
    )
    assert tags(text, words, KINDS) == gold


@given(st.text(alphabet="PERLOC: $ab", max_size=40), st.text("ab ", max_size=9))
def test_any_text_gives_well_formed_tags(text, sentence):
    words = sentence.split()
    found = tags(text, words, KINDS)
    assert len(found) == len(words)
    for before, tag in zip(["O", *found], found, strict=False):
        if tag.startswith("I-"):
            assert before[1:] == tag[1:]
