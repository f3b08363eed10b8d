"""Inference in two classes: entailment or not."""

from functools import partial

from tasks import templates
from tasks.nli.europe import ASSIN_KEYS, super_glue_file
from tasks.nli.rows import FIELDS, binary, pairs
from tasks.row import Dataset, Split
from tasks.sources import Delimited, Table, XmlPairs

ASSIN2 = binary(
    name="assin2.pt",
    language="pt",
    splits=tuple(
        Split(part, XmlPairs(f"assin2/{name}.xml", ASSIN_KEYS), size)
        for part, name, size in (
            ("train", "assin2-train-only", 6500),
            ("dev", "assin2-dev", 500),
            ("test", "assin2-test", 2448),
        )
    ),
    label_map=(("Entailment", "entailment"), ("None", "not_entailment")),
    citation="Real et al. 2020, ASSIN 2",
    url="https://sites.google.com/view/assin2/",
    licence="none stated",
)


def _wrete_file(name: str) -> Table:
    return Table(
        f"wrete/{name}_preprocess.csv",
        pairs("sent_A", "sent_B", "label"),
        quoted=True,
        delimiter=",",
        multiline=True,
    )


WRETE = binary(
    name="wrete.id",
    language="id",
    splits=(
        Split("train", _wrete_file("train"), 300),
        Split("dev", _wrete_file("valid"), 50),
        Split("test", _wrete_file("test"), 100),
    ),
    label_map=(
        ("Entail_or_Paraphrase", "entailment"),
        ("NotEntail", "not_entailment"),
    ),
    citation="Wilie et al. 2020, IndoNLU",
    url="https://github.com/IndoNLP/indonlu",
    licence="MIT",
)

# Classification of news and of discourse, recast as inference by templates.
_hindi = partial(
    binary,
    language="hi",
    label_map=(("entailed", "entailment"), ("not-entailed", "not_entailment")),
    citation="Uppal et al. 2020, Two-Step Classification using Recasted Data",
    url="https://github.com/midas-research/hindi-nli-data",
    licence="MIT",
    translation="generated",
)


def _hindi_splits(name: str, sizes: tuple[int, int, int]) -> tuple[Split, ...]:
    return tuple(
        Split(
            part,
            Delimited(
                f"hindi_nli/{name}/{name}_recasted_{part}.tsv",
                (*FIELDS, ""),
                quoted=True,
                skipped=1,
            ),
            size,
        )
        for part, size in zip(("train", "dev", "test"), sizes, strict=True)
    )


BBC_HINDI = _hindi(
    name="bbc_nli.hi", splits=_hindi_splits("BBC", (15552, 2580, 2592))
)
HDA_HINDI = _hindi(
    name="hda_nli.hi", splits=_hindi_splits("HDA", (31892, 9460, 9970))
)


def _newsph_file(part: str) -> Delimited:
    return Delimited(
        f"newsph_nli/newsph-nli/{part}.csv",
        FIELDS,
        quoted=True,
        delimiter=",",
        multiline=True,
        skipped=1,
    )


# Sentences of one article that follow each other, or of different articles. Its
# classes are bare numbers, and nothing with the files says which is entailment.
NEWSPH = Dataset(
    name="newsph_nli.tl",
    problem="classification",
    language="tl",
    splits=(
        Split("train", _newsph_file("train"), 420000),
        Split("dev", _newsph_file("valid"), 90000),
        Split("test", _newsph_file("test"), 9000),
    ),
    labels=("0", "1"),
    citation="Cruz et al. 2020, NewsPH-NLI",
    url="https://github.com/jcblaisecruz02/Filipino-Text-Benchmarks",
    licence="GPL-3.0 (its repository)",
    translation="generated",
    **templates.ENTAILMENT,
)
TERRA = binary(
    name="terra.ru",
    language="ru",
    splits=(
        Split("train", super_glue_file("TERRa", "train"), 2616),
        Split("dev", super_glue_file("TERRa", "val"), 307),
    ),
    citation="Shavrina et al. 2020, RussianSuperGLUE",
    url="https://russiansuperglue.com",
    licence="MIT",
)

BINARY = (ASSIN2, WRETE, BBC_HINDI, HDA_HINDI, NEWSPH, TERRA)
