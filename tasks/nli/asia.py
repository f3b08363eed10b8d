"""Inference in Chinese, Korean, Japanese, Persian and Indonesian."""

from tasks.nli.rows import (
    FIELDS,
    INITIALS,
    NO_MAJORITY,
    SNLI_KEYS,
    pairs,
    three_way,
)
from tasks.nli.xnli import MULTINLI_SIZE
from tasks.row import Dataset, Split
from tasks.sources import Delimited, JsonArray, JsonLines, Table

_CLUE_KEYS = pairs("sentence1", "sentence2", "label")


def _ocnli_file(name: str) -> JsonLines:
    return JsonLines(f"ocnli/{name}.json", _CLUE_KEYS)


def _ocnli(name: str, train: str, size: int) -> Dataset:
    # Sizes are without the pairs that have no majority label.
    return three_way(
        name=name,
        language="zh",
        splits=(
            Split("train", _ocnli_file(train), size),
            Split("dev", _ocnli_file("dev"), 2950),
        ),
        dropped_labels=NO_MAJORITY,
        citation="Hu et al. 2020, OCNLI",
        url="https://github.com/CLUEbenchmark/OCNLI",
        licence="CC BY-NC 2.0",
    )


# The official subset of 10,000 pairs, and the whole.
OCNLI = _ocnli("ocnli.zh", "train.10k", 9985)
OCNLI_50K = _ocnli("ocnli_50k.zh", "train.50k", 50437)
# MultiNLI and XNLI in Chinese.
CMNLI = three_way(
    name="cmnli.zh",
    language="zh",
    splits=tuple(
        Split(part, JsonLines(f"cmnli/cmnli_public/{part}.json", _CLUE_KEYS), n)
        for part, n in (("train", 391783), ("dev", 12241))
    ),
    dropped_labels=NO_MAJORITY,
    citation="Xu et al. 2020, CLUE",
    url="https://github.com/CLUEbenchmark/CLUE",
    licence="none stated",
    overlap=("xnli",),
    translation="machine",
)


def _klue_file(part: str) -> JsonArray:
    keys = pairs("premise", "hypothesis", "gold_label")
    return JsonArray(f"klue_nli/klue-nli-v1.1_{part}.json", keys)


KLUE_NLI = three_way(
    name="klue_nli.ko",
    language="ko",
    splits=(
        Split("train", _klue_file("train"), 24998),
        Split("dev", _klue_file("dev"), 3000),
    ),
    citation="Park et al. 2021, KLUE",
    url="https://github.com/KLUE-benchmark/KLUE",
    licence="CC BY-SA 4.0",
)


def _kornli(
    part: str, files: dict[str, tuple[str, int]], **facts: object
) -> Dataset:
    return three_way(
        name=f"kornli_{part}.ko",
        language="ko",
        splits=tuple(
            Split(split, Table(f"kornli/{path}", SNLI_KEYS), size)
            for split, (path, size) in files.items()
        ),
        citation="Ham et al. 2020, KorNLI",
        url="https://github.com/kakaobrain/kor-nlu-datasets",
        licence="CC BY-SA 4.0",
        **facts,
    )


KORNLI = (
    _kornli(
        "mnli",
        {"train": ("multinli.train.ko.tsv", MULTINLI_SIZE)},
        overlap=("xnli",),
        translation="machine",
    ),
    _kornli(
        "snli",
        {"train": ("snli_1.0_train.ko.tsv", 550152)},
        translation="machine",
    ),
    # XNLI's pairs in XNLI's order, translated by machine and corrected by
    # people: for evaluation, like XNLI.
    _kornli(
        "xnli",
        {"dev": ("xnli.dev.ko.tsv", 2490), "test": ("xnli.test.ko.tsv", 5010)},
        overlap=("xnli",),
        translation="human",
    ),
)

JNLI = three_way(
    name="jnli.ja",
    language="ja",
    splits=tuple(
        Split(
            part,
            JsonLines(f"jglue/jnli-v1.3/{name}-v1.3.json", _CLUE_KEYS),
            size,
        )
        for part, name, size in (
            ("train", "train", 20073),
            ("dev", "valid", 2434),
        )
    ),
    citation="Kurihara et al. 2022, JGLUE",
    url="https://github.com/yahoojapan/JGLUE",
    licence="CC BY-SA 4.0",
)


def _jsick_file(part: str) -> Table:
    names = ("sentence_A_Ja", "sentence_B_Ja", "entailment_label_Ja")
    return Table(f"jsick/{part}.tsv", pairs(*names))


# SICK in Japanese, its labels given anew.
JSICK = three_way(
    name="jsick.ja",
    language="ja",
    splits=(
        Split("train", _jsick_file("train"), 5000),
        Split("test", _jsick_file("test")),
    ),
    citation="Yanaka and Mineshima 2022, JSICK",
    url="https://github.com/verypluming/JSICK",
    licence="CC BY-SA 4.0",
    translation="human",
)


def _jsnli_file(name: str) -> Delimited:
    columns = ("label", "premise", "hypothesis")
    return Delimited(f"jsnli/jsnli_1.1/{name}.tsv", columns)


# SNLI in Japanese, words set apart by spaces as in its files.
JSNLI = three_way(
    name="jsnli.ja",
    language="ja",
    splits=(
        Split("train", _jsnli_file("train_w_filtering"), 533005),
        Split("dev", _jsnli_file("dev"), 3916),
    ),
    citation="Yoshikoshi et al. 2020, JSNLI",
    url="https://nlp.ist.i.kyoto-u.ac.jp",
    licence="CC BY-SA 4.0",
    translation="machine",
)


def _farstail_file(name: str) -> Delimited:
    # Separated by tabs despite its name; tabs also stand inside quoted fields.
    path = f"farstail/{name}-word.csv"
    return Delimited(path, FIELDS, header=FIELDS, quoted=True)


FARSTAIL = three_way(
    name="farstail.fa",
    language="fa",
    splits=(
        Split("train", _farstail_file("Train"), 7266),
        Split("dev", _farstail_file("Val"), 1537),
        Split("test", _farstail_file("Test"), 1564),
    ),
    label_map=INITIALS,
    citation="Amirkhani et al. 2020, FarsTail",
    url="https://github.com/dml-qom/FarsTail",
    licence="Apache-2.0",
)


def _parsinlu_file(part: str) -> Delimited:
    return Delimited(
        f"parsinlu_entailment/{part}.csv",
        ("", *FIELDS, ""),
        quoted=True,
        delimiter=",",
        multiline=True,
        skipped=1,
    )


# A part of its pairs is translated from English.
PARSINLU = three_way(
    name="parsinlu_entailment.fa",
    language="fa",
    splits=tuple(
        Split(part, _parsinlu_file(part)) for part in ("train", "dev", "test")
    ),
    label_map=INITIALS,
    citation="Khashabi et al. 2021, ParsiNLU",
    url="https://github.com/persiannlp/parsinlu",
    licence="CC BY-NC-SA 4.0",
)


def _indonli_file(name: str) -> JsonLines:
    return JsonLines(f"indonli/{name}.jsonl", pairs(*FIELDS))


_INDONLI_FACTS = {
    "label_map": INITIALS,
    "citation": "Mahendra et al. 2021, IndoNLI",
    "url": "https://github.com/ir-nlp-csui/indonli",
    "licence": "CC BY-SA 4.0",
}
INDONLI = three_way(
    name="indonli.id",
    language="id",
    splits=(
        Split("train", _indonli_file("train"), 10330),
        Split("dev", _indonli_file("val"), 2197),
        Split("test", _indonli_file("test_lay"), 2201),
    ),
    **_INDONLI_FACTS,
)
INDONLI_EXPERT = three_way(
    name="indonli_expert.id",
    language="id",
    splits=(Split("test", _indonli_file("test_expert"), 2984),),
    **_INDONLI_FACTS,
)
