"""MultiCheckList's failure rates.

Source: google-research/xtreme, multichecklist: `clean` and `expect_squad` of
generate_test_utils.py, the error of test_models.py.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

# Where it stands among tasks.
TASK = "multichecklist"
# Names of the metrics begin so: a test follows.
FAILED = "failed_"
# Those of the official table that XTREME-R has, too.
_CODES = (
    "af ar az bg bn de el en es et eu fa fi fr gu he hi ht hu id it ja jv ka "
    "kk ko lt ml mr ms my nl pa pl pt qu ru sw ta te th tl tr uk ur vi wo yo zh"
)
LANGUAGES = tuple(_CODES.split())
# What `clean` takes out of an answer, by language, and strips off it.
_ARTICLES = {
    "af": r"(’n)\b",
    "ar": r"\sال^|ال",
    "bn": r"\b(একটি|একজন)",
    "de": r"\b(ein|eine|einen)\b",
    "el": r"\b(Ο|ένα|μια)\b",
    "en": r"\b(a|an|the|in|at)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "eu": r"\b(bat)\b",
    "fa": r"\b(یک)\b",
    "fr": r"\b(un|une|le|la|en)\b",
    "hi": r"\b(एक)",
    "hu": r"\b(egy)\b",
    "it": r"\b(un|una)\b",
    "ml": r"\b(ഒരു)",
    "mr": r"\b(एक)",
    "my": r"\b(တစ်ဦး)",
    "nl": r"\b(een)\b",
    "pa": r"\b(ਇੱਕ|ਇਕ)",
    "pt": r"\b(um|uma)\b",
    "ta": r"\b(ஒரு)",
    "tl": r"\b(Si)\b",
    "tr": r"\b(bir)\b",
    "vi": r"\b(một)\b",
    "wo": r"\b(dafa)\b",
    "yo": r"\b(kan)\b",
}
_PUNCTUATION = ",. "
_FURTHER = {"bn": "৷", "hi": "৷", "pa": "।", "pl": "„”", "ur": "\u200f"}


def clean(text: str, language: str) -> str:
    """Returns an answer without articles and outer punctuation."""
    # Without articles nothing is replaced. (The original then has the empty
    # pattern, which parts all letters by spaces, on both sides alike.)
    articles = _ARTICLES.get(language)
    if articles:
        text = re.sub(articles, " ", text)
    return text.strip(_PUNCTUATION + _FURTHER.get(language, ""))


def failure_rates(
    targets: Mapping[str, Sequence[str]],
    predictions: Mapping[str, str],
    language: str,
) -> dict[str, float]:
    """Returns `failed_TEST`, the percentage of each test's cases that failed.

    A case fails if one of its examples does, and an example if the answer is
    not the right one after `clean`; without a prediction it fails.

    Args:
      targets: the right answer of each example, whose id is
        `test-case-number`; several count alike.
      predictions: an answer by id.
      language: decides which articles do not count.
    """
    passed: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, answers in targets.items():
        test, case, _ = name.rsplit("-", 2)
        right = {clean(answer, language) for answer in answers}
        found = predictions.get(name)
        is_right = found is not None and clean(found, language) in right
        passed[test][case] = passed[test].get(case, True) and is_right
    return {
        FAILED + test: 100 * sum(not one for one in cases.values()) / len(cases)
        for test, cases in passed.items()
    }
