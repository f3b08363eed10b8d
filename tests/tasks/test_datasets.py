"""The rows and mixtures. Counts are of the official files, wc -l and by eye."""

import re
import subprocess
import sys
from collections import Counter

import pytest

import tasks
from tasks import nli
from tasks.languages import LANGUAGES, language
from tasks.row import rows
from xltransfer.errors import InputError

# Counted outside of this project, label by label (entailment, neutral,
# contradiction).
LABEL_COUNTS = {
    ("snli.en", "train"): (3329 + 3368, 3235 + 3219, 3278 + 3237),
    ("conjnli.en", "train"): (5820, 6757, 2423),
    ("conjnli.en", "dev"): (204, 281, 138),
    ("ocnli.zh", "train"): (3309, 3434, 3242),
    ("ocnli.zh", "dev"): (947, 1103, 900),
    ("indonli.id", "train"): (3476, 3415, 3439),
    ("indonli.id", "dev"): (807, 641, 749),
    ("indonli.id", "test"): (808, 629, 764),
    ("farstail.fa", "train"): (2429, 2448, 2389),
    ("farstail.fa", "dev"): (515, 523, 499),
}


@pytest.mark.parametrize(("name", "split"), LABEL_COUNTS)
def test_an_official_file_loads_whole(data_dir, name, split):
    counts = Counter(
        row["label"] for row in rows(tasks.dataset(name), split, data_dir)
    )
    assert tuple(counts[i] for i in range(3)) == LABEL_COUNTS[name, split]


@pytest.mark.parametrize("code", nli.XNLI_LANGUAGES)
def test_xnli_loads_whole_and_balanced(data_dir, code):
    dataset = tasks.dataset(f"xnli.{code}")
    labels = [row["label"] for row in rows(dataset, "dev", data_dir)]
    assert Counter(labels) == {0: 830, 1: 830, 2: 830}
    if dataset.split("test").source.missing(data_dir):
        return  # Five languages' test files are not at hand.
    labels = [row["label"] for row in rows(dataset, "test", data_dir)]
    assert Counter(labels) == {0: 1670, 1: 1670, 2: 1670}


@pytest.mark.parametrize("code", ("sw", "en", "zh", "eu", "ar"))
def test_text_loads_whole_and_its_splits_share_nothing(data_dir, code):
    dataset = tasks.dataset(f"text.{code}")
    train, dev = (
        {row["text"] for row in rows(dataset, split, data_dir)}
        for split in ("train", "dev")
    )
    assert not train & dev
    assert len(train) == dataset.split("train").size


def test_first_rows_are_those_of_the_files(data_dir):
    snli = next(rows(nli.SNLI, "train", data_dir))
    assert snli == {
        "premise": "Two women are embracing while holding to go packages .",
        "hypothesis": "The sisters are hugging goodbye while holding to go "
        "packages after just eating lunch .",
        "label": 1,
    }
    conjnli = next(rows(nli.CONJNLI, "train", data_dir))
    assert conjnli["premise"].startswith("He was born in Illinois")
    test = next(rows(tasks.dataset("xnli.en"), "test", data_dir))
    assert test["hypothesis"] == "I havent spoken to him again."
    assert test["label"] == 2


def test_farstail_keeps_tabs_in_texts_and_quotes_out(data_dir):
    found = list(rows(nli.FARSTAIL, "train", data_dir))
    assert sum("\t" in row["premise"] for row in found) == 12
    assert not any(row["premise"].startswith('"') for row in found[:100])
    # Line 2979: the hypothesis is quoted and begins with a tab.
    assert found[2977]["premise"].endswith("بین الملل.")
    assert found[2977]["hypothesis"].startswith("دلایلی")


def test_rows_are_named_after_what_they_hold():
    for name, row in tasks.datasets().items():
        assert name == row.name
        assert re.fullmatch(r"\w+\.\w+", name)
        assert language(row.language)
        if row.problem == "classification":
            assert len(row.labels) == len(row.text_labels)
        assert {split.name for split in row.splits} <= {"train", "dev", "test"}


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"Did you mean 'xnli\.sw'"):
        tasks.dataset("xnli.swa")
    with pytest.raises(InputError, match="Did you mean 'nli_english'"):
        tasks.mixture("nli_englisch")


def test_there_are_fifty_languages_and_their_families():
    assert len(LANGUAGES) == 50
    assert len({row.iso3 for row in LANGUAGES.values()}) == 50
    # 14 families and the isolates, as in XTREME-R.
    assert len({row.family for row in LANGUAGES.values()}) == 15
    unseen = [c for c, row in LANGUAGES.items() if not row.seen_by_xlmr]
    assert unseen == ["ht", "qu", "wo", "yo"]


def test_tensorflow_is_not_imported_with_tasks():
    modules = (
        "tasks, tasks.vocabularies, tasks.vocabulary_training, "
        "tasks.problems.language_modeling"
    )
    code = f"import sys, {modules}; print('tensorflow' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"
