"""Questions one a line: JSON in its variants, and QAMR's tables."""

import json
from pathlib import Path

import pytest

from tasks.sources import Qamr, QuestionLines
from xltransfer.errors import InputError


def read(folder: Path, *found: dict, keys=()) -> list[dict]:
    text = "\n".join(json.dumps(one) for one in found)
    (folder / "a.jsonl").write_text(text)
    source = QuestionLines("a.jsonl", tuple(keys))
    return [fields for _, fields in source.read(folder)]


BASE = {"question": "q", "context": "a b"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        # Hugging Face, ParsiNLU in both forms, SQuAD.
        ({"text": ["a", "b"], "answer_start": [0, 2]}, (("a", 0), ("b", 2))),
        ([[2, "b"], [0, "a"]], (("b", 2), ("a", 0))),
        (["b"], (("b", -1),)),
        ([{"text": "b", "answer_start": 2}], (("b", 2),)),
        ([], ()),
    ],
)
def test_answers_come_in_several_forms(tmp_path, answers, expected):
    (found,) = read(tmp_path, {**BASE, "answers": answers})
    assert found["answers"] == expected
    # Without an id the line is its name.
    assert found["id"] == "a-1"


def test_keys_may_have_other_names(tmp_path):
    keys = (
        ("id", "question_id"),
        ("context", "passage"),
        ("answers", "answer"),
        ("start", "answer_begin_position"),
    )
    line = {
        "question_id": 12,
        "question": "q",
        "passage": "a b",
        "answer": "b",
        "answer_begin_position": 3,
    }
    (found,) = read(tmp_path, line, keys=keys)
    assert found == {
        "id": "12",
        "question": "q",
        "context": "a b",
        "answers": (("b", 3),),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"question": "q"}, "no key 'context'"),
        ({**BASE, "answers": None}, "'answers' is None, not a list"),
        ({**BASE, "answers": [3]}, "the answer is 3"),
        ({**BASE, "answers": [["b", 2]]}, "'answers' is 2, not a text"),
        ({**BASE, "answers": "b"}, "no key 'start'"),
        (
            {**BASE, "answers": {"text": ["a"], "answer_start": []}},
            "1 answers, but 0 starts",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_its_line(tmp_path, line, message):
    with pytest.raises(InputError, match=rf"a\.jsonl:2: {message}"):
        read(tmp_path, {**BASE, "answers": []}, line)


SENTENCE = "Wiki1k:a:1\tThe `` boy '' sees it .\n"
ROW = "Wiki1k:a:1\t3 4\t76\t0\t3\tWho sees it?\t{}\t261:{}\t60:2\n"


def qamr(folder: Path, table: str, sentences: str = SENTENCE) -> list[dict]:
    (folder / "a.tsv").write_text(table)
    (folder / "s.tsv").write_text(sentences)
    return [f for _, f in Qamr("a.tsv", "s.tsv").read(folder)]


def test_qamr_numbers_the_tokens_of_its_sentences(tmp_path):
    (found,) = qamr(tmp_path, ROW.format("0 1 2", "0 2"))
    assert found == {
        "id": "Wiki1k:a:1/3-4/76/0",
        "question": "Who sees it?",
        "context": "The `` boy '' sees it .",
        # The second names tokens apart; the third the boy alone.
        "answers": (("The `` boy", 0), ("The `` boy", 0), ("boy", 7)),
    }


@pytest.mark.parametrize("tokens", ["7", "x", "", "-1", "²"])
def test_qamr_refuses_tokens_that_are_not_there(tmp_path, tokens):
    with pytest.raises(InputError, match=r"a\.tsv:2: the answer .* 0 to 6"):
        qamr(tmp_path, ROW.format("0", "0") + ROW.format(tokens, "0"))


def test_qamr_refuses_an_unknown_sentence(tmp_path):
    with pytest.raises(InputError, match=r"no sentence .* Did you mean"):
        qamr(tmp_path, ROW.format("0", "0"), "Wiki1k:a:2\tA b .\n")
