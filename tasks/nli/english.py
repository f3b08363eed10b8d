"""Inference in English: the usual intermediate and target training data."""

from tasks.nli.rows import (
    CAPITALS,
    FIELDS,
    INITIALS,
    NO_MAJORITY,
    SNLI_KEYS,
    or_prepared,
    pairs,
    snli_lines,
    three_way,
)
from tasks.nli.xnli import MULTINLI_SIZE
from tasks.row import Dataset, Split
from tasks.sources import Concatenated, Delimited, JsonLines, Parallel, Table


def _snli_part(part: str) -> Parallel:
    columns = (("s1", "premise"), ("s2", "hypothesis"), ("labels", "label"))
    return Parallel(
        tuple(
            Delimited(f"snli_parallel/{name}.{part}", (field,))
            for name, field in columns
        )
    )


_SNLI_FACTS = {
    "citation": "Bowman et al. 2015, SNLI",
    "url": "https://nlp.stanford.edu/projects/snli/",
    "licence": "CC BY-SA 4.0",
}
# The dev and test parts of SNLI (9,842 + 9,824 pairs) serve as training data
# here: they are English inference data in a freely available size, and nothing
# in this project is evaluated on SNLI. No number on SNLI itself may be reported
# for a model trained on this row.
SNLI = three_way(
    name="snli.en",
    language="en",
    splits=(
        Split(
            "train",
            Concatenated((_snli_part("dev"), _snli_part("test"))),
            19666,
        ),
    ),
    **_SNLI_FACTS,
)
SNLI_WHOLE = three_way(
    name="snli_1_0.en",
    language="en",
    splits=tuple(
        Split(
            part,
            or_prepared(
                snli_lines(f"snli/snli_1.0/snli_1.0_{part}.jsonl"),
                "snli",
                "1.1.0",
                {"dev": "validation"}.get(part, part),
            ),
            size,
        )
        for part, size in (("train", 549367), ("dev", 9842), ("test", 9824))
    ),
    dropped_labels=NO_MAJORITY,
    **_SNLI_FACTS,
)


def _mnli(name: str, dev: str, size: int, train: tuple[Split, ...]) -> Dataset:
    folder = "mnli/multinli_1.0/multinli_1.0"
    return three_way(
        name=name,
        language="en",
        splits=(
            *train,
            Split(
                "dev",
                or_prepared(
                    snli_lines(f"{folder}_dev_{dev}.jsonl"),
                    "multi_nli",
                    "1.1.0",
                    f"validation_{dev}",
                ),
                size,
            ),
        ),
        dropped_labels=NO_MAJORITY,
        citation="Williams et al. 2018, MultiNLI",
        url="https://cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip",
        licence="OANC and others, see its README",
    )


_MNLI_TRAIN = Split(
    "train",
    or_prepared(
        snli_lines("mnli/multinli_1.0/multinli_1.0_train.jsonl"),
        "multi_nli",
        "1.1.0",
        "train",
    ),
    MULTINLI_SIZE,
)
MNLI = (
    _mnli("mnli.en", "matched", 9815, (_MNLI_TRAIN,)),
    # The same training data; the dev set is of other genres.
    _mnli("mnli_mismatched.en", "mismatched", 9832, ()),
)


def _anli(number: int, sizes: tuple[int, int, int]) -> Dataset:
    keys = pairs("context", "hypothesis", "label")
    return three_way(
        name=f"anli_r{number}.en",
        language="en",
        splits=tuple(
            Split(
                part,
                or_prepared(
                    JsonLines(f"anli/anli_v0.1/R{number}/{part}.jsonl", keys),
                    f"anli/r{number}",
                    "0.1.0",
                    {"dev": "validation"}.get(part, part),
                    premise="context",
                ),
                size,
            )
            for part, size in zip(("train", "dev", "test"), sizes, strict=True)
        ),
        label_map=INITIALS,
        citation="Nie et al. 2020, Adversarial NLI",
        url="https://dl.fbaipublicfiles.com/anli/anli_v0.1.zip",
        licence="CC BY-NC 4.0",
    )


ANLI = (
    _anli(1, (16946, 1000, 1000)),
    _anli(2, (45460, 1000, 1000)),
    _anli(3, (100459, 1200, 1200)),
)


def _conjnli_file(name: str) -> Delimited:
    header = ("Premise", "Hypothesis", "Label")
    return Delimited(f"conjnli/{name}.tsv", FIELDS, header=header)


CONJNLI = three_way(
    name="conjnli.en",
    language="en",
    splits=(
        Split("train", _conjnli_file("adversarial_train_15k"), 15000),
        Split("dev", _conjnli_file("conj_dev"), 623),
    ),
    citation="Saha et al. 2020, ConjNLI",
    url="https://github.com/swarnaHub/ConjNLI",
    licence="MIT",
)


def _sick_file(name: str) -> Table:
    names = ("sentence_A", "sentence_B", "entailment_judgment")
    return Table(f"sick/{name}.txt", pairs(*names))


SICK = three_way(
    name="sick.en",
    language="en",
    splits=(
        Split("train", _sick_file("SICK_train"), 4500),
        Split("dev", _sick_file("SICK_trial"), 500),
        Split("test", _sick_file("SICK_test_annotated"), 4927),
    ),
    label_map=CAPITALS,
    citation="Marelli et al. 2014, SICK",
    url="https://github.com/brmson/dataset-sts",
    licence="CC BY-NC-SA 3.0",
)
# Pairs of SNLI, each with its revisions to every other label.
CAD_NLI = three_way(
    name="cad_nli.en",
    language="en",
    splits=tuple(
        Split(part, Table(f"cad_nli/{part}.tsv", SNLI_KEYS), size)
        for part, size in (("train", 8330), ("dev", 1000), ("test", 2000))
    ),
    citation="Kaushik et al. 2020, Counterfactually-Augmented Data",
    url="https://github.com/acmi-lab/counterfactually-augmented-data",
    licence="Apache-2.0",
)
# Made of SNLI's premises by replacing words.
BREAKING_NLI = three_way(
    name="breaking_nli.en",
    language="en",
    splits=(
        Split(
            "test",
            snli_lines(
                "breaking_nli/breaking_nli_dataset.zip!data/dataset.jsonl"
            ),
            8193,
        ),
    ),
    citation="Glockner et al. 2018, Breaking NLI",
    url="https://github.com/BIU-NLP/Breaking_NLI",
    licence="CC BY-SA 4.0",
    translation="generated",
)
# Of XNLI's labels it has entailment and neutral.
MED = three_way(
    name="med.en",
    language="en",
    splits=(Split("test", Table("med/MED.tsv", SNLI_KEYS), 5382),),
    citation="Yanaka et al. 2019, MED",
    url="https://github.com/verypluming/MED",
    licence="CC BY-SA 4.0",
)

ENGLISH = (
    SNLI,
    SNLI_WHOLE,
    *MNLI,
    *ANLI,
    CONJNLI,
    SICK,
    CAD_NLI,
    BREAKING_NLI,
    MED,
)
