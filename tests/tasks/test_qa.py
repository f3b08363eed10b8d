"""The rows of extractive question answering, and the files at hand.

Counts were taken outside of this project, from the parsed files: questions,
those without an answer, and those whose answers are all blank or nowhere.
"""

import pytest

import tasks
from tasks import qa
from tasks.problems.span import UNANSWERABLE, UNKNOWN
from tasks.row import rows
from xltransfer.errors import InputError

COUNTS = {
    ("squad_excerpt.en", "train"): (3939, 0, 0),
    ("squad_excerpt.en", "dev"): (700, 0, 0),
    ("squad2_normans.en", "dev"): (56, 0, 0),
    ("squadshifts_new_wiki.en", "train"): (7938, 0, 0),
    ("squadshifts_reddit.en", "test"): (9803, 0, 0),
    ("qamr.en", "dev"): (18908, 0, 0),
    ("mlqa.de", "dev"): (512, 0, 0),
    ("mlqa.en", "dev"): (1148, 0, 0),
    ("mlqa.es", "dev"): (500, 0, 0),
    ("mlqa.vi", "dev"): (511, 0, 0),
    ("mlqa.zh", "dev"): (504, 0, 0),
    ("tydiqa.en", "train"): (3696, 0, 0),
    ("tydiqa.ko", "train"): (1625, 0, 0),
    ("tydiqa.sw", "train"): (2755, 0, 0),
    # XTREME's copies have no answers.
    ("tydiqa.en", "test"): (440, 0, 440),
    ("tydiqa.sw", "test"): (499, 0, 499),
    ("arcd.ar", "train"): (693, 0, 3),
    ("arcd.ar", "test"): (702, 0, 3),
    ("cmrc2018.zh", "dev"): (3219, 0, 0),
    ("cmrc2018.zh", "test"): (1002, 0, 0),
    ("drcd.zh", "dev"): (3524, 0, 0),
    ("jsquad.ja", "dev"): (4442, 0, 0),
    ("squad2_es.es", "dev"): (7134, 3256, 0),
    ("squad_it.it", "dev"): (7609, 0, 1),
    **{
        (f"xquad.{code}", "test"): (1190, 0, 0)
        for code in ("ar", "de", "en", "es", "hi", "ro", "ru", "th", "vi")
    },
}


@pytest.mark.parametrize(("name", "split"), COUNTS)
def test_an_official_file_loads_whole(data_dir, name, split):
    found = [
        (row["begin"], row["end"])
        for row in rows(tasks.dataset(name), split, data_dir)
    ]
    counts = len(found), found.count(UNANSWERABLE), found.count(UNKNOWN)
    assert counts == COUNTS[name, split]


def test_an_excerpt_does_not_pass_for_the_official_file(data_dir):
    with pytest.raises(InputError, match=r"3939 examples .* expected 87599"):
        list(rows(qa.SQUAD, "train", data_dir))


def test_the_first_questions_are_those_of_the_files(data_dir):
    found = next(rows(tasks.dataset("xquad.de"), "test", data_dir))
    assert found["answers"] == ["308"]
    assert found["id"] == "56beb4343aeaaa14008c925b"
    context = found["context"].encode()
    assert context[found["begin"] : found["end"]] == b"308"


def test_rows_are_those_of_the_benchmarks():
    names = set(tasks.datasets())
    assert len(qa.XQUAD) == 12 and len(qa.MLQA) == 7 and len(qa.TYDIQA) == 9
    assert {row.metrics for row in qa.XQUAD} == {("squad",)}
    assert tasks.dataset("mlqa.vi").metrics == ("mlqa_vi",)
    # Published sizes: 49,881 questions to train on and 5,077 to be tested on.
    sizes = [
        sum(row.split(split).size for row in qa.TYDIQA)
        for split in ("train", "test")
    ]
    assert sizes == [49881, 5077]
    assert {row.name for row in qa.DATASETS} <= names


def test_what_must_not_be_trained_on_says_so():
    for name in ("squad2_normans.en", "squad_es.es", "squad_it.it"):
        assert "xquad" in tasks.dataset(name).overlap
    for row in qa.DATASETS:
        assert row.citation and row.url and row.licence, row.name
        if row.translation == "machine":
            assert row.overlap, row.name
