"""A multi-parallel miniature world, generated from a seed.

Its scenes are written in twelve languages (`lexicon`), as text to pretrain on
and as tasks of every problem, so that all goes from text to table without any
file. What transfers here shows that the machinery works, not what XLM-R does:
the text puts one scene in two languages on a line or mixes them.
"""

from tasks.miniature import inference, text
from tasks.row import Dataset

DATASETS: tuple[Dataset, ...] = (*text.DATASETS, *inference.DATASETS)
