"""SQuAD's JSON and its relatives: variants, places in messages, damage."""

import copy
import gzip
import json
import random
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.row import Dataset, Split, rows
from tasks.sources import Alternatives, SquadJson
from xltransfer.errors import InputError


def question(number: int, *answers: tuple[str, int], **more) -> dict:
    return {
        "id": f"q{number}",
        "question": f"What is {number}?",
        "answers": [{"text": t, "answer_start": s} for t, s in answers],
        **more,
    }


SQUAD = {
    "version": "1.1",
    "data": [
        {
            "title": "Ä",
            "paragraphs": [
                {
                    "context": "The red house.",
                    "qas": [
                        question(1, ("red", 4), ("red house", 4)),
                        question(2, ("house", 8)),
                    ],
                },
                {"context": "Б в г.", "qas": [question(3, ("в", 2))]},
            ],
        },
        {
            "title": "B",
            "paragraphs": [
                {
                    "context": "我 回来 了",
                    "qas": [
                        question(4, is_impossible=True),
                        question(5, ("我", 0), is_impossible=False),
                    ],
                }
            ],
        },
    ],
}
EXPECTED = [
    ("q1", "What is 1?", "The red house.", (("red", 4), ("red house", 4))),
    ("q2", "What is 2?", "The red house.", (("house", 8),)),
    ("q3", "What is 3?", "Б в г.", (("в", 2),)),
    ("q4", "What is 4?", "我 回来 了", ()),
    ("q5", "What is 5?", "我 回来 了", (("我", 0),)),
]


def written(folder: Path, found: Any, name: str = "a.json") -> SquadJson:
    folder.joinpath(name).write_bytes(json.dumps(found).encode())
    return SquadJson(name)


def read(source, folder: Path) -> list[tuple]:
    return [tuple(f.values()) for _, f in source.read(folder)]


def test_squad_is_read_whole(tmp_path):
    assert read(written(tmp_path, SQUAD), tmp_path) == EXPECTED


def test_a_place_is_named_by_article_paragraph_and_question(tmp_path):
    places = [where for where, _ in written(tmp_path, SQUAD).read(tmp_path)]
    assert (
        places[2]
        == f"{tmp_path}/a.json:1: article 1, paragraph 2, question 'q3'"
    )


def test_articles_may_stand_at_the_top(tmp_path):
    assert read(written(tmp_path, SQUAD["data"]), tmp_path) == EXPECTED


def test_packed_files_are_read_as_they_are(tmp_path):
    content = json.dumps(SQUAD).encode()
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(content))
    assert read(SquadJson("a.json.gz"), tmp_path) == EXPECTED
    halves = [{"data": [article]} for article in SQUAD["data"]]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("2.json", json.dumps(halves[1]))
        archive.writestr("1.json", json.dumps(halves[0]))
        archive.writestr("README", "not JSON")
    assert read(SquadJson("a.zip"), tmp_path) == EXPECTED


def test_korquad_2_has_paragraphs_for_articles_and_one_answer(tmp_path):
    answer = {"text": "b", "answer_start": 2, "html_answer_start": 9}
    asked = {"id": 7, "question": "?", "answer": answer}
    found = {"data": [{"title": "t", "context": "a b", "qas": [asked]}]}
    source = written(tmp_path, found)
    assert read(source, tmp_path) == [("7", "?", "a b", (("b", 2),))]


def test_klue_names_questions_by_guid(tmp_path):
    asked = question(1, ("b", 2), guid="klue-1")
    del asked["id"]
    paragraph = {"context": "a b", "qas": [asked]}
    source = written(tmp_path, {"data": [{"paragraphs": [paragraph]}]})
    assert read(source, tmp_path)[0][0] == "klue-1"


def test_a_language_is_chosen_by_its_ids(tmp_path):
    found = copy.deepcopy(SQUAD)
    for number, article in enumerate(found["data"]):
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                asked["id"] = f"{('english', 'korean')[number]}-{asked['id']}"
    written(tmp_path, found)
    source = SquadJson("a.json", id_prefix="korean-")
    assert [row[0] for row in read(source, tmp_path)] == [
        "korean-q4",
        "korean-q5",
    ]


def test_the_first_place_with_the_file_is_read(tmp_path):
    alternatives = Alternatives((SquadJson("a.json"), SquadJson("b.json")))
    assert alternatives.missing(tmp_path) == (tmp_path / "a.json",)
    written(tmp_path, SQUAD, "b.json")
    assert not alternatives.missing(tmp_path)
    assert read(alternatives, tmp_path) == EXPECTED
    in_b = alternatives.digest(tmp_path)
    written(tmp_path, SQUAD["data"][:1], "a.json")
    assert read(alternatives, tmp_path) == EXPECTED[:3]
    assert alternatives.digest(tmp_path) != in_b


def test_an_id_that_comes_twice_is_refused_with_both_places(tmp_path):
    found = copy.deepcopy(SQUAD)
    found["data"][1]["paragraphs"][0]["qas"][1]["id"] = "q1"
    source = written(tmp_path, found)
    with pytest.raises(
        InputError, match=r"article 2, .*'q1': the same id as .*article 1, "
    ):
        read(source, tmp_path)
    assert len(read(SquadJson("a.json", unique=False), tmp_path)) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda q: q.pop("question"), r"question 'q2': no key 'question'"),
        (lambda q: q.update(id=True), r"question 2: 'id' is True"),
        (lambda q: q.update(id=""), r"question 2: 'id' is empty"),
        (lambda q: q.update(answers={}), r"'answers' is \{\}, not a list"),
        (
            lambda q: q["answers"][0].update(answer_start=1.0),
            r"'q2': 'answer_start' is 1\.0, not a whole number",
        ),
        (lambda q: q["answers"][0].pop("text"), r"'q2': no key 'text'"),
        (lambda q: q.update(question="\ud800"), "half a character"),
        (
            lambda q: q.update(answers=[], is_impossible=False),
            "no answers, but 'is_impossible' is false",
        ),
        (lambda q: q.update(is_impossible="no"), "not true or false"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(tmp_path, change, message):
    found = copy.deepcopy(SQUAD)
    change(found["data"][0]["paragraphs"][0]["qas"][1])
    source = written(tmp_path, found)
    with pytest.raises(
        InputError, match=rf"a\.json:1: article 1, paragraph 1, .*{message}"
    ):
        read(source, tmp_path)


def places(found: Any, path: tuple = ()) -> Iterator[tuple]:
    """Yields the path of every value of parsed JSON but the whole."""
    pairs = found.items() if isinstance(found, dict) else enumerate(found)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def changed(path: tuple, change) -> bytes:
    found = copy.deepcopy(SQUAD)
    parent: Any = found
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return json.dumps(found).encode()


WRONG = (None, True, 3, -1.5, "x", "\ud800", [], [[]], {}, {"a": 1})


def damaged() -> Iterator[bytes]:
    """Yields damaged copies, the same ones each time."""
    rng = random.Random(0)
    whole = json.dumps(SQUAD, ensure_ascii=False).encode()
    for cut in rng.sample(range(len(whole)), 60):
        yield whole[:cut]
        yield whole[:cut] + whole[cut + 1 :]
        yield whole[:cut] + b"\0" + whole[cut:]
        yield whole[:cut] + rng.choice((b"\xff", b"\xc3(")) + whole[cut:]
    yield b"\xef\xbb\xbf" + whole
    yield b"\xff\xfe" + json.dumps(SQUAD).encode("utf-16-le")
    yield b"[" * 100_000
    yield json.dumps([SQUAD] * 2).encode()
    for path in places(SQUAD):
        yield changed(path, lambda parent, key: parent.pop(key))
        value = rng.choice(WRONG)
        yield changed(path, lambda p, k, v=value: p.__setitem__(k, v))
    for huge in ("long " * 500_000, 10**5000, ["x"] * 50_000):
        path = ("data", 0, "paragraphs", 0, "qas", 0)
        for key in ("question", "id", "answers", "is_impossible"):
            written = json.dumps("HUGE")
            value = (
                json.dumps(huge) if not isinstance(huge, int) else "9" * 5000
            )
            yield changed(
                (*path, key), lambda p, k: p.__setitem__(k, "HUGE")
            ).replace(written.encode(), value.encode())


def is_row(example: dict) -> bool:
    texts = (example["id"], example["question"], example["context"])
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(text, str) for text in example["answers"])
        and len(example["context"].encode()) >= example["end"]
    )


def test_damaged_copies_load_or_are_refused_by_their_place(tmp_path):
    copies = list(damaged())
    assert len(copies) >= 200
    dataset = Dataset(
        "toy.en", "span", "en", (Split("train", SquadJson("a.json")),)
    )
    path = tmp_path / "a.json"
    refused = 0
    for content in copies:
        path.write_bytes(content)
        found = []
        try:
            for example in rows(dataset, "train", tmp_path):
                found.append(example)
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
            # What is shown of a huge value is cut short.
            assert len(str(error)) < 1000
        assert all(is_row(example) for example in found)
    # A letter less in a text, a title less, a BOM: no damage to be seen.
    assert len(copies) / 2 < refused < len(copies)


def test_damaged_archives_are_refused(tmp_path):
    whole = gzip.compress(json.dumps(SQUAD).encode())
    for content in (whole[:40], whole[:-4], b"no gzip", b""):
        (tmp_path / "a.json.gz").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.json\.gz"):
            read(SquadJson("a.json.gz"), tmp_path)
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"a\.zip: a damaged archive"):
        read(SquadJson("a.zip"), tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("README", "nothing")
    with pytest.raises(InputError, match=r"a\.zip: no JSON file"):
        read(SquadJson("a.zip"), tmp_path)


def test_a_missing_file_is_named(tmp_path):
    missing = re.escape(str(tmp_path / "a.json"))
    with pytest.raises(InputError, match=missing):
        read(SquadJson("a.json"), tmp_path)
