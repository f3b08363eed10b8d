"""Damaged files: each is refused, by file and line, before any score."""

import json

import pytest
from small_submission import ANSWERS, LABELS, PREDICTIONS, QUESTIONS, lay_out

from xltransfer.errors import InputError
from xltransfer.scoring import score_folder


def squad(**changed: object) -> str:
    question = {"id": "q1", "answers": [{"text": "Rom"}], **changed}
    return json.dumps({"data": [{"paragraphs": [{"qas": [question]}]}]})


# File, its content (None: it is a folder), and what the message must say.
BAD_PREDICTIONS = {
    "unknown label": ("xnli/test-sw.tsv", "neutral\nnetural\n", ":2: unk"),
    "near label": ("xnli/test-sw.tsv", "Neutral\n", "you mean 'neutral'"),
    "two columns": ("xnli/test-sw.tsv", "neutral\tx\n", ":1: unknown"),
    "too few lines": ("xnli/test-sw.tsv", "neutral\n", ":2: 1 lines, but"),
    "too many lines": ("xnli/test-sw.tsv", "neutral\n" * 4, ":4: 4 lines"),
    "last line empty": (
        "xnli/test-sw.tsv",
        "neutral\n" * 3 + "\n",
        ":4: an empty line",
    ),
    "line empty": ("xnli/test-sw.tsv", "neutral\n \nneutral\n", ":2: an em"),
    "file empty": ("xnli/test-sw.tsv", "", ": the file is empty"),
    "white space": ("xnli/test-sw.tsv", " \n\n", ": the file is empty"),
    "no utf-8": ("xnli/test-sw.tsv", b"neutral\n\xff\n", ":2: invalid UTF-8"),
    "utf-16": (
        "xnli/test-sw.tsv",
        "neutral\n".encode("utf-16"),
        ":1: invalid UTF-8",
    ),
    "cut character": ("xnli/test-sw.tsv", b"neutral\n\xe4\xb8", ":2: inv"),
    "nul": ("xnli/test-sw.tsv", "neutral\n\0", ":2: holds a NUL"),
    "byte order mark": ("xnli/test-sw.tsv", "\ufeffneutral\n", ":1: starts"),
    "numbers for labels": ("xnli/test-sw.tsv", "0\n1\n2\n", ":1: unknown"),
    "labels for numbers": ("pawsx/test-de.tsv", "0\nyes\n", ":2: unknown"),
    "class 2": ("pawsx/test-de.tsv", "0\n2\n", ":2: unknown label '2'"),
    "a decimal": ("pawsx/test-de.tsv", "0.0\n1.0\n", ":1: unknown"),
    "choice no json": ("xcopa/test-et.jsonl", "0\n1\n", ":1: expected a JSON"),
    "choice broken": (
        "xcopa/test-et.jsonl",
        '{"label": 0}\n{"label": 1\n',
        ":2: no valid JSON",
    ),
    "choice without label": (
        "xcopa/test-et.jsonl",
        '{"label": 0}\n{"lable": 1}\n',
        ":2: 'label' is None",
    ),
    "choice a text": (
        "xcopa/test-et.jsonl",
        '{"label": "0"}\n{"label": 1}\n',
        ":1: 'label' is '0'",
    ),
    "choice true": (
        "xcopa/test-et.jsonl",
        '{"label": 1}\n{"label": true}\n',
        ":2: 'label' is True",
    ),
    "choice 3": (
        "xcopa/test-et.jsonl",
        '{"label": 1}\n{"label": 3}\n',
        ":2: unknown label '3'",
    ),
    "choice twice": (
        "xcopa/test-et.jsonl",
        '{"label": 1}\n{"label": 1, "label": 0}\n',
        ":2: 'label' stands twice",
    ),
    "choice lines": ("xcopa/test-et.jsonl", '{"label": 0}\n', ":2: 1 lines"),
    "unknown tag": ("udpos/test-en.tsv", "NOUN\nNON\n\nSYM\n", ":2: unknown"),
    "BIO for POS": ("udpos/test-en.tsv", "B-NOUN\nVERB\n\nSYM\n", ":1: unk"),
    "POS for BIO": ("panx/test-yo.tsv", "B-PER\nNOUN\n\n", ":2: unknown"),
    "tag with its word": (
        "panx/test-yo.tsv",
        "Ada\tB-PER\n",
        ":1: unknown label 'Ada",
    ),
    "tag missing": (
        "panx/test-yo.tsv",
        "B-PER\nO\n\nB-LOC\n\n",
        ":4: sentence 2 has 1 tags, but its labels are 2",
    ),
    "tag too many": ("panx/test-yo.tsv", "O\nO\nO\n\nO\nO\n", ":1: sentence 1"),
    "sentences joined": ("panx/test-yo.tsv", "O\nO\nO\nO\n", ":1: sentence 1"),
    "sentence missing": (
        "panx/test-yo.tsv",
        "O\nO\n\n",
        ":4: 1 sentences, but there are labels for 2",
    ),
    "sentence too many": (
        "panx/test-yo.tsv",
        "O\nO\n\nO\nO\n\nO\n",
        ":7: 3 sentences",
    ),
    "empty sentence": (
        "panx/test-yo.tsv",
        "O\nO\n\n\nO\nO\n",
        ":4: sentence 2 has 0 tags",
    ),
    "bad json": ("xquad/test-el.json", '{\n "q1": "a"\n "q2"', ":3: no valid"),
    "cut json": ("xquad/test-el.json", ANSWERS[:-9], ":3: no valid JSON"),
    "json of depth": ("xquad/test-el.json", "[" * 99999, ":1: no valid JSON"),
    "two objects": ("xquad/test-el.json", "{}\n{}", ":2: no valid JSON"),
    "a list": ("xquad/test-el.json", '["a"]', ":1: expected a JSON object"),
    "id twice": (
        "xquad/test-el.json",
        '{\n "q1": "a",\n "q1": "b"\n}',
        ":3: 'q1' stands twice",
    ),
    "id twice, escaped": (
        "mlqa/test-zh.json",
        '{"q1": "",\n "\\u4e2d": "a",\n\n "中": "b"}',
        ":4: '中' stands twice",
    ),
    "answer a number": (
        "tydiqa/test-ko.json",
        '{\n "q1": "a",\n "q2": 1\n}',
        ":3: the answer to 'q2' is 1",
    ),
    "answer null": ("tydiqa/test-ko.json", '{"q1": null}', ":1: the answer"),
    "answer nan": ("tydiqa/test-ko.json", '{"q1": NaN}', ":1: the answer"),
    "answers in a list": ("xquad/test-el.json", '{"q1": ["a"]}', ":1: the ans"),
    "gold in place of answers": (
        "xquad/test-el.json",
        LABELS["tydiqa/test-ko.json"],
        ":1: the answer to 'data'",
    ),
    "other questions": (
        "xquad/test-el.json",
        '{"x": "a"}',
        "none of the 2 questions, of which the first is 'q1'",
    ),
    "no questions": ("xquad/test-el.json", "{}", "none of the 2 questions"),
    "sentence for a number": ("tatoeba/test-jv.tsv", "1\nhello\n", ":2: 'hel"),
    "negative": ("tatoeba/test-jv.tsv", "-1\n0\n", ":1: '-1' is no sentence"),
    "leading zero": ("tatoeba/test-jv.tsv", "01\n0\n", ":1: '01' is no"),
    "a large number": ("tatoeba/test-jv.tsv", "1" * 5000, ":1: '111"),
    "one id": ("bucc2018/test-fr.tsv", "fr-1\ten-1\nfr-2\n", ":2: 'fr-2' is"),
    "three columns": ("bucc2018/test-fr.tsv", "1.2\tfr-1\ten-1\n", ":1: '1.2"),
    "spaces for tabs": ("bucc2018/test-fr.tsv", "fr-1 en-1\n", ":1: 'fr-1"),
    "pairs empty line": ("bucc2018/test-fr.tsv", "a\tb\n\nc\td\n", ":2: ''"),
    "ranking a text": (
        "mewslix/test-fa.json",
        '{"m1": ["Q1"],\n "m2": "Q2"}',
        ":2: the candidates of 'm2'",
    ),
    "ranking of numbers": (
        "lareqa/test-th.json",
        '{"m1": [1, 2]}',
        ":1: the candidates of 'm1'",
    ),
    "ranking with scores": (
        "lareqa/test-th.json",
        '{"m1": [["Q1", 0.5]]}',
        ":1: the candidates of 'm1'",
    ),
    "no language": ("xnli/test-xx.tsv", "neutral\n", "'xx' is no language"),
    "language not in task": ("xnli/test-ja.tsv", "neutral\n", "'ja' is no lan"),
    "name of language": ("tydiqa/test-korean.json", "{}", "'korean' is no"),
    "other suffix": ("xnli/test-sw.txt", "neutral\n", "ends in .tsv"),
    "json for jsonl": ("xcopa/test-et.json", "{}", "ends in .jsonl"),
    "a folder for a file": ("xnli/test-sw.tsv", None, "s a directory"),
    "other name": ("xnli/sw.tsv", "neutral\n", "no test-<language>.tsv"),
    "task is a file": ("xnli", "neutral\n", "there is no such folder"),
    "unknown task": ("xnil/test-sw.tsv", "", "Did you mean 'xnli'"),
}


@pytest.mark.parametrize("kind", BAD_PREDICTIONS)
def test_a_bad_submission_is_refused_by_file_and_line(kind, tmp_path):
    name, content, message = BAD_PREDICTIONS[kind]
    labels = lay_out(tmp_path / "labels", LABELS)
    folder = tmp_path / "predictions"
    path = folder / name
    path.parent.mkdir(parents=True)
    if content is None:
        path.mkdir()
    else:
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
    with pytest.raises(InputError) as error:
        score_folder(folder, labels)
    said = str(error.value)
    # The file and the line, the file as a whole, or the folder, where it is
    # the name that is wrong.
    where = path if message[0] == ":" else ""
    assert f"{where}{message}" in said
    assert str(path if path.parent == folder else path.parent) in said
    assert len(said) < len(str(path)) + 300


def test_fifty_kinds_are_refused_by_line():
    found = [one for *_, one in BAD_PREDICTIONS.values() if one[1:2].isdigit()]
    assert len(found) >= 50


BAD_LABELS = {
    "unknown label": ("xnli/test-sw.tsv", "neutral\n-\n", ":2: unknown"),
    "empty": ("xnli/test-sw.tsv", "", "the file is empty"),
    "no pairs": ("bucc2018/test-fr.tsv", "", "the file has no labels"),
    "no json": ("xquad/test-el.json", "data", ":1: no valid JSON"),
    "no list": ("xquad/test-el.json", '{"data": {}}', "a list under 'data'"),
    "predictions": ("xquad/test-el.json", ANSWERS, "a list under 'data'"),
    "no paragraphs": (
        "xquad/test-el.json",
        "[{}]",
        "data[0]: expected a list under 'paragraphs'",
    ),
    "no questions": ("xquad/test-el.json", "[]", "there are no questions"),
    "no id": (
        "xquad/test-el.json",
        squad(id=7),
        "data[0].paragraphs[0].qas[0]: expected a text under 'id'",
    ),
    "no answers": ("xquad/test-el.json", squad(answers=[]), "has no answer"),
    "answer a text": (
        "xquad/test-el.json",
        squad(answers=["Rom"]),
        "qas[0].answers[0]: expected a text under 'text'",
    ),
    "answers taken out": (
        "xquad/test-el.json",
        squad(answers=[{"text": ""}]),
        "the labels have been taken out",
    ),
    "id twice": (
        "xquad/test-el.json",
        json.dumps(QUESTIONS * 2),
        "data[1].paragraphs[0].qas[0].id: 'q1' stands twice",
    ),
    "two entities": (
        "mewslix/test-fa.json",
        '{"m1": ["Q1", "Q2"]}',
        "'m1' has 2 right candidates; expected one",
    ),
    "no candidate": (
        "lareqa/test-th.json",
        '{"m1": []}',
        "'m1' has 0 right candidates; expected one or more",
    ),
}


@pytest.mark.parametrize("kind", BAD_LABELS)
def test_bad_labels_are_refused_by_file_and_place(kind, tmp_path):
    name, content, message = BAD_LABELS[kind]
    labels = lay_out(tmp_path / "labels", LABELS | {name: content})
    given = {name: PREDICTIONS[name]}
    with pytest.raises(InputError) as error:
        score_folder(lay_out(tmp_path / "predictions", given), labels)
    assert message in str(error.value)
    assert f"labels/{name}" in str(error.value)


def test_one_bad_file_stops_the_scoring_of_all(tmp_path):
    bad = {"tatoeba/test-jv.tsv": "x\n"}
    with pytest.raises(InputError, match=r"tatoeba/test-jv\.tsv:1"):
        score_folder(
            lay_out(tmp_path / "predictions", PREDICTIONS | bad),
            lay_out(tmp_path / "labels", LABELS),
        )
