"""XNLI, its translated training data, and what was made after it."""

from tasks.nli.rows import FIELDS, pairs, three_way
from tasks.row import Dataset, Split
from tasks.sources import Delimited, Parallel, Selected, Table

XNLI_LANGUAGES = (
    *("ar", "bg", "de", "el", "en", "es", "fr", "hi"),
    *("ru", "sw", "th", "tr", "ur", "vi", "zh"),
)
MULTINLI_SIZE = 392_702
_CITATION = "Conneau et al. 2018, XNLI"
_URL = "https://github.com/facebookresearch/XNLI"
_LICENCE = "CC BY-NC 4.0"

# The files of XTREME: no header, the test labels in a file of their own.
XNLI = tuple(
    three_way(
        name=f"xnli.{code}",
        language=code,
        splits=(
            Split("dev", Delimited(f"xnli/dev-{code}.tsv", FIELDS), 2490),
            Split(
                "test",
                Parallel(
                    (
                        Delimited(f"xnli/test-{code}.tsv", FIELDS[:2]),
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
        citation=_CITATION,
        url=_URL,
        licence=_LICENCE,
        translation="native" if code == "en" else "human",
    )
    for code in XNLI_LANGUAGES
)

# XNLI's training data: MultiNLI, in English what XTREME trains on zero-shot, in
# the other languages its machine translation ("translate-train").
_CONTRADICTORY = (("contradictory", "contradiction"),)
XNLI_MT = tuple(
    three_way(
        name=f"xnli_mt.{code}",
        language=code,
        splits=(
            Split(
                "train",
                Delimited(
                    f"xnli_mt/XNLI-MT-1.0/multinli/multinli.train.{code}.tsv",
                    FIELDS,
                    header=("premise", "hypo", "label"),
                ),
                MULTINLI_SIZE,
            ),
        ),
        label_map=_CONTRADICTORY,
        citation=_CITATION,
        url="https://dl.fbaipublicfiles.com/XNLI/XNLI-MT-1.0.zip",
        licence=_LICENCE,
        overlap=() if code == "en" else ("xnli",),
        translation="native" if code == "en" else "machine",
    )
    for code in XNLI_LANGUAGES
)

# The same by the translator that XTREME used for its other tasks.
XNLI_TRANSLATED = tuple(
    three_way(
        name=f"xnli_translated.{code}",
        language=code,
        splits=(
            Split(
                "train",
                Delimited(
                    "xtreme_translations/XNLI/translate-train/"
                    f"en-{code}-translated.tsv",
                    ("", "", *FIELDS),
                ),
            ),
        ),
        label_map=_CONTRADICTORY,
        citation="Hu et al. 2020, XTREME",
        url="https://storage.googleapis.com/xtreme_translations",
        licence="none stated",
        overlap=("xnli",),
        translation="machine",
    )
    for code in XNLI_LANGUAGES
    if code != "en"
)


def _of_language(path: str, columns: tuple, code: str) -> Selected:
    columns = (*columns, ("language", "language"))
    return Selected(Table(path, columns), "language", (code,))


# Written in Spanish as XNLI was in English, then translated by people.
ESXNLI = tuple(
    three_way(
        name=f"esxnli.{code}",
        language=code,
        splits=(
            Split(
                "test",
                _of_language(
                    "esxnli/esxnli.tsv",
                    pairs("sentence1", "sentence2", "gold_label"),
                    code,
                ),
                2490,
            ),
        ),
        citation="Artetxe et al. 2020, Translation Artifacts",
        url="https://github.com/artetxem/esxnli",
        licence="none stated",
        translation=translation,
    )
    for code, translation in (("es", "native"), ("en", "human"))
)

# XNLI's dev sets, translated by people; fewer pairs in three languages.
_AMERICAS = {
    "aym": 743,
    "bzd": 743,
    "cni": 658,
    "gn": 743,
    "hch": 743,
    "nah": 585,
    "oto": 222,
    "quy": 743,
    "shp": 743,
    "tar": 743,
}


def _americas(code: str, size: int) -> Dataset:
    return three_way(
        name=f"americasnli.{code}",
        # Ayacucho Quechua, which XTREME-R has as Quechua.
        language={"quy": "qu"}.get(code, code),
        splits=(
            Split(
                "dev",
                _of_language("americasnli/anli.dev.tsv", pairs(*FIELDS), code),
                size,
            ),
        ),
        citation="Ebrahimi et al. 2022, AmericasNLI",
        url="https://github.com/abteen/americasnli",
        licence="CC BY-SA 4.0",
        overlap=("xnli",),
        translation="human",
    )


AMERICASNLI = tuple(_americas(*item) for item in _AMERICAS.items())
