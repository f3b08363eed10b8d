"""A part of a dataset's training examples, of a given size: `ocnli.zh[:5000]`.

Tasks are compared at equal size by it. The dev and test splits stay whole.
"""

import dataclasses
import re

from tasks.row import Dataset, Sample
from xltransfer.errors import InputError

TRAIN = "train"
_WRITTEN = re.compile(r"\s*(.*?)\s*\[\s*:\s*(\d+)\s*\]\s*")


def parted(name: str) -> tuple[str, int | None]:
    """Returns name and number of examples of `name[:number]`.

    The number is None where the name stands alone.

    Raises:
      InputError: for brackets of another form, and for no example at all.
    """
    found = _WRITTEN.fullmatch(name)
    if found is None and not set(name) & set("[]"):
        return name, None
    if found is None or set(found[1]) & set("[]") or not int(found[2]):
        raise InputError(
            f"{name!r} is not understood: `name[:1000]` takes 1,000 examples "
            "at random."
        )
    return found[1], int(found[2])


def written(name: str, count: int) -> str:
    """Returns how so many examples of a dataset are written."""
    return f"{name}[:{count}]"


def sampled(row: Dataset, count: int) -> Dataset:
    """Returns a dataset with so many of its training examples.

    Where it has no more of them, that is the dataset itself.

    Raises:
      InputError: where it states that it has fewer.
    """
    size = row.split(TRAIN).size
    if size == count:
        return row
    if size is not None and size < count:
        raise InputError(
            f"{written(row.name, count)}: {row.name} has {size} examples."
        )
    name = written(row.name, count)
    return _with(dataclasses.replace(row, name=name), Sample(count))


def seeded(row: Dataset, seed: int) -> Dataset:
    """Returns a dataset whose sample, if it is one, is drawn by a seed."""
    _, count = parted(row.name)
    return row if count is None else _with(row, Sample(count, seed))


def _with(row: Dataset, sample: Sample) -> Dataset:
    splits = tuple(
        dataclasses.replace(one, sample=sample) if one.name == TRAIN else one
        for one in row.splits
    )
    return dataclasses.replace(row, splits=splits)
