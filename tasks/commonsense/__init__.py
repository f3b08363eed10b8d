"""Commonsense questions and examinations, with choices."""

from tasks.commonsense.completion import CODAH, COMPLETIONS, HELLASWAG_PART
from tasks.commonsense.copa import COPA, COPAS, XCOPA
from tasks.commonsense.questions import C3, JCOMMONSENSEQA, QUESTIONS, SIQA

DATASETS = (*COPAS, *COMPLETIONS, *QUESTIONS)

__all__ = [
    "C3",
    "CODAH",
    "COPA",
    "DATASETS",
    "HELLASWAG_PART",
    "JCOMMONSENSEQA",
    "SIQA",
    "XCOPA",
]
