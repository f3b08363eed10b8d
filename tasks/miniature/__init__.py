"""A multi-parallel miniature world, generated from a seed.

Its scenes are written in twelve languages (`lexicon`), as text to pretrain on
and as tasks of every problem, so that all goes from text to table without any
file. What transfers here shows that the machinery works, not what XLM-R does:
the text puts one scene in two languages on a line or mixes them.
"""

from tasks.miniature import (
    bitext,
    choices,
    inference,
    questions,
    tags,
    text,
    wording,
)
from tasks.row import Dataset

DATASETS: tuple[Dataset, ...] = (
    *text.DATASETS,
    *inference.DATASETS,
    *choices.DATASETS,
    *questions.DATASETS,
    *tags.DATASETS,
    *bitext.DATASETS,
    *wording.DATASETS,
)


def problems(language: str) -> tuple[Dataset, ...]:
    """Returns a dataset of each problem to train on before a target.

    Inference is about captions, so that it is not the target's.
    """
    families = (
        inference.CAPTIONS,
        choices.CHOICE,
        questions.QA,
        tags.POS,
        tags.NER,
    )
    return tuple(
        row for rows in families for row in rows if row.language == language
    )
