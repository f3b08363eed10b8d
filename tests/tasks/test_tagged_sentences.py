"""Renderings of tagged sentences: goldens by hand, batches against singles."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seqio_rows import assert_equal_rows, batched, singles

from tasks import tagging
from tasks.problems import problem, tag_text
from tasks.problems.sentence_parts import sentence_parts
from tasks.row import Dataset, Split, rows
from tasks.sources import Generated
from tasks.vocabularies import load
from xltransfer.errors import InputError

registration = pytest.importorskip("tasks.registration")

SENTENCES = (
    (("The", "boy", "sees", "a", "red", "house", "."), "DET NOUN VERB DET ADJ"),
    (("He", "\u200b", "runs"), "PRON X VERB"),
    (("Мальчик",), "NOUN"),
    (("garden" * 30, "\ufeff", "他说"), "NOUN X VERB"),
    (("a", "house") * 40, "DET NOUN " * 40),
)
NAMES = (
    ("Ada", "Lovelace", "of", "London", "and", "Paris", ":", "Bern"),
    ("B-PER", "I-PER", "O", "B-LOC", "O", "B-LOC", "I-LOC", "B-LOC"),
)


def sentences(pairs: tuple = ()) -> list[dict]:
    return [
        {"words": words, "tags": tuple(tags.split())} for words, tags in pairs
    ]


def dataset(pairs, row: Dataset = tagging.UD_PRESENT[0]) -> Dataset:
    """The row with other sentences; short tags are filled up with PUNCT."""
    full = tuple(
        (words, " ".join((tags.split() + ["PUNCT"] * 9)[: len(words)]))
        if len(tags.split()) < len(words)
        else (words, tags)
        for words, tags in pairs
    )
    source = Generated(sentences, (("pairs", full),))
    return Dataset(
        "toytags.en",
        "tagging",
        "en",
        (Split("train", source), Split("dev", source)),
        labels=row.labels,
        label_map=row.label_map,
        template=row.template,
        metrics=row.metrics,
    )


def test_each_word_is_tokenised_alone_and_tagged_at_its_first_piece(
    xlmr_vocabulary,
):
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(dataset(SENTENCES), "encoder", xlmr_vocabulary)
    row = singles(name, None)[0]
    words = [pieces.encode(word) for word in SENTENCES[0][0]]
    # <s> words </s></s>, as XTREME has it for XLM-R.
    assert row["tokens"].tolist() == [0, *chain(*words), 2, 2]
    starts = [1 + sum(map(len, words[:number])) for number in range(7)]
    assert row["first"].tolist() == starts
    # UPOS in alphabetical order: DET 5, NOUN 7, VERB 15, ADJ 0, PUNCT 12.
    assert row["tags"].tolist() == [5, 7, 15, 5, 0, 12, 12]
    assert row["example"] == 0


def test_a_word_without_pieces_is_unknown_and_keeps_its_tag(xlmr_vocabulary):
    pieces = load(xlmr_vocabulary, Path())
    assert pieces.encode("\u200b") == []
    name = registration.task(dataset(SENTENCES), "encoder", xlmr_vocabulary)
    row = singles(name, None)[1]
    he, runs = pieces.encode("He"), pieces.encode("runs")
    assert row["tokens"].tolist() == [0, *he, pieces.unk_id, *runs, 2, 2]
    assert row["first"].tolist() == [1, 1 + len(he), 2 + len(he)]
    # PRON 10, X 16, VERB 15.
    assert row["tags"].tolist() == [10, 16, 15]


def test_of_a_word_that_is_too_long_the_first_pieces_stay(xlmr_vocabulary):
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(dataset(SENTENCES), "encoder", xlmr_vocabulary)
    part = next(
        row for row in singles(name, {"tokens": 16}) if row["example"] == 3
    )
    long = pieces.encode("garden" * 30)[:13]
    assert part["tokens"].tolist() == [0, *long, 2, 2]
    assert part["first"].tolist() == [1]


def test_sentences_are_cut_between_words_where_the_next_does_not_fit():
    # Two sentences of 4 and 3 words; at most 5 pieces: 2+2 | 3+1, 5 | 1+1.
    counts, numbers = sentence_parts(
        np.array([2, 2, 3, 1, 5, 1, 1]), np.array([4, 3]), 5
    )
    assert counts.tolist() == [2, 2, 1, 2]
    assert numbers.tolist() == [0, 0, 1, 1]


WORDS = st.lists(
    st.tuples(
        st.one_of(
            st.text(min_size=1, max_size=12),
            st.sampled_from(("\u200b", "\x01", "garden" * 9, " ", "ﬁ")),
        ),
        st.sampled_from(tagging.UPOS),
    ),
    min_size=1,
    max_size=12,
)


@given(
    st.lists(WORDS, min_size=4, max_size=12),
    st.one_of(st.none(), st.integers(4, 30)),
)
@settings(
    max_examples=3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_batches_are_the_single_examples_and_tag_every_word_once(
    xlmr_vocabulary, mt5_vocabulary, pairs, length
):
    made = tuple(tuple(zip(*pair, strict=True)) for pair in pairs)
    made = tuple((words, " ".join(tags)) for words, tags in made)
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(dataset(made), "encoder", xlmr_vocabulary)
    lengths = length and {"tokens": length}
    parts = batched(name, lengths)
    assert_equal_rows(parts, singles(name, lengths))
    for number, (words, tags) in enumerate(made):
        mine = [part for part in parts if part["example"] == number]
        found = [tagging.UPOS[tag] for part in mine for tag in part["tags"]]
        assert found == tags.split()
        columns = [
            part["tokens"][column] for part in mine for column in part["first"]
        ]
        firsts = [(pieces.encode(word) or [3])[0] for word in words]
        assert columns == firsts
        assert all(len(p["tokens"]) <= (length or 10**6) for p in mine)
    name = registration.task(dataset(made), "text", mt5_vocabulary)
    lengths = length and {"inputs": length, "targets": length}
    assert_equal_rows(batched(name, lengths), singles(name, lengths))


def test_entities_are_written_as_mt5_writes_them(mt5_vocabulary):
    pieces = load(mt5_vocabulary, Path())
    words, tags = NAMES
    pairs = ((words, " ".join(tags)), (("no", "one"), "O O"))
    made = dataset(pairs, tagging.PANX[0])
    name = registration.task(made, "text", mt5_vocabulary)
    first, second = singles(name, None)
    written = "tag: Ada Lovelace of London and Paris : Bern"
    assert first["inputs"].tolist() == [*pieces.encode(written), 1]
    entities = "PER: Ada Lovelace $$ LOC: London $$ LOC: Paris : $$ LOC: Bern"
    assert first["targets"].tolist() == [*pieces.encode(entities), 1]
    assert second["targets"].tolist() == [*pieces.encode("None"), 1]


def test_parts_of_speech_are_written_in_a_row(mt5_vocabulary):
    pieces = load(mt5_vocabulary, Path())
    name = registration.task(dataset(SENTENCES), "text", mt5_vocabulary)
    row = singles(name, None)[0]
    written = "pos: The boy sees a red house ."
    assert row["inputs"].tolist() == [*pieces.encode(written), 1]
    tags = "DET NOUN VERB DET ADJ PUNCT PUNCT"
    assert row["targets"].tolist() == [*pieces.encode(tags), 1]
    cut = singles(name, {"inputs": 9, "targets": 5})[0]
    assert cut["inputs"].tolist() == [*row["inputs"].tolist()[:8], 1]
    assert cut["targets"].tolist() == [*row["targets"].tolist()[:4], 1]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("DET NOUN VERB", "DET NOUN VERB"),
        (" DET\tNOUN  VERB ADJ ADJ", "DET NOUN VERB"),
        ("DET", "DET X X"),
        ("", "X X X"),
        ("DET nuon VERB", "DET X VERB"),
    ],
)
def test_text_is_read_as_one_tag_a_word(output, expected):
    record = {"words": ["the", "boy", "runs"], "labels": tagging.UPOS}
    assert problem("tagging").parse_text(output, record) == expected.split()


def test_entities_are_read_back_from_their_text():
    words, tags = NAMES
    record = {"words": words, "labels": tagging.ENTITIES}
    text = tag_text.write_text(words, tags, tagging.ENTITIES)
    assert problem("tagging").parse_text(text, record) == list(tags)
    nothing = problem("tagging").parse_text("None", record)
    assert nothing == ["O"] * len(words)


def test_an_entity_that_does_not_begin_with_b_is_written_too():
    # As seqeval reads it: I- after O or another type begins an entity.
    words, tags = ("a", "b", "c", "d"), ("I-PER", "I-PER", "I-LOC", "O")
    written = tag_text.write_text(words, tags, tagging.ENTITIES)
    assert written == "PER: a b $$ LOC: c"


def test_records_hold_what_evaluating_needs():
    made = dataset(SENTENCES[:1])
    (example,) = rows(made, "dev", None)
    kept = problem("tagging").record(example)
    assert kept["words"] == list(SENTENCES[0][0])
    assert " ".join(kept["tags"]) == "DET NOUN VERB DET ADJ PUNCT PUNCT"
    assert kept.keys() == {"words", "tags"}


def test_dates_are_no_entities_in_masakhaner():
    row = tagging.MASAKHANER[0]
    pairs = ((("Leo", "Asha"), "B-DATE B-PER"),)
    (example,) = rows(dataset(pairs, row), "dev", None)
    assert example["names"] == ["O", "B-PER"]


def test_too_short_a_length_is_refused(xlmr_vocabulary):
    name = registration.task(dataset(SENTENCES), "encoder", xlmr_vocabulary)
    with pytest.raises(InputError, match="the least is 4"):
        batched(name, {"tokens": 3})
