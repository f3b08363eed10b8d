"""How texts are written for mT5, and what it is to answer.

Two of the formats are mT5's own (google-research/multilingual-t5, `tasks.py`)
and two T5's (Raffel et al. 2020, appendix D). The others are this project's,
made in their likeness, and no published number goes with them.
"""

from typing import Any


def entailment(prefix: str) -> str:
    """Returns mT5's template for XNLI with another word in front."""
    return f"{prefix}: premise: {{premise}} hypothesis: {{hypothesis}}"


# mT5's for XNLI. All three-way inference is asked in it: zero-shot a model must
# be asked in the words that it was trained with.
MT5_XNLI: dict[str, Any] = {
    "template": entailment("xnli"),
    "text_labels": ("0", "1", "2"),
}
# mT5's for PAWS-X.
MT5_PAWS: dict[str, Any] = {
    "template": "paws sentence1: {premise} sentence2: {hypothesis}",
    "text_labels": ("different_meaning", "paraphrase"),
}
# T5's for QQP and for BoolQ.
T5_QQP: dict[str, Any] = {
    "template": "qqp question1: {premise} question2: {hypothesis}",
    "text_labels": ("not_duplicate", "duplicate"),
}
T5_BOOLQ: dict[str, Any] = {
    "template": "boolq passage: {premise} question: {hypothesis}",
    "text_labels": ("False", "True"),
}
# This project's: is a question answered rightly?
ANSWERED: dict[str, Any] = {
    "template": "answer passage: {premise} question: {hypothesis}",
    "text_labels": ("False", "True"),
}
# This project's, for retrieval: `query: Q` and `candidate: C`. A candidate's
# context follows as ` context: X`.
RETRIEVAL = "{side}: {text}"
# Parallel sentences are embedded as they stand, as XTREME embeds them.
PARALLEL = "{text}"
# This project's, for inference with other classes than XNLI's.
ENTAILMENT: dict[str, Any] = {
    "template": entailment("entailment"),
    "text_labels": ("0", "1"),
}
ENTAILMENT_OR_PARAPHRASE: dict[str, Any] = {
    "template": entailment("entailment or paraphrase"),
    "text_labels": ("0", "1", "2"),
}
