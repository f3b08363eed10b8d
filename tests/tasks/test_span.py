"""Questions as windows and as text: goldens by hand, batches against singles.

The toy vocabulary has one piece a letter where it has no longer one; what a
piece stands for is `Pieces.encode_with_offsets`'s to say (test_offsets).
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from seqio_rows import assert_equal_rows, batched, singles

from tasks.problems import span
from tasks.problems.punctuation import padded
from tasks.row import Dataset, Split, rows
from tasks.sources import Generated
from tasks.vocabularies import load
from xltransfer.errors import InputError

registration = pytest.importorskip("tasks.registration")

BOY = "The boy sees a red house in the garden ."
GIRL = "A girl reads the book and the boy sleeps ."
QUESTIONS = [
    ("1", "Who sees ?", BOY, (("The boy", 0),)),
    ("2", "What is red ?", BOY, (("house", 19), ("a red house", 13))),
    ("3", "Is it ?", BOY, ()),
    ("4", "", "他 说 , 妈妈 , 我 回来 了 。", (("妈妈", 6),)),
    ("5", "Who ?", f"{GIRL} {BOY} " * 9, (("garden", 76),)),
    ("6", "Lost ?", BOY, (("", 0),)),
    ("7", "Wrong place ?", f"{BOY} {BOY}", (("garden", 70),)),
    ("8", "Nowhere ?", BOY, (("garden of", 32),)),
]


def questions(rows: tuple = ()) -> list[dict]:
    names = ("id", "question", "context", "answers")
    return [dict(zip(names, row, strict=True)) for row in rows]


def dataset(rows, name: str = "toyspan.en") -> Dataset:
    source = Generated(questions, (("rows", tuple(rows)),))
    return Dataset(name, "span", "en", (Split("train", source),))


def canonical(*row) -> dict:
    return next(rows(dataset([row]), "train", None))


SHORT = {"tokens": 24, "question": 8, "stride": 5}


@pytest.fixture(scope="module")
def whole(xlmr_vocabulary) -> list[dict]:
    """One window a question."""
    name = registration.task(dataset(QUESTIONS), "encoder", xlmr_vocabulary)
    return singles(name, None)


@pytest.fixture(scope="module")
def short(xlmr_vocabulary) -> list[dict]:
    """Windows of 24 pieces."""
    name = registration.task(dataset(QUESTIONS), "encoder", xlmr_vocabulary)
    return singles(name, SHORT)


def test_places_count_the_bytes_of_the_passage():
    found = canonical("a", " q ", "é 妈妈 b", (("妈妈", 2), ("b", 5)))
    assert found == {
        "id": "a",
        "question": "q",
        "context": "é 妈妈 b",
        "answers": ["妈妈", "b"],
        # é takes two bytes, 妈 three.
        "begin": 3,
        "end": 9,
    }


def test_no_answer_and_a_withheld_answer_are_told_apart():
    nothing = canonical("a", "q", "passage", ())
    assert (nothing["begin"], nothing["end"]) == span.UNANSWERABLE
    assert nothing["answers"] == [""]
    withheld = canonical("a", "q", "passage", (("", 0), (" ", -1)))
    assert (withheld["begin"], withheld["end"]) == span.UNKNOWN
    assert withheld["answers"] == []
    # SQuAD-es has blanks beside answers.
    some = canonical("a", "q", "passage", (("", -1), ("age", 4)))
    assert (some["begin"], some["answers"]) == (4, ["age"])


def test_a_wrong_offset_gives_the_nearest_occurrence():
    assert span.located("b a b a b", "a", 2) == 2
    assert span.located("b a b a b", "a", 5) == 6
    assert span.located("b a b a b", "a", -1) == 2
    assert span.located("aaa", "aa", 5) == 1
    assert span.located("b a b", "c", 0) is None


def test_an_empty_passage_is_refused():
    with pytest.raises(InputError, match="the passage is empty"):
        canonical("a", "q", " ", ())


def test_a_window_is_the_question_and_the_passage_between_special_tokens(
    xlmr_vocabulary, whole
):
    pieces = load(xlmr_vocabulary, Path())
    assert len(whole) == len(QUESTIONS)
    for number, row in enumerate(whole):
        _, question, context, _ = QUESTIONS[number]
        ids, spans = pieces.encode_with_offsets(context)
        asked = pieces.encode(question)
        assert row["tokens"].tolist() == [0, *asked, 2, 2, *ids, 2]
        assert row["context_start"] == len(asked) + 3
        assert (row["example"], row["piece"]) == (number, 0)
        utf8 = context.encode()
        for (begin, end), b, e in zip(
            spans, row["begins"], row["ends"], strict=True
        ):
            assert utf8[b:e].decode() == context[begin:end]


def answer_of(row: dict, context: str) -> str:
    """Reads the characters that a window's labels point at."""
    first, last = (
        int(row[name]) - int(row["context_start"])
        for name in ("answer_start", "answer_end")
    )
    begin, end = row["begins"][first], row["ends"][last]
    return context.encode()[begin:end].decode()


def test_labels_are_the_first_answer_or_nothing(whole):
    read = [
        answer_of(row, QUESTIONS[number][2]) if row["answer_start"] else None
        for number, row in enumerate(whole)
    ]
    expected = [
        "The boy",
        "house",
        None,
        "妈妈",
        "garden",
        None,
        "garden",
        None,
    ]
    assert read == expected
    weights = [int(row["answer_weight"]) for row in whole]
    # Withheld, and nowhere in the passage: nothing to learn. Without an answer:
    # that there is none.
    assert weights == [1, 1, 1, 1, 1, 0, 1, 0]
    # Question 7 says 70, "garden" lies at 32 and 73.
    moved = whole[6]["answer_start"] - whole[6]["context_start"]
    assert whole[6]["begins"][moved] == 73


def test_windows_begin_a_stride_apart_and_end_with_the_passage(
    xlmr_vocabulary, short
):
    pieces = load(xlmr_vocabulary, Path())
    for number, (_, question, context, _) in enumerate(QUESTIONS):
        ids = pieces.encode(context)
        asked = pieces.encode(question)[:8]
        room = 24 - 4 - len(asked)
        # run_squad: windows at 0, 5, 10, … until one ends with the passage.
        starts = [0]
        while starts[-1] + room < len(ids):
            starts.append(starts[-1] + 5)
        windows = [row for row in short if row["example"] == number]
        assert [row["piece"] for row in windows] == starts
        for row, start in zip(windows, starts, strict=True):
            own = ids[start : start + room]
            assert row["tokens"].tolist() == [0, *asked, 2, 2, *own, 2]
            assert len(row["begins"]) == len(row["ends"]) == len(own)


def test_a_window_without_the_whole_answer_points_at_its_first_token(short):
    windows = [row for row in short if row["example"] == 4]
    held = [row for row in windows if row["answer_start"] > 0]
    context = QUESTIONS[4][2]
    assert {answer_of(row, context) for row in held} == {"garden"}
    begin, end = 76, 76 + len("garden")
    for row in windows:
        holds = row["begins"][0] <= begin and end <= row["ends"][-1]
        assert holds == (row["answer_start"] > 0)
        assert row["answer_weight"] == 1
        if not holds:
            assert row["answer_start"] == row["answer_end"] == 0
    assert 0 < len(held) < len(windows)


def test_short_windows_overlap_by_half(xlmr_vocabulary):
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(dataset(QUESTIONS), "encoder", xlmr_vocabulary)
    found = singles(name, {"tokens": 16, "question": 4, "stride": 100})
    for number, (_, question, context, _) in enumerate(QUESTIONS):
        ids = pieces.encode(context)
        room = 16 - 4 - len(pieces.encode(question)[:4])
        windows = [row for row in found if row["example"] == number]
        assert len(windows) > 1
        for count, row in enumerate(windows):
            assert row["piece"] == count * (room // 2)
            own = row["tokens"][row["context_start"] : -1].tolist()
            assert own == ids[row["piece"] : row["piece"] + room]
        # The last one ends with the passage.
        assert own[-1] == ids[-1]
        assert row["piece"] + len(own) == len(ids)


def test_lengths_without_room_are_refused(xlmr_vocabulary):
    name = registration.task(dataset(QUESTIONS), "encoder", xlmr_vocabulary)
    # 64 for the question, 4 special tokens and one piece.
    with pytest.raises(InputError, match=r"'tokens' .* the least is 69"):
        singles(name, {"tokens": 68})
    with pytest.raises(InputError, match=r"'stride' .* the least is 1"):
        singles(name, {"tokens": 128, "stride": 0})


TEXTS = st.text("Theboysargd .é妈ﬁ🙂\u3000\n", max_size=40)


@given(
    st.lists(
        st.tuples(TEXTS, TEXTS.filter(str.strip), st.integers(0, 40), TEXTS),
        min_size=10,
        max_size=30,
    ),
    st.sampled_from([None, {"tokens": 14, "question": 5, "stride": 3}]),
)
@settings(
    max_examples=3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # Each try builds TensorFlow's graphs anew: many examples in few tries, and
    # shrinking would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_batches_of_questions_are_the_single_examples(
    xlmr_vocabulary, mt5_vocabulary, drawn, lengths
):
    made = [
        (
            str(number),
            question,
            context,
            (
                (context[start : start + 5], start),
                (other, start),
            )[: number % 3],
        )
        for number, (question, context, start, other) in enumerate(drawn)
    ]
    name = registration.task(dataset(made), "encoder", xlmr_vocabulary)
    assert_equal_rows(batched(name, lengths), singles(name, lengths))
    name = registration.task(dataset(made), "text", mt5_vocabulary)
    lengths = lengths and {"inputs": 20, "targets": 3}
    assert_equal_rows(batched(name, lengths), singles(name, lengths))


@pytest.mark.parametrize(
    ("row", "inputs", "targets"),
    [
        # By hand after mT5's published template.
        (
            ("1", "Who's it?", "It's  François (the 2nd).", (("2nd)", 20),)),
            "question: Who ' s it ? context: It ' s François ( the 2nd ) . ",
            "2nd ) ",
        ),
        # A no-break space is no space to RE2: it stands apart as well.
        (
            ("2", "a_b\u00a0c", "x—y", ()),
            "question: a_b \u00a0 c context: x — y",
            "",
        ),
        # Marks and other scripts' letters stay; their punctuation does not.
        (
            ("3", "क्या है?", "妈妈，我。", (("我", 3), ("妈", 0))),
            "question: क्या है ? context: 妈妈 ， 我 。 ",
            "我",
        ),
    ],
)
def test_the_text_is_mt5s_for_question_answering(
    mt5_vocabulary, row, inputs, targets
):
    pieces = load(mt5_vocabulary, Path())
    name = registration.task(dataset([row]), "text", mt5_vocabulary)
    (found,) = singles(name, None)
    assert found["inputs"].tolist() == [*pieces.encode(inputs), 1]
    assert found["targets"].tolist() == [*pieces.encode(targets), 1]


SHARED = ["", " the boy ,  sees", "妈妈，我。"]


@pytest.mark.parametrize("lengths", [None, {"inputs": 40, "targets": 3}])
def test_a_text_is_that_of_question_and_passage_in_one_string(
    mt5_vocabulary, lengths
):
    """One string a row is mT5's; passages are tokenised apart, and once."""
    pieces = load(mt5_vocabulary, Path())
    contexts = [BOY, GIRL, " François ", "妈妈，我。"]
    made = [
        (str(number), SHARED[number % 3], contexts[number % 4], ())
        for number in range(12)
    ]
    expected = []
    for _, question, context, _ in made:
        whole = f"question: {padded(question)} context: {padded(context)}"
        ids = pieces.encode(" ".join(whole.split()))
        expected.append([*ids[: lengths and lengths["inputs"] - 1], 1])
    name = registration.task(dataset(made), "text", mt5_vocabulary)
    for found in (singles(name, lengths), batched(name, lengths, 8)):
        assert [row["inputs"].tolist() for row in found] == expected
    # Some are cut, and some are not.
    assert lengths is None or {40} < {len(ids) for ids in expected}


def test_records_hold_what_evaluating_needs():
    found = span.record(canonical("a", "q", "a b", (("b", 2), ("a", 0))))
    assert found == {
        "id": "a",
        "question": "q",
        "context": "a b",
        "answers": ["b", "a"],
    }
