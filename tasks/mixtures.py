"""Datasets taken together by name, without TensorFlow."""

from collections.abc import Iterable

from tasks import language_modeling, miniature, multichecklist
from tasks.benchmarks import (
    PAWSX_LANGUAGES,
    TYDIQA_LANGUAGES,
    XNLI_LANGUAGES,
    XQUAD_LANGUAGES,
    XTREME,
    XTREME_R,
)
from tasks.mixing import BySize, Equal, Fixed, Mixture, Recipe
from tasks.row import Dataset

__all__ = ["MIXTURES", "BySize", "Equal", "Fixed", "Mixture", "Recipe"]

# XLM-R's smoothing of the differences between languages' amounts of text
# (Conneau et al. 2020, section 3): a language's rate is its size ** 0.3.
XLMR_TEMPERATURE = 1 / 0.3


def _names(datasets: Iterable[Dataset]) -> tuple[str, ...]:
    return tuple(row.name for row in datasets)


def _languages(family: str, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{family}.{code}" for code in codes)


def _families(datasets: Iterable[Dataset]) -> dict[str, list[Dataset]]:
    """Groups datasets by their name before the dot."""
    families: dict[str, list[Dataset]] = {}
    for row in datasets:
        families.setdefault(row.name.split(".")[0], []).append(row)
    return families


def _benchmark(name: str, families: dict[str, tuple[str, ...]]) -> Recipe:
    """All tasks and languages of a benchmark, to be evaluated."""
    parts = [_languages(*family) for family in families.items()]
    return Recipe(name, tuple(sum(parts, ())), Equal())


ENGLISH_NLI = ("snli.en", "conjnli.en")
NON_ENGLISH_NLI = ("ocnli.zh", "indonli.id", "farstail.fa")

# English files of every problem, of those that can be had whole.
_EVERY_PROBLEM = {
    "snli.en": 2.0,
    "hellaswag_part.en": 1.0,
    "squadshifts_new_wiki.en": 1.0,
    "squadshifts_reddit.en": 1.0,
    "ud_present.en": 2.0,
    "panx.en": 2.0,
    "squad_sentences.en": 1.0,
}

_OWN = (
    Recipe("nli_english", ENGLISH_NLI),
    Recipe("nli_non_english", NON_ENGLISH_NLI),
    Recipe("nli_all", (*ENGLISH_NLI, *NON_ENGLISH_NLI)),
    Recipe(
        "miniature_inference_en_hi",
        _names(
            row
            for row in miniature.inference.CAPTIONS
            if row.language in ("en", "hi")
        ),
    ),
    # Nothing aligns at this size where most lines are long.
    Recipe(
        "miniature_all_text",
        _names(miniature.text.DATASETS),
        Fixed((4.0, 1.0)),
    ),
    # Every problem that is trained, in one language.
    *(
        Recipe(f"miniature_all_{code}", _names(miniature.problems(code)))
        for code in ("en", "hi")
    ),
    Recipe(
        "text",
        _names(language_modeling.DATASETS),
        BySize(temperature=XLMR_TEMPERATURE),
    ),
    Recipe(
        "every_problem",
        tuple(_EVERY_PROBLEM),
        Fixed(tuple(_EVERY_PROBLEM.values())),
    ),
    # One for each of the miniature's families: its languages, equal in size.
    *(
        Recipe(name, _names(rows), Equal())
        for name, rows in _families(miniature.DATASETS).items()
    ),
)

# Every task of a benchmark in all its languages; XTREME-R's where both have it.
_BENCHMARKS = (
    *(
        Recipe(family, _languages(family, codes), Equal())
        for family, codes in {**XTREME, **XTREME_R}.items()
    ),
    # XTREME's, where XTREME-R has more languages.
    *(
        Recipe(f"xtreme_{family}", _languages(family, codes), Equal())
        for family, codes in XTREME.items()
        if codes != XTREME_R.get(family, codes)
    ),
    _benchmark("xtreme", XTREME),
    _benchmark("xtreme_r", XTREME_R),
)

# What is evaluated to be looked at, and is in no average.
_DIAGNOSTICS = (
    Recipe("multichecklist", _names(multichecklist.DATASETS), Equal()),
)

# English training data and its machine translations into the languages that
# are evaluated: these are no zero-shot settings.
_TRANSLATE_TRAIN = (
    Recipe("translate_train_xnli", _languages("xnli_mt", XNLI_LANGUAGES)),
    Recipe(
        "translate_train_pawsx",
        (
            "pawsx.en",
            *_languages(
                "pawsx_translated",
                (code for code in PAWSX_LANGUAGES if code != "en"),
            ),
        ),
        Equal(),  # All of one size, here and below.
    ),
    Recipe(
        "translate_train_squad",
        (
            "squad.en",
            *_languages(
                "xtreme_squad",
                (code for code in XQUAD_LANGUAGES if code not in ("en", "ro")),
            ),
        ),
        Equal(),
    ),
    Recipe(
        "translate_train_tydiqa",
        (
            "tydiqa.en",
            *_languages(
                "xtreme_tydiqa",
                (code for code in TYDIQA_LANGUAGES if code != "en"),
            ),
        ),
        Equal(),
    ),
)

# The intermediate tasks of Phang et al. (2020) and their numbers of training
# examples as jiant counts them, at which all nine are mixed; ANLI+ counts as one.
PHANG_NINE = {
    "anli_plus": 1_104_934,
    "mnli.en": 392_702,
    "qqp.en": 363_846,
    "squad2.en": 130_319,
    "squad.en": 87_599,
    "hellaswag.en": 39_905,
    "ccg.en": 38_015,
    "cosmosqa.en": 25_588,
    "commonsenseqa.en": 9_741,
}
_PHANG = (
    Recipe(
        "anli_plus",
        (
            *("anli_r1.en", "anli_r2.en", "anli_r3.en"),
            *("mnli.en", "snli_1_0.en"),
        ),
    ),
    Recipe(
        "phang_nine",
        tuple(PHANG_NINE),
        Fixed(tuple(map(float, PHANG_NINE.values()))),
    ),
)

MIXTURES: dict[str, Recipe | Mixture] = {
    recipe.name: recipe
    for recipe in (
        *_OWN,
        *_BENCHMARKS,
        *_DIAGNOSTICS,
        *_TRANSLATE_TRAIN,
        *_PHANG,
    )
}
