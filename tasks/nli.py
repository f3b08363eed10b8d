"""Natural language inference: does the premise entail the hypothesis?"""

from functools import partial

from tasks.row import Dataset, Split
from tasks.sources import Concatenated, Delimited, JsonLines, Parallel

LABELS = ("entailment", "neutral", "contradiction")
INITIALS = (("e", LABELS[0]), ("n", LABELS[1]), ("c", LABELS[2]))
_TSV = ("premise", "hypothesis", "label")

# One prefix and one set of targets, mT5's for XNLI, for all of them: zero-shot
# a model must be asked in the words that it was trained with.
_nli = partial(
    Dataset,
    problem="classification",
    labels=LABELS,
    prefix="xnli",
    text_labels=("0", "1", "2"),
)

XNLI_LANGUAGES = (
    *("ar", "bg", "de", "el", "en", "es", "fr", "hi"),
    *("ru", "sw", "th", "tr", "ur", "vi", "zh"),
)

# The files of XTREME: no header, the test labels in a file of their own.
XNLI = tuple(
    _nli(
        name=f"xnli.{code}",
        language=code,
        splits=(
            Split("dev", Delimited(f"xnli/dev-{code}.tsv", _TSV), 2490),
            Split(
                "test",
                Parallel(
                    (
                        Delimited(f"xnli/test-{code}.tsv", _TSV[:2]),
                        Delimited(
                            "xnli/test.gold.tsv",
                            ("label", ""),
                            header=("label", "genre"),
                        ),
                    )
                ),
                5010,
            ),
        ),
        citation="Conneau et al. 2018, XNLI",
        url="https://github.com/facebookresearch/XNLI",
        licence="CC BY-NC 4.0",
    )
    for code in XNLI_LANGUAGES
)


def _snli_part(part: str) -> Parallel:
    columns = (("s1", "premise"), ("s2", "hypothesis"), ("labels", "label"))
    return Parallel(
        tuple(
            Delimited(f"snli_parallel/{name}.{part}", (field,))
            for name, field in columns
        )
    )


# The dev and test parts of SNLI (9,842 + 9,824 pairs) serve as training data
# here: they are English inference data in a freely available size, and nothing
# in this project is evaluated on SNLI. No number on SNLI itself may be reported
# for a model trained on this row.
SNLI = _nli(
    name="snli.en",
    language="en",
    splits=(
        Split(
            "train",
            Concatenated((_snli_part("dev"), _snli_part("test"))),
            19666,
        ),
    ),
    citation="Bowman et al. 2015, SNLI",
    url="https://nlp.stanford.edu/projects/snli/",
    licence="CC BY-SA 4.0",
)


def _conjnli_file(name: str) -> Delimited:
    header = ("Premise", "Hypothesis", "Label")
    return Delimited(f"conjnli/{name}.tsv", _TSV, header=header)


CONJNLI = _nli(
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


def _ocnli_file(name: str) -> JsonLines:
    keys = zip(_TSV, ("sentence1", "sentence2", "label"), strict=True)
    return JsonLines(f"ocnli/{name}.json", tuple(keys))


OCNLI = _nli(
    name="ocnli.zh",
    language="zh",
    # The official subset of 10,000 pairs, less those without a majority label.
    splits=(
        Split("train", _ocnli_file("train.10k"), 9985),
        Split("dev", _ocnli_file("dev"), 2950),
    ),
    dropped_labels=("-",),
    citation="Hu et al. 2020, OCNLI",
    url="https://github.com/CLUEbenchmark/OCNLI",
    licence="CC BY-NC 2.0",
)


def _indonli_file(name: str) -> JsonLines:
    keys = tuple((field, field) for field in _TSV)
    return JsonLines(f"indonli/{name}.jsonl", keys)


INDONLI = _nli(
    name="indonli.id",
    language="id",
    splits=(
        Split("train", _indonli_file("train"), 10330),
        Split("dev", _indonli_file("val"), 2197),
        Split("test", _indonli_file("test_lay"), 2201),
    ),
    label_map=INITIALS,
    citation="Mahendra et al. 2021, IndoNLI",
    url="https://github.com/ir-nlp-csui/indonli",
    licence="CC BY-SA 4.0",
)


def _farstail_file(name: str) -> Delimited:
    # Separated by tabs despite its name; tabs also stand inside quoted fields.
    path = f"farstail/{name}-word.csv"
    return Delimited(path, _TSV, header=_TSV, quoted=True)


FARSTAIL = _nli(
    name="farstail.fa",
    language="fa",
    splits=(
        Split("train", _farstail_file("Train"), 7266),
        Split("dev", _farstail_file("Val"), 1537),
    ),
    label_map=INITIALS,
    citation="Amirkhani et al. 2020, FarsTail",
    url="https://github.com/dml-qom/FarsTail",
    licence="Apache-2.0",
)

DATASETS = (*XNLI, SNLI, CONJNLI, OCNLI, INDONLI, FARSTAIL)
