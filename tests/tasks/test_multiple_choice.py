"""Multiple choice as SeqIO tasks. Expected strings are written by hand."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seqio_rows import assert_equal_rows, batched, singles

from tasks import registration
from tasks.commonsense import COPA, XCOPA
from tasks.problems import multiple_choice
from tasks.row import Dataset, Split, rows
from tasks.sources import Generated
from tasks.vocabularies import load
from xltransfer.errors import InputError

QUESTIONS = (
    ("The boy sees a red house . What was the effect?", "a girl|the book", "1"),
    ("Who sleeps?", "the boy|the girl|a house|the garden", "0"),
    ("", "他 说|妈妈 🙂|Naye akasema", "2"),
    ("in the garden " * 30, "a boy " * 20 + "|a red house", "0"),
)


def questions(rows: tuple = ()) -> list[dict]:
    return [
        {"prompt": prompt, "choices": tuple(listed.split("|")), "label": label}
        for prompt, listed, label in rows
    ]


def dataset(rows, **facts) -> Dataset:
    source = Generated(questions, (("rows", tuple(rows)),))
    splits = (Split("train", source),)
    return Dataset("toychoice.en", "multiple_choice", "en", splits, **facts)


def parts(row: dict) -> list[list[int]]:
    """The tokens of each choice."""
    tokens, found = row["tokens"].tolist(), []
    for length in row["choice_lengths"].tolist():
        found.append(tokens[:length])
        tokens = tokens[length:]
    assert not tokens
    return found


def test_the_encoder_reads_the_prompt_with_each_choice(xlmr_vocabulary):
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(dataset(QUESTIONS), "encoder", xlmr_vocabulary)
    found = singles(name, None)
    for number, (row, question) in enumerate(
        zip(found, QUESTIONS, strict=True)
    ):
        prompt, listed, label = question
        # <s> prompt </s></s> choice </s>, as XLM-R's tokenizer builds pairs.
        assert parts(row) == [
            [0, *pieces.encode(prompt.strip()), 2, 2, *encoded, 2]
            for encoded in map(pieces.encode, map(str.strip, listed.split("|")))
        ]
        assert row["label"] == int(label)
        assert row["example"] == number


def test_a_long_prompt_loses_its_beginning_and_a_long_choice_its_end(
    xlmr_vocabulary,
):
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(dataset(QUESTIONS[3:]), "encoder", xlmr_vocabulary)
    (row,) = singles(name, {"tokens": 24})
    prompt = pieces.encode(QUESTIONS[3][0].strip())
    long, short = (
        pieces.encode(choice.strip()) for choice in QUESTIONS[3][1].split("|")
    )
    # 24 are 4 special tokens and 20 others: the choices' first.
    room = 20 - len(short)
    assert len(long) > 20 and 0 < room < len(prompt)
    assert parts(row) == [
        [0, 2, 2, *long[:20], 2],
        [0, *prompt[-room:], 2, 2, *short, 2],
    ]


def test_the_text_lists_lettered_choices_and_names_one(mt5_vocabulary):
    pieces = load(mt5_vocabulary, Path())
    name = registration.task(dataset(QUESTIONS), "text", mt5_vocabulary)
    found = singles(name, None)
    first = (
        "choice: question: The boy sees a red house . What was the effect? "
        "choices: (a) a girl (b) the book"
    )
    third = "choice: question: choices: (a) 他 说 (b) 妈妈 🙂 (c) Naye akasema"
    for row, text, letter in ((0, first, "b"), (2, third, "c")):
        assert found[row]["inputs"].tolist() == [*pieces.encode(text), 1]
        assert found[row]["targets"].tolist() == [*pieces.encode(letter), 1]
        assert found[row]["example"] == row


def test_a_long_text_loses_the_beginning_of_its_question(mt5_vocabulary):
    pieces = load(mt5_vocabulary, Path())
    rows = (("in the garden " * 30, "a boy|a red house", "0"),)
    name = registration.task(dataset(rows), "text", mt5_vocabulary)
    head = pieces.encode("choice: question:")
    prompt = pieces.encode(("in the garden " * 30).strip())
    tail = [*pieces.encode("choices: (a) a boy (b) a red house"), 1]
    for room in (0, 1, 9):
        length = len(head) + len(tail) + room
        (row,) = singles(name, {"inputs": length, "targets": 4})
        kept = prompt[len(prompt) - room :]
        assert row["inputs"].tolist() == [*head, *kept, *tail]
    (row,) = singles(name, {"inputs": len(head) + 3, "targets": 4})
    assert row["inputs"].tolist() == [*head, *tail[:2], 1]
    (row,) = singles(name, {"inputs": 3, "targets": 2})
    assert row["inputs"].tolist() == [*head[:2], 1]


TEXTS = st.text(max_size=30).filter(str.strip).filter(lambda s: "|" not in s)


@given(
    st.lists(
        st.tuples(
            st.text(max_size=30),
            st.lists(TEXTS, min_size=2, max_size=5).map("|".join),
            st.sampled_from("01"),
        ),
        min_size=1,
        max_size=7,
    ),
    st.one_of(st.none(), st.integers(6, 40)),
)
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_batches_of_questions_are_the_single_examples(
    xlmr_vocabulary, mt5_vocabulary, rows, length
):
    row = dataset(rows)
    name = registration.task(row, "encoder", xlmr_vocabulary)
    lengths = length and {"tokens": length}
    expected = singles(name, lengths)
    assert_equal_rows(batched(name, lengths), expected)
    for one in expected:
        assert (one["choice_lengths"] <= (length or 10**6)).all()
        assert one["choice_lengths"].sum() == len(one["tokens"])
    name = registration.task(row, "text", mt5_vocabulary)
    lengths = length and {"inputs": length, "targets": 3}
    expected = singles(name, lengths)
    assert_equal_rows(batched(name, lengths), expected)
    assert all(len(one["inputs"]) <= (length or 10**6) for one in expected)


def test_texts_name_choices_or_none():
    record = {"label": 1, "choices": 3}
    outputs = ("a", " b ", "(c)", "d", "", "the book", "B", "ab", "1", "()")
    found = [multiple_choice.parse_text(text, record) for text in outputs]
    assert found == [0, 1, 2, -1, -1, -1, -1, -1, -1, -1]


def test_a_record_is_what_evaluating_needs():
    (example,) = rows(dataset(QUESTIONS[1:2]), "train", None)
    assert multiple_choice.record(example) == {"label": 0, "choices": 4}


def test_copa_asks_for_cause_or_effect(data_dir):
    # The first lines of val-en.jsonl and of val.it.jsonl.
    english = next(rows(COPA, "dev", data_dir))
    assert english == {
        "prompt": "The man turned on the faucet. What was the effect?",
        "choices": [
            "The toilet filled with water.",
            "Water flowed from the spout.",
        ],
        "label": 1,
    }
    italian = next(row for row in XCOPA if row.language == "it")
    found = next(rows(italian, "dev", data_dir))
    assert found["prompt"].endswith(" What was the effect?")
    assert found["label"] == 1


@pytest.mark.parametrize(
    ("choices", "label", "facts", "message"),
    [
        ("a", "0", {}, "1 choices, expected 2 to 26"),
        ("a| |b", "0", {}, "choice 2 of 3 is empty"),
        ("a|b| ", "2", {}, "'2' names none of 2 choices"),
        ("a|b", "9" * 5000, {}, "names none of 2 choices"),
        ("a|b", "-1", {}, "'-1' is not a number"),
        ("a|b", "²", {}, "'²' is not a number"),
        ("a|b", "c", {"label_map": (("A", "0"), ("B", "1"))}, "one of A, B"),
        ("a|b", "0", {"label_map": (("A", "0"), ("B", "1"))}, "one of A, B"),
    ],
)
def test_what_is_no_question_is_refused(choices, label, facts, message):
    row = dataset((("p", choices, label),), **facts)
    with pytest.raises(InputError, match=f"questions:1: .*{message}"):
        list(rows(row, "train", None))


def test_empty_choices_at_the_end_are_none_and_dropped_labels_leave_out():
    listed = (("p", "a|b||", "1"), ("p", "a|b", "-"))
    row = dataset(listed, dropped_labels=("-",))
    (found,) = rows(row, "train", None)
    assert found["choices"] == ["a", "b"]


def test_an_answer_may_stand_as_its_own_text():
    make = multiple_choice.canonical(dataset(()))
    fields = {"prompt": "p", "choices": ("a ", "b"), "answer": " b"}
    assert make(fields, "here")["label"] == 1
    with pytest.raises(InputError, match="here: the answer 'c' is none of"):
        make(fields | {"answer": "c"}, "here")
