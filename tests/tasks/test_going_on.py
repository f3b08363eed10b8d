"""The check goes on after damage: 200 damaged copies of each nested format.

One to three units of each copy are damaged. Every other unit must load, and
every damaged one be reported, at its place.
"""

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks import checking
from tasks.row import Dataset, Split
from tasks.sources import SquadJson, Treebanks, XmlPairs

COPIES = 200
UNITS = 12
CONTEXT = "Anna sees a red house in the garden."


def squad() -> dict:
    """Two articles of two paragraphs of three questions.

    Each part begins with its mark, which no damage touches.
    """
    numbers, marks = iter(range(UNITS)), iter(range(4))

    def question() -> dict:
        answer = {"text": "red", "answer_start": CONTEXT.index("red")}
        number = next(numbers)
        return {
            "mark": f"question {number}",
            "id": f"q{number}",
            "question": f"Colour {number}?",
            "answers": [answer],
        }

    def paragraph() -> dict:
        number = next(marks)
        qas = [question() for _ in range(3)]
        return {
            "mark": f"paragraph {number}",
            "context": CONTEXT,
            "qas": qas,
        }

    articles = [
        {
            "mark": f"article {number}",
            "paragraphs": [paragraph() for _ in range(2)],
        }
        for number in range(2)
    ]
    return {"version": "1.1", "data": articles}


def line_of(content: str, mark: str) -> int:
    """Returns the line, from 1, before the mark's: its part opens there."""
    return next(
        before
        for before, line in enumerate(content.splitlines())
        if f'"{mark}"' in line
    )


def damaged_squad(rng: random.Random) -> tuple[str, set[int], list[str]]:
    """Returns a copy, the questions that are lost, and where damage lies."""
    found, lost, places = copy.deepcopy(squad()), set(), {}
    units = rng.sample(range(UNITS), rng.randint(1, 3))
    for unit in units:
        article, rest = divmod(unit, 6)
        part, number = divmod(rest, 3)
        question = found["data"][article]["paragraphs"][part]["qas"][number]
        key = rng.choice(("id", "question", "answers"))
        rng.choice(
            (
                lambda one, key: one.pop(key),
                lambda one, key: one.__setitem__(key, None),
                lambda one, key: one.__setitem__(key, {"a": 1}),
            )
        )(question, key)
        lost.add(unit)
        name = f"{number + 1}" if key == "id" else f"'q{unit}'"
        places[unit] = (
            f"article {article + 1}, paragraph {part + 1}, question {name}"
        )
    content = json.dumps(found, indent=1)
    lines = {unit: line_of(content, f"question {unit}") for unit in lost}
    return content, lost, [f":{lines[u]}: {p}" for u, p in places.items()]


def damaged_paragraphs(rng: random.Random) -> tuple[str, set[int], list[str]]:
    """The same with paragraphs, or an article, in the place of questions."""
    found = copy.deepcopy(squad())
    if rng.random() < 0.3:
        article = rng.randrange(2)
        found["data"][article].pop("paragraphs")
        lost = set(range(6 * article, 6 * article + 6))
        content = json.dumps(found, indent=1)
        line = line_of(content, f"article {article}")
        return content, lost, [f":{line}: article {article + 1}: "]
    article, part = rng.randrange(2), rng.randrange(2)
    paragraph = found["data"][article]["paragraphs"][part]
    key = rng.choice(("context", "qas"))
    paragraph[key] = rng.choice((None, 3, {"a": 1}))
    first = 6 * article + 3 * part
    content = json.dumps(found, indent=1)
    line = line_of(content, f"paragraph {2 * article + part}")
    place = f":{line}: article {article + 1}, paragraph {part + 1}: "
    return content, set(range(first, first + 3)), [place]


SENTENCE = (
    "# sent_id = {number}",
    "1\tA{number}\t_\tDET\t_\t_\t2\tdet\t_\t_",
    "2\thouse\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_",
    "3\tfalls\t_\tVERB\t_\t_\t0\troot\t_\t_",
    "",
)


def damaged_conllu(rng: random.Random) -> tuple[str, set[int], list[str]]:
    lines = [
        line.format(number=number)
        for number in range(UNITS)
        for line in SENTENCE
    ]
    lost = set(rng.sample(range(UNITS), rng.randint(1, 3)))
    places = []
    for unit in lost:
        at = len(SENTENCE) * unit + rng.randint(1, 3)
        lines[at] = rng.choice(
            (
                lines[at].rpartition("\t")[0],
                "7" + lines[at][1:],
                lines[at].replace("\t", " ", 1),
                re.sub(r"\t(\d)\t(\w+)\t_\t_$", r"\t9\t\2\t_\t_", lines[at]),
            )
        )
        places.append(f":{at + 1}: ")
    return "\n".join(lines) + "\n", lost, places


PAIR = (
    ' <pair label="yes">',
    "  <t>Premise {number}</t>",
    "  <h>Hypothesis {number}</h>",
    " </pair>",
)


def damaged_xml(rng: random.Random) -> tuple[str, set[int], list[str]]:
    lines = [line.format(number=n) for n in range(UNITS) for line in PAIR]
    lost = set(rng.sample(range(UNITS), rng.randint(1, 3)))
    for unit in lost:
        at = len(PAIR) * unit + rng.randint(0, 2)
        lines[at] = {
            0: rng.choice((" <pair>", ' <pair label="perhaps">')),
            1: rng.choice(("", "  <x>y</x>")),
            2: rng.choice(("", "  <h/>")),
        }[at % len(PAIR)]
    places = [f":{2 + len(PAIR) * unit}: " for unit in lost]
    return "\n".join(["<corpus>", *lines, "</corpus>"]), lost, places


Damaged = Callable[[random.Random], tuple[str, set[int], list[str]]]
XML_KEYS = (("premise", "t"), ("hypothesis", "h"), ("label", "@label"))
FORMATS: dict[str, tuple[str, Dataset, Damaged]] = {}
for name, damage in (
    ("questions", damaged_squad),
    ("paragraphs", damaged_paragraphs),
):
    split = Split("train", SquadJson("a.json"), UNITS)
    row = Dataset("toy.en", "span", "en", (split,))
    FORMATS[name] = ("a.json", row, damage)
split = Split("train", Treebanks("ud", "en", "train"), UNITS)
FORMATS["sentences"] = (
    "ud/UD_A/en_a-ud-train.conllu",
    Dataset("toy.en", "tagging", "en", (split,), ("DET", "NOUN", "VERB")),
    damaged_conllu,
)
split = Split("train", XmlPairs("a.xml", XML_KEYS), UNITS)
FORMATS["elements"] = (
    "a.xml",
    Dataset("toy.en", "classification", "en", (split,), ("yes", "no")),
    damaged_xml,
)


@pytest.mark.parametrize("kind", FORMATS)
def test_all_intact_units_load_and_all_damaged_ones_are_reported(
    tmp_path, kind
):
    name, row, damage = FORMATS[kind]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(COPIES):
        content, lost, places = damage(random.Random(seed))
        path.write_text(content)
        (report,) = checking.check(row, tmp_path)
        assert report.size == UNITS - len(lost), (seed, report)
        damages = [one.message for one in report.findings if one.is_damage]
        assert len(damages) == len(places), (seed, damages)
        assert all(one.startswith(str(path)) for one in damages)
        for place in places:
            assert any(place in one for one in damages), (place, damages)


def test_what_stands_before_broken_xml_is_read(tmp_path):
    whole = "\n".join(
        [
            "<corpus>",
            *(line.format(number=n) for n in range(3) for line in PAIR),
        ]
    )
    Path(tmp_path / "a.xml").write_text(whole + "\n <pair label='yes'>\n<t>")
    (report,) = checking.check(FORMATS["elements"][1], tmp_path)
    assert report.size == 3
    (found,) = [one.message for one in report.findings if one.is_damage]
    assert re.search(r"a\.xml:15: no valid XML", found)
