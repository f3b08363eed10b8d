"""Every row of pairs and choices that has its files here loads them whole.

Sizes are those of the benchmark's specification and of the publications; the
label counts were made outside of this project, with `grep`, `cut` and `uniq`.
"""

from collections import Counter

import pytest

import tasks
from tasks import commonsense, nli, paraphrase
from tasks.row import Dataset, rows

ROWS = (*nli.DATASETS, *paraphrase.DATASETS, *commonsense.DATASETS)
SPLITS = [(row, split.name) for row in ROWS for split in row.splits]

# How often each class, or choice from the first on, is right.
LABELS = {
    ("sick.en", "train"): (1299, 2536, 665),
    ("sick.en", "dev"): (144, 282, 74),
    ("sick.en", "test"): (1414, 2793, 720),
    ("cad_nli.en", "train"): (2770, 2778, 2782),
    ("cad_nli.en", "dev"): (326, 325, 349),
    ("cad_nli.en", "test"): (654, 677, 669),
    ("breaking_nli.en", "test"): (982, 47, 7164),
    ("med.en", "test"): (2705, 2677),
    ("esxnli.es", "test"): (830, 830, 830),
    ("esxnli.en", "test"): (830, 830, 830),
    ("americasnli.oto", "dev"): (78, 69, 75),
    ("americasnli.quy", "dev"): (248, 247, 248),
    ("kornli_xnli.ko", "dev"): (830, 830, 830),
    ("kornli_xnli.ko", "test"): (1670, 1670, 1670),
    ("klue_nli.ko", "dev"): (1000, 1000, 1000),
    ("jnli.ja", "dev"): (349, 1350, 735),
    ("jsick.ja", "train"): (1091, 3086, 823),
    ("assin2.pt", "train"): (3250, 3250),
    ("pawsx.en", "dev"): (1137, 863),
    ("pawsx.de", "dev"): (1169, 831),
    ("pawsx.ko", "dev"): (1160, 840),
    ("copa.en", "train"): (195, 205),
    ("copa.en", "dev"): (55, 45),
    ("xcopa.qu", "test"): (250, 250),
    ("hellaswag_part.en", "train"): (2248, 2257, 2318, 2219),
    ("hellaswag_part.en", "dev"): (267, 228, 266, 239),
    ("cosmosqa.en", "dev"): (744, 729, 761, 751),
    # Answers are numbered from one there, and once in Persian.
    ("parsinlu_mc.fa", "train"): (334, 306, 349, 282),
    ("parsinlu_mc.fa", "dev"): (36, 43, 35, 25),
    ("jcommonsenseqa.ja", "train"): (1840, 1851, 1724, 1805, 1719),
    ("jcommonsenseqa.ja", "dev"): (216, 237, 240, 228, 198),
}


def examples(row: Dataset, split: str, data_dir) -> list[dict]:
    missing = row.split(split).source.missing(data_dir)
    if missing:
        pytest.skip(f"{missing[0].name} is not in the data directory")
    return list(rows(row, split, data_dir))


def test_most_splits_state_their_size():
    # Where no publication states it: translations, and splits by language.
    unknown = {
        row.name.split(".")[0]
        for row, split in SPLITS
        if row.split(split).size is None
    }
    assert unknown == {
        "c3_dialogues",
        "exams",
        "jsick",
        "kobest_copa",
        "multinli_tr",
        "parsinlu_entailment",
        "pawsx_translated",
        "snli_tr",
        "xnli_translated",
    }


def test_every_row_here_loads_whole(data_dir):
    loaded = Counter()
    for row, split in SPLITS:
        if not row.split(split).source.missing(data_dir):
            loaded[split] += len(list(rows(row, split, data_dir))) > 0
    # Counted by hand from the smallest list of files that these tests know.
    assert loaded >= Counter(train=14, dev=60, test=26)


@pytest.mark.parametrize(("name", "split"), LABELS)
def test_labels_are_counted_as_outside_of_the_project(data_dir, name, split):
    found = examples(tasks.dataset(name), split, data_dir)
    counts = Counter(one["label"] for one in found)
    expected = LABELS[name, split]
    assert tuple(counts[i] for i in range(len(expected))) == expected
    assert sum(expected) == len(found)


def test_codah_is_parted_without_loss(data_dir):
    row = commonsense.CODAH
    found = examples(row, "train", data_dir) + examples(row, "dev", data_dir)
    counts = Counter(one["label"] for one in found)
    assert counts == {0: 689, 1: 684, 2: 697, 3: 706}
    train = {one["prompt"] for one in examples(row, "train", data_dir)}
    assert (
        "I am feeling nervous about my midterm tomorrow. I fear that" in train
    )


def test_c3_asks_about_its_dialogues(data_dir):
    found = examples(tasks.dataset("c3_dialogues.zh"), "dev", data_dir)
    assert found[0] == {
        "prompt": "男：听说你们公司要派你去南方工作? "
        "女：是呀，虽说那边环境好，待遇也不错，可我还是觉得在家里最好。 "
        "他们在谈论什么?",
        "choices": ["旅行", "坏境", "工作", "家庭"],
        "label": 2,
    }
    assert Counter(len(one["choices"]) for one in found) == {4: 1512, 3: 313}


def test_hellaswag_puts_the_context_s_end_before_every_choice(data_dir):
    first = examples(commonsense.HELLASWAG_PART, "dev", data_dir)[0]
    assert first["prompt"] == (
        "Pole vault is a sport where you run with a pole and stop and swing "
        "your body."
    )
    assert first["choices"][0] == "a few women go down a rock and stop."
    assert first["label"] == 3


def test_cosmos_qa_keeps_commas_and_asks_after_its_text(data_dir):
    first = examples(tasks.dataset("cosmosqa.en"), "dev", data_dir)[0]
    assert first["prompt"].startswith("Do i need to go for a legal divorce ? ")
    assert first["prompt"].endswith("?")
    assert len(first["choices"]) == 4


def test_untranslated_pairs_stay_in_the_dev_sets_of_pawsx(data_dir):
    # Lines with a sentence "NS", all of them of the class 0.
    expected = {"de": 68, "en": 0, "es": 38, "fr": 8, "ja": 20, "ko": 35}
    for code, count in expected.items():
        found = examples(tasks.dataset(f"pawsx.{code}"), "dev", data_dir)
        labels = [
            one["label"]
            for one in found
            if paraphrase.UNTRANSLATED in (one["premise"], one["hypothesis"])
        ]
        assert labels == [0] * count


def test_the_labels_of_copas_test_file_are_no_labels(data_dir):
    # Why there is no such split: the file says 0 five hundred times, where
    # XCOPA's test sets, its translations, have 250 of each.
    lines = (data_dir / "copa_en" / "test-en.jsonl").read_text().splitlines()
    assert sum('"label": 0' in line for line in lines) == 500
    assert [split.name for split in commonsense.COPA.splits] == ["train", "dev"]


def test_rows_say_who_wrote_their_texts_and_under_which_terms():
    for row in ROWS:
        assert row.citation and row.url and row.licence, row.name
    translations = Counter(row.translation for row in ROWS)
    assert set(translations) == {"native", "human", "machine", "generated"}
    for name in ("xnli_mt.sw", "cmnli.zh", "pawsx_translated.de"):
        assert tasks.dataset(name).translation == "machine"
    assert tasks.dataset("xnli_mt.en").translation == "native"


def test_what_an_evaluation_set_holds_is_marked():
    for name in ("xnli_mt.de", "kornli_xnli.ko", "americasnli.quy"):
        assert tasks.dataset(name).overlap == ("xnli",)
    assert commonsense.COPA.split("dev").overlap == ("xcopa",)
    # COPA's training questions are in no evaluation set.
    assert commonsense.COPA.overlap == ()
    assert commonsense.COPA.split("train").overlap == ()
    assert tasks.dataset("xnli_mt.en").overlap == ()
    names = {name.split(".")[0] for name in tasks.datasets()}
    for row in ROWS:
        marked = (*row.overlap, *(o for s in row.splits for o in s.overlap))
        assert set(marked) <= names
