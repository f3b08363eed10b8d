"""Inference in Portuguese, Turkish, Polish and Russian, in three classes."""

from tasks import templates
from tasks.nli.rows import (
    CAPITALS,
    FIELDS,
    NO_MAJORITY,
    pairs,
    snli_lines,
    three_way,
)
from tasks.nli.xnli import MULTINLI_SIZE
from tasks.row import Dataset, Split
from tasks.sources import Concatenated, JsonLines, Table, XmlPairs

ASSIN_KEYS = pairs("t", "h", "@entailment")


def _assin_file(part: str) -> Concatenated:
    return Concatenated(
        tuple(
            XmlPairs(f"assin/assin-{variety}-{part}.xml", ASSIN_KEYS)
            for variety in ("ptbr", "ptpt")
        )
    )


# Brazilian and European Portuguese. Its classes are its own.
ASSIN = Dataset(
    name="assin.pt",
    problem="classification",
    language="pt",
    splits=(
        Split("train", _assin_file("train"), 5000),
        Split("dev", _assin_file("dev"), 1000),
        Split("test", _assin_file("test"), 4000),
    ),
    labels=("entailment", "none", "paraphrase"),
    label_map=(
        ("Entailment", "entailment"),
        ("None", "none"),
        ("Paraphrase", "paraphrase"),
    ),
    citation="Fonseca et al. 2016, ASSIN",
    url="http://nilc.icmc.usp.br/assin/",
    licence="none stated",
    **templates.ENTAILMENT_OR_PARAPHRASE,
)

_NLI_TR_FACTS = {
    "language": "tr",
    "dropped_labels": NO_MAJORITY,
    "citation": "Budur et al. 2020, NLI-TR",
    "url": "https://github.com/boun-tabi/NLI-TR",
    "translation": "machine",
}
_SNLI_TR = "nli_tr/snli_tr_1.0/snli_tr_1.0"
_MULTINLI_TR = "nli_tr/multinli_tr_1.0/multinli_tr_1.0"
NLI_TR = (
    three_way(
        name="snli_tr.tr",
        splits=tuple(
            Split(part, snli_lines(f"{_SNLI_TR}_{part}.jsonl"))
            for part in ("train", "dev", "test")
        ),
        licence="CC BY-SA 4.0",
        **_NLI_TR_FACTS,
    ),
    three_way(
        name="multinli_tr.tr",
        splits=(
            Split(
                "train",
                snli_lines(f"{_MULTINLI_TR}_train.jsonl"),
                MULTINLI_SIZE,
            ),
            Split("dev", snli_lines(f"{_MULTINLI_TR}_dev_matched.jsonl")),
        ),
        licence="mixed, as MultiNLI's",
        overlap=("xnli",),
        **_NLI_TR_FACTS,
    ),
)

_CDSC_KEYS = pairs("sentence_A", "sentence_B", "entailment_judgment")
# The official test file has no labels.
CDSC = three_way(
    name="cdsc.pl",
    language="pl",
    splits=(
        Split("train", Table("cdsc/train.tsv", _CDSC_KEYS), 8000),
        Split("dev", Table("cdsc/dev.tsv", _CDSC_KEYS), 1000),
    ),
    label_map=CAPITALS,
    citation="Wróblewska and Krasnowska-Kieraś 2017, CDSCorpus",
    url="https://klejbenchmark.com/static/data/klej_cdsc-e.zip",
    licence="CC BY-NC-SA 4.0",
)


def super_glue_file(task: str, part: str) -> JsonLines:
    """A file of Russian SuperGLUE; those of its test sets have no labels."""
    path = f"russian_super_glue/{task}/{part}.jsonl"
    return JsonLines(path, pairs(*FIELDS))


RCB = three_way(
    name="rcb.ru",
    language="ru",
    splits=(
        Split("train", super_glue_file("RCB", "train"), 438),
        Split("dev", super_glue_file("RCB", "val"), 220),
    ),
    citation="Shavrina et al. 2020, RussianSuperGLUE",
    url="https://russiansuperglue.com",
    licence="MIT",
)
