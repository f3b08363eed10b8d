"""MultiCheckList's examples, by hand from its table, and its failure rates."""

import random
from collections import Counter

import pytest

import tasks
from tasks import multichecklist
from tasks.row import rows
from tasks.sources import Checklist
from tasks.sources.checklist_table import Entry
from xltransfer.errors import InputError
from xltransfer.metrics.checklist import clean, failure_rates

TABLE = """\
Field\ten\tfr\tfr-placeholders\tfr\tfr-placeholders
Name\tProfession vs nationality\t\t\t\t
Capability\tTaxonomy\t\t\t\t
Context\t{first_name} is {profession}. {first_name} is {nationality}.\t\
{first_name} est {profession}. {first_name} est {nationality}.\t\t\t
Question\tWhat is {first_name}'s job?\tQuel est le métier de {first_name}?\t\t\t
Answer\t{profession}\t{profession}\t\t\t
nationality\tChinese\tchinois\tan author\tchinoise\tan actress, a nurse
profession\tan actress\tactrice\t\t\t
"""


def read(folder, table: str = TABLE, language: str = "fr", cases: int = 2):
    (folder / "table.tsv").write_text(table)
    source = Checklist("table.tsv", language, cases)
    return [fields for _, fields in source.read(folder)]


def test_templates_are_filled_and_agree_with_what_else_is_said(tmp_path):
    english, french = (read(tmp_path, language=one) for one in ("en", "fr"))
    assert [one["id"] for one in french] == [
        "profession_nationality-0-0",
        "profession_nationality-1-0",
    ]
    name = english[0]["context"].split()[0]
    context = f"{name} est actrice. {name} est chinoise."
    assert french[0]["context"] == context
    assert french[0]["question"] == f"Quel est le métier de {name}?"
    assert french[0]["answers"] == (("actrice", context.index("actrice")),)
    assert english[0]["context"] == f"{name} is an actress. {name} is Chinese."


def test_the_translation_that_names_the_most_is_chosen():
    entry = Entry(
        "What age is it?",
        (
            ("color?", frozenset({"color"})),
            ("old (m)?", frozenset({"age", "a wall"})),
            ("old (f)?", frozenset({"age", "a lamp"})),
        ),
    )
    assert entry.choose({"age", "a lamp"}) == "old (f)?"
    assert entry.choose({"color", "a lamp"}) == "color?"
    assert entry.choose({"size"}) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Name\t", "Nom\t", r"table\.tsv:2: a row before the first"),
        ("Question\t", "Qestion\t", r"table\.tsv:6: an answer without"),
        ("actrice\t\t\t", "actrice", r"table\.tsv:8: 3 columns, expected 6"),
        ("\tfr\t", "\tfrr\t", None),
        ("Field", "Feld", r"table\.tsv:1: no column"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(tmp_path, old, new, message):
    table = TABLE.replace(old, new, 1)
    if message is None:
        # The other column of the language is left.
        assert read(tmp_path, table) == []
        return
    with pytest.raises(InputError, match=message):
        read(tmp_path, table)


def test_an_unknown_language_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no column for 'frr'.*'fr'"):
        read(tmp_path, language="frr")


def test_damaged_copies_load_or_are_refused_by_file(tmp_path):
    rng = random.Random(3)
    whole = TABLE.encode()
    for _ in range(200):
        at = rng.randrange(len(whole))
        damage = rng.choice((b"", b"\0", b"\xff", b"\t", b"\n", b"{", b"}"))
        cut = rng.choice((at, at + 1, len(whole)))
        (tmp_path / "table.tsv").write_bytes(whole[:at] + damage + whole[cut:])
        try:
            list(Checklist("table.tsv", "fr", 1).read(tmp_path))
        except InputError as error:
            assert "table.tsv:" in str(error)


@pytest.mark.parametrize("code", ["en", "ru", "th", "zh", "nl", "pl"])
def test_all_six_tests_are_made_in_a_language(data_dir, code):
    dataset = tasks.dataset(f"multichecklist.{code}")
    found = list(rows(dataset, "test", data_dir))
    counts = Counter(one["id"].split("-")[0] for one in found)
    # 200 cases of contexts x questions of the table: 1 x 2, 6 x 2, 1 x 2,
    # 4 x 2, 2 x 2, 2 x 2.
    whole = {
        "comparisons": 400,
        "intensifiers": 2400,
        "properties": 400,
        "profession_nationality": 1600,
        "animal_vehicle": 800,
        "animal_vehicle_v2": 800,
    }
    assert counts.keys() == whole.keys()
    assert all(counts[name] > 0.7 * whole[name] for name in whole)
    assert not any("{" in one["context"] + one["question"] for one in found)
    # Every answer lies in its passage.
    assert all(one["end"] > one["begin"] >= 0 for one in found)


def test_every_language_of_the_table_has_its_row(data_dir):
    assert len(multichecklist.DATASETS) == 49
    for dataset in multichecklist.DATASETS:
        assert next(rows(dataset, "test", data_dir))["id"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    # By hand after `clean` of generate_test_utils.py.
    [
        ("en", "an intern.", "intern"),
        ("en", "Ann", "Ann"),
        ("de", "einen Hund", "Hund"),
        ("tl", "Si Gary", "Gary"),
        ("ru", "стажер, ", "стажер"),
        ("pl", "„kelner”", "kelner"),
        ("pa", "ਲਾਲ।", "ਲਾਲ"),
    ],
)
def test_answers_are_compared_without_articles(language, text, expected):
    assert clean(text, language) == expected


def test_a_case_fails_if_one_of_its_examples_does():
    targets = {
        "animals-0-0": ["a cat"],
        "animals-0-1": ["a car"],
        "animals-1-0": ["a dog"],
        "animals-1-1": ["a van"],
        "names-0-0": ["Ann"],
    }
    predictions = {
        "animals-0-0": "cat.",
        "animals-0-1": "the car",
        "animals-1-0": "dog",
        "animals-1-1": "dog",
    }
    # One of two cases, and the one that nothing was predicted for.
    assert failure_rates(targets, predictions, "en") == {
        "failed_animals": 50.0,
        "failed_names": 100.0,
    }
