"""Pairs of sentences that mean the same, or do not."""

from tasks import templates
from tasks.nli.rows import pairs
from tasks.row import Dataset, Split
from tasks.sources import Delimited, Source, Table, Without

PAWSX_LANGUAGES = ("de", "en", "es", "fr", "ja", "ko", "zh")
_PAIR = ("premise", "hypothesis")
# What PAWS-X has in the place of a sentence that was not translated.
UNTRANSLATED = "NS"
_PAWSX_SIZE = 2000
_PAWSX_FACTS = {
    "problem": "classification",
    "labels": ("0", "1"),
    "citation": "Yang et al. 2019, PAWS-X",
    "url": "https://storage.googleapis.com/paws/pawsx/x-final.tar.gz",
    "licence": "free use with acknowledgement of Google",
    **templates.MT5_PAWS,
}


def _archived(path: str) -> Table:
    return Table(
        f"pawsx/x-final/{path}.tsv", pairs("sentence1", "sentence2", "label")
    )


def _xtreme(name: str) -> Delimited:
    return Delimited(f"pawsx/{name}.tsv", (*_PAIR, "label"))


def _pawsx(code: str) -> Dataset:
    # Dev and test sets keep untranslated pairs, all of the class 0: XTREME
    # counts them, and a submission has a line for each. XTREME's files of the
    # test sets have no labels, so those of the archive are read.
    train = (Split("train", _xtreme("train-en"), 49401),)
    return Dataset(
        name=f"pawsx.{code}",
        language=code,
        splits=(
            *(train if code == "en" else ()),
            Split("dev", _xtreme(f"dev-{code}"), _PAWSX_SIZE),
            Split("test", _archived(f"{code}/test_2k"), _PAWSX_SIZE),
        ),
        translation="native" if code == "en" else "human",
        **_PAWSX_FACTS,
    )


PAWSX = tuple(map(_pawsx, PAWSX_LANGUAGES))


def _translated(code: str) -> Source:
    # An untranslated pair teaches nothing but that "NS" is no paraphrase.
    return Without(_archived(f"{code}/translated_train"), UNTRANSLATED)


PAWSX_TRANSLATED = tuple(
    Dataset(
        name=f"pawsx_translated.{code}",
        language=code,
        splits=(Split("train", _translated(code)),),
        overlap=("pawsx",),
        translation="machine",
        **_PAWSX_FACTS,
    )
    for code in PAWSX_LANGUAGES
    if code != "en"
)


def _qqp_file(part: str) -> Table:
    # A few lines of GLUE's files are cut short, and count for nobody.
    return Table(
        f"qqp/QQP/{part}.tsv",
        pairs("question1", "question2", "is_duplicate"),
        malformed=True,
    )


QQP = Dataset(
    name="qqp.en",
    problem="classification",
    language="en",
    splits=(
        Split("train", _qqp_file("train"), 363846),
        Split("dev", _qqp_file("dev"), 40430),
    ),
    labels=("0", "1"),
    citation="Iyer et al. 2017, Quora Question Pairs; Wang et al. 2019, GLUE",
    url="https://dl.fbaipublicfiles.com/glue/data/QQP-clean.zip",
    licence="Quora's terms of service",
    **templates.T5_QQP,
)

DATASETS = (*PAWSX, *PAWSX_TRANSLATED, QQP)
