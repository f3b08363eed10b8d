"""MLQA's exact match and F1, whose normalisation depends on the language.

Source: facebookresearch/MLQA's mlqa_evaluation_v1.py (google-research/xtreme
has it as third_party/evaluate_mlqa.py).
"""

import functools
import re
import string
import unicodedata

from xltransfer.metrics.counted import Columns, sums
from xltransfer.metrics.squad import (
    Answers,
    Texts,
    count_answers,
    total_answers,
)

_ARTICLES = {
    "en": re.compile(r"\b(a|an|the)\b"),
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
    "vi": re.compile(r"\b(của|là|cái|chiếc|những)\b"),
    "de": re.compile(
        r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"
    ),
    # As published. `^` after a character matches nowhere, so that the second
    # alternative alone is at work, inside words too.
    "ar": re.compile(r"\sال^|ال"),
    # Neither has articles.
    "hi": None,
    "zh": None,
}
LANGUAGES = tuple(_ARTICLES)
_HAN = re.compile(r"([\u4e00-\u9fa5])")


def mlqa(
    targets: Answers, predictions: Texts, language: str
) -> dict[str, float]:
    """Returns MLQA's `exact_match` and `f1` in percent.

    A question without a prediction scores 0.

    Args:
      targets: gold answers by question id, one at least.
      predictions: answer texts by id.
      language: of the answers, one of `LANGUAGES`.

    Raises:
      ValueError: without questions, or for a question without answers.
    """
    return total_answers(sums(count_mlqa(targets, predictions, language)))


def count_mlqa(targets: Answers, predictions: Texts, language: str) -> Columns:
    """Returns what each question adds to `mlqa`, which see."""
    return count_answers(
        targets,
        predictions,
        functools.partial(normalize, language=language),
    )


def normalize(text: str, language: str) -> str:
    """Returns a text as MLQA compares it.

    Lower case; without any script's punctuation; without the language's
    articles; one space between words, and in Chinese around every ideograph
    of U+4E00 to U+9FA5.
    """
    bare = "".join(one for one in text.lower() if not _is_punctuation(one))
    articles = _ARTICLES[language]
    if articles is not None:
        bare = articles.sub(" ", bare)
    if language == "zh":
        bare = _HAN.sub(r" \1 ", bare)
    return " ".join(bare.split())


@functools.cache
def _is_punctuation(character: str) -> bool:
    # ASCII has symbols (`$+<=>^`|~`) that are punctuation to MLQA alone.
    return character in string.punctuation or unicodedata.category(
        character
    ).startswith("P")
