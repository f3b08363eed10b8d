"""What mT5 reads and is to answer, for each family of pairs.

The formats of XNLI and PAWS-X are mT5's, of QQP and BoolQ T5's, as published;
the others are this project's. All are written out by hand here.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from seqio_rows import singles

import tasks
from tasks import registration
from tasks.row import Split
from tasks.sources import Generated
from tasks.vocabularies import load

EXPECTED = {
    "xnli.sw": ("xnli: premise: A b hypothesis: C", ("0", "1", "2")),
    "ocnli.zh": ("xnli: premise: A b hypothesis: C", ("0", "1", "2")),
    "pawsx.de": (
        "paws sentence1: A b sentence2: C",
        ("different_meaning", "paraphrase"),
    ),
    "qqp.en": (
        "qqp question1: A b question2: C",
        ("not_duplicate", "duplicate"),
    ),
    "kobest_boolq.ko": ("boolq passage: A b question: C", ("False", "True")),
    "danetqa.ru": ("boolq passage: A b question: C", ("False", "True")),
    "muserc.ru": ("answer passage: A b question: C", ("False", "True")),
    "terra.ru": ("entailment: premise: A b hypothesis: C", ("0", "1")),
    "assin.pt": (
        "entailment or paraphrase: premise: A b hypothesis: C",
        ("0", "1", "2"),
    ),
}


def pairs(labels: tuple = ()) -> list[dict[str, str]]:
    return [
        {"premise": "A b", "hypothesis": "C", "label": label}
        for label in labels
    ]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_pair_is_written_as_published(name, mt5_vocabulary):
    row = tasks.dataset(name)
    source = Generated(pairs, (("labels", row.labels),))
    row = replace(row, splits=(Split("train", source),))
    pieces = load(mt5_vocabulary, Path())
    found = singles(registration.task(row, "text", mt5_vocabulary), None)
    text, answers = EXPECTED[name]
    assert len(found) == len(row.labels) == len(answers)
    for one, answer in zip(found, answers, strict=True):
        assert one["inputs"].tolist() == [*pieces.encode(text), 1]
        assert one["targets"].tolist() == [*pieces.encode(answer), 1]


def test_paws_calls_pairs_without_the_same_meaning_zero():
    # Labels of the official files: 1 is a paraphrase.
    row = tasks.dataset("pawsx.en")
    assert dict(zip(row.labels, row.text_labels, strict=True)) == {
        "0": "different_meaning",
        "1": "paraphrase",
    }
