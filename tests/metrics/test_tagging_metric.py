import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.metrics import METRICS
from xltransfer.metrics.benchmarks import NER, UPOS
from xltransfer.metrics.tagging import chunk_f1, chunks

# Every place letter that seqeval knows, with types that begin like one.
SCHEMES = {
    "udpos": UPOS,
    "panx": NER,
    "iobes": [
        "O",
        *(f"{p}-{t}" for p in "BIES" for t in ("A", "S", "O", "X-Y")),
    ],
    "bare": ["O", "B", "I", "E", "S", ".", "SYM", "INTJ", "EX", "OTHER"],
}

# The rules of seqeval 0.0.12, as the pairs of places that they name. Beside
# them, a change of type ends and starts a chunk, but for O and a full stop.
ENDS = {(p, t) for p in "ES" for t in map(chr, range(32, 127))} | {
    *itertools.product("BI", "BSO")
}
STARTS = {(p, t) for p in map(chr, range(32, 127)) for t in "BS"} | {
    *itertools.product("ESO", "EI")
}


def reference(sentences: list[list[str]]) -> set[tuple[str, int, int]]:
    """Chunks by the published rules, looking at all pairs of tokens."""
    tags = [t for s in sentences for t in [*s, "O"]] + ["O"]
    place = ["O", *(tag[0] for tag in tags)]
    kind = ["", *(tag.split("-")[-1] for tag in tags)]
    size = len(tags)

    def boundary(i: int, rules: set, side: int) -> bool:
        changes = kind[i] != kind[i + 1] and place[i + side] not in ("O", ".")
        return (place[i], place[i + 1]) in rules or changes

    starts = [i for i in range(size) if boundary(i, STARTS, 1)]
    return {
        (kind[i], max([s for s in starts if s < i], default=0), i - 1)
        for i in range(size)
        if boundary(i, ENDS, 0)
    }


def draw(tags: list[str], seed: int) -> list[list[list[str]]]:
    """Returns two taggings of the same tokens."""
    source = random.Random(seed)
    lengths = [source.randrange(6) for _ in range(source.randrange(1, 5))]
    few = source.sample(list(tags), min(len(tags), source.randrange(1, 6)))
    return [[source.choices(few, k=n) for n in lengths] for _ in range(2)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_chunks_are_seqevals_on_10000_taggings(scheme):
    for seed in range(10_000):
        sentences = draw(SCHEMES[scheme], seed)[0]
        assert chunks(sentences) == reference(sentences), sentences


@pytest.mark.parametrize("scheme", ["udpos", "panx", "iobes"])
def test_scores_of_10000_taggings_keep_to_the_definition(scheme):
    for seed in range(10_000):
        gold, guess = draw(SCHEMES[scheme], seed)
        if not any(gold):
            continue
        found, turned = chunk_f1(gold, guess), chunk_f1(guess, gold)
        assert found["f1"] == turned["f1"]
        assert found["precision"] == turned["recall"]
        assert all(0 <= value <= 100 for value in found.values())
        own = chunk_f1(gold, gold)
        assert own["f1"] == (100 if chunks(gold) else 0)
        assert own["accuracy"] == 100


@given(st.lists(st.lists(st.sampled_from(UPOS), max_size=8), max_size=4))
def test_bare_upos_chunks_are_runs_but_for_sconj_and_sym(sentences):
    expected, first = set(), 0
    for sentence in sentences:
        position = first
        for tag, run in itertools.groupby(sentence):
            size = len(list(run))
            if tag in ("SCONJ", "SYM"):
                expected |= {
                    (tag, i, i) for i in range(position, position + size)
                }
            else:
                expected.add((tag, position, position + size - 1))
            position += size
        first += len(sentence) + 1
    assert chunks(sentences) == expected


def test_a_run_never_goes_on_in_the_next_sentence():
    assert chunks([["NOUN"], ["NOUN"]]) == {("NOUN", 0, 0), ("NOUN", 2, 2)}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        # By hand.
        ("B-PER I-PER O B-LOC", {("PER", 0, 1), ("LOC", 3, 3)}),
        ("I-PER I-PER", {("PER", 0, 1)}),
        ("B-PER B-PER", {("PER", 0, 0), ("PER", 1, 1)}),
        ("B-PER I-LOC", {("PER", 0, 0), ("LOC", 1, 1)}),
        ("I-PER B-PER", {("PER", 0, 0), ("PER", 1, 1)}),
        ("O O", set()),
        ("NOUN NOUN VERB", {("NOUN", 0, 1), ("VERB", 2, 2)}),
        ("SYM SYM SCONJ", {("SYM", 0, 0), ("SYM", 1, 1), ("SCONJ", 2, 2)}),
        ("INTJ INTJ", {("INTJ", 0, 1)}),
    ],
)
def test_chunks_by_hand(tags, expected):
    assert chunks([tags.split()]) == expected


def test_scores_of_a_worked_example():
    gold = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-ORG"]]
    guess = [["B-PER", "I-PER", "O", "B-ORG"], ["B-ORG", "B-ORG"]]
    # 3 gold, 4 found, 2 common; 4 of 6 tokens.
    assert METRICS["panx"](gold, guess) == {
        "f1": pytest.approx(400 / 7),
        "precision": 50,
        "recall": pytest.approx(200 / 3),
        "accuracy": pytest.approx(200 / 3),
    }


def test_pos_is_not_token_accuracy():
    gold = [["NOUN", "NOUN", "VERB"]]
    guess = [["NOUN", "VERB", "VERB"]]
    # Two runs each, none in common.
    found = METRICS["udpos"](gold, guess)
    assert found["f1"] == 0
    assert found["accuracy"] == pytest.approx(200 / 3)


def test_nothing_found_is_zero():
    found = chunk_f1([["B-PER"]], [["O"]])
    assert (found["f1"], found["precision"], found["recall"]) == (0, 0, 0)


@pytest.mark.parametrize(
    "guess", [[["O"]], [["O", "O"], ["O"]], [["O"], ["O", "O"]]]
)
def test_other_lengths_are_an_error(guess):
    with pytest.raises(ValueError, match="equally long"):
        chunk_f1([["O", "O"]], guess)
