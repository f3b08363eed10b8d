"""What is trained and evaluated on: datasets, their sources and renderings.

Importing this package loads neither TensorFlow nor SeqIO.
"""

from tasks import (
    commonsense,
    language_modeling,
    miniature,
    mixing,
    mixtures,
    nli,
    paraphrase,
    retrieval,
)
from tasks.mixtures import Mixture
from tasks.row import Dataset
from xltransfer.errors import InputError, nearest

_DATASETS: dict[str, Dataset] = {
    row.name: row
    for row in (
        *nli.DATASETS,
        *paraphrase.DATASETS,
        *commonsense.DATASETS,
        *retrieval.DATASETS,
        *language_modeling.DATASETS,
        *miniature.DATASETS,
    )
}


def datasets() -> dict[str, Dataset]:
    """Returns all datasets by name."""
    return dict(_DATASETS)


def dataset(name: str) -> Dataset:
    """Returns a dataset by name; raises InputError for an unknown one."""
    if name not in _DATASETS:
        raise InputError(f"No dataset {name!r}.{nearest(name, _DATASETS)}")
    return _DATASETS[name]


def mixture(name: str) -> Mixture:
    """Returns a mixture by name; the name of a dataset is a mixture of one.

    A recipe can be written in place of a name: see `mixing.parse`. Raises
    InputError for an unknown name.
    """
    if name in _DATASETS:
        return Mixture(name, ((name, 1.0),))
    recipes = mixtures.MIXTURES
    if name in recipes:
        recipe = recipes[name]
    elif mixing.is_expression(name):
        recipe = mixing.parse(name)
    else:
        names = [*recipes, *_DATASETS]
        raise InputError(
            f"No mixture or dataset {name!r}.{nearest(name, names)}"
        )
    if isinstance(recipe, Mixture):
        return recipe
    return recipe.mixture(_DATASETS, recipes)
