"""What is trained and evaluated on: datasets, their sources and renderings.

Importing this package loads neither TensorFlow nor SeqIO.
"""

from pathlib import Path

from tasks import (
    commonsense,
    language_modeling,
    miniature,
    mixing,
    mixtures,
    multichecklist,
    nli,
    paraphrase,
    qa,
    retrieval,
    sampled,
    tagging,
)
from tasks.catalogue import Catalogue, Recipes
from tasks.mixtures import Mixture
from tasks.row import Dataset
from xltransfer.errors import InputError, nearest

_CATALOGUE = Catalogue(
    (
        *nli.DATASETS,
        *paraphrase.DATASETS,
        *commonsense.DATASETS,
        *qa.DATASETS,
        *tagging.DATASETS,
        *retrieval.DATASETS,
        *language_modeling.DATASETS,
        *miniature.DATASETS,
        *multichecklist.DATASETS,
    ),
    mixtures.MIXTURES,
)


def datasets() -> dict[str, Dataset]:
    """Returns all datasets by name, plug-ins' included."""
    return _CATALOGUE.datasets


def recipes() -> Recipes:
    """Returns how mixtures are made, by their names."""
    return _CATALOGUE.recipes


def add_described(data_dir: Path | None) -> None:
    """Makes the datasets known that a data directory's `tasks.yaml` describes.

    They take the place of another directory's. Raises InputError for a file
    that is not understood.
    """
    _CATALOGUE.describe(data_dir)


def dataset(name: str) -> Dataset:
    """Returns a dataset by name; raises InputError for an unknown one.

    `name[:1000]` has 1,000 of its training examples (`sampled`).
    """
    base, count = sampled.parted(name)
    row = _CATALOGUE.dataset(base)
    return row if count is None else sampled.sampled(row, count)


def mixture(name: str) -> Mixture:
    """Returns a mixture by name; the name of a dataset is a mixture of one.

    A recipe can be written in place of a name: see `mixing.parse`; and
    `name[:1000]`, or `(recipe)[:1000]`, has 1,000 examples, shared out by the
    rates. Raises InputError for an unknown name.
    """
    rows, known = datasets(), recipes()
    if mixing.is_expression(name):
        text, count = mixing.cut_expression(name)
        recipe = mixing.parse(text)
    else:
        base, count = sampled.parted(name)
        if base in rows:
            return Mixture(name, ((name, 1.0),))
        if base not in known:
            names = [*known, *rows]
            raise InputError(
                f"No mixture or dataset {base!r}.{nearest(base, names)}"
            )
        recipe = known[base]
    if isinstance(recipe, mixing.Recipe):
        recipe = recipe.mixture(rows, known)
    return recipe if count is None else mixing.limited(recipe, count)
