"""Choices of plausible alternatives: COPA, its translations and its likes."""

from tasks.commonsense.rows import FROM_ONE, multiple_choice, question
from tasks.row import Dataset, Split
from tasks.sources import Composed, JsonLines, Recoded, Source, Table

# English in all languages: so XTREME asks XCOPA.
_CAUSE, _EFFECT = "What was the cause?", "What was the effect?"
QUESTIONS = (("cause", _CAUSE), ("effect", _EFFECT))
_KOREAN_QUESTIONS = (("원인", _CAUSE), ("결과", _EFFECT))
_KEYS = ("premise", "question", "choice1", "choice2", "label")


def copa(source: Source, questions: tuple = QUESTIONS) -> Composed:
    """Asks for cause or effect of a premise, as XTREME does."""
    return question(
        Recoded(source, "question", questions),
        "{premise} {question}",
        ("{choice1}", "{choice2}"),
    )


def _lines(path: str) -> Composed:
    keys = tuple((key, key) for key in _KEYS)
    return copa(JsonLines(path, keys, integers=("label",)))


XCOPA_LANGUAGES = (
    *("et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh"),
)
# The dev sets are what the English dev set of COPA is elsewhere, the test sets
# its test set: to be evaluated on.
XCOPA = tuple(
    multiple_choice(
        name=f"xcopa.{code}",
        language=code,
        splits=(
            Split("dev", _lines(f"xcopa/data/{code}/val.{code}.jsonl"), 100),
            Split("test", _lines(f"xcopa/data/{code}/test.{code}.jsonl"), 500),
        ),
        citation="Ponti et al. 2020, XCOPA",
        url="https://github.com/cambridgeltl/xcopa",
        licence="CC BY 4.0",
        translation="human",
    )
    for code in XCOPA_LANGUAGES
)

# XCOPA's zero-shot training data. Without its test set: the labels of its
# official file are withheld, and all zero where another file has them.
COPA = multiple_choice(
    name="copa.en",
    language="en",
    splits=(
        Split("train", _lines("copa_en/train-en.jsonl"), 400),
        Split(
            "dev",
            _lines("copa_en/val-en.jsonl"),
            100,
            overlap=("xcopa",),
        ),
    ),
    citation="Roemmele et al. 2011, COPA",
    url="https://dl.fbaipublicfiles.com/glue/superglue/data/v2/COPA.zip",
    licence="BSD-2-Clause",
)


def _indic(code: str) -> Dataset:
    folder = f"indic_glue/copa/{code}"
    return multiple_choice(
        name=f"indicglue_copa.{code}",
        language=code,
        splits=(
            Split("train", _lines(f"{folder}/train.jsonl"), 362),
            Split("dev", _lines(f"{folder}/val.jsonl"), 88),
            Split("test", _lines(f"{folder}/test.jsonl"), 449),
        ),
        citation="Kakwani et al. 2020, IndicNLPSuite",
        url="https://ai4bharat.iitm.ac.in",
        licence="none stated",
        # Translated from COPA, in parts that are not COPA's.
        overlap=("xcopa",),
        translation="human",
    )


INDIC_COPA = tuple(map(_indic, ("hi", "gu", "mr")))

# In Russian, translated from COPA and in its parts; the test set is without
# labels.
PARUS = multiple_choice(
    name="parus.ru",
    language="ru",
    splits=(
        Split("train", _lines("russian_super_glue/PARus/train.jsonl"), 400),
        Split("dev", _lines("russian_super_glue/PARus/val.jsonl"), 100),
    ),
    citation="Shavrina et al. 2020, RussianSuperGLUE",
    url="https://russiansuperglue.com",
    licence="MIT",
    overlap=("xcopa",),
    translation="human",
)


def _kobest_file(part: str) -> Composed:
    columns = (
        ("premise", "sentence"),
        ("question", "question"),
        ("choice1", "1"),
        ("choice2", "2"),
        ("label", "Answer"),
    )
    table = Table(f"kobest/v1.0/COPA/{part}.tsv", columns, quoted=True)
    return copa(table, _KOREAN_QUESTIONS)


# 3,076 + 1,000 + 500 in all; sources differ in which part has 500.
KOBEST_COPA = multiple_choice(
    name="kobest_copa.ko",
    language="ko",
    splits=(
        Split("train", _kobest_file("train"), 3076),
        Split("dev", _kobest_file("dev")),
        Split("test", _kobest_file("test")),
    ),
    label_map=FROM_ONE[:2],
    citation="Kim et al. 2022, KoBEST",
    url="https://github.com/SKT-LSL/KoBEST_datarepo",
    licence="CC BY-SA 4.0",
)

COPAS = (COPA, *XCOPA, *INDIC_COPA, PARUS, KOBEST_COPA)
