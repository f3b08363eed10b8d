"""All datasets by name: the project's, plug-ins' and a data directory's own."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from tasks.inventory import completed
from tasks.mixing import Mixture, Recipe
from tasks.row import Dataset
from xltransfer.errors import InputError, nearest

GROUP = "xltransfer.datasets"
DESCRIPTIONS = "tasks.yaml"

Recipes = Mapping[str, Recipe | Mixture]


class Catalogue:
    """Guards what is known: plug-ins are asked once, when first needed."""

    def __init__(self, own: Iterable[Dataset], recipes: Recipes):
        self._own = {row.name: row for row in own}
        self._own_recipes = recipes
        self._plugged: dict[str, Dataset] | None = None
        self._described: dict[str, Dataset] = {}
        self._described_recipes: dict[str, Recipe] = {}
        self._data_dir: Path | None = None
        # Rows as they are known, and with their labels.
        self._completed: dict[Dataset, Dataset] = {}

    def dataset(self, name: str) -> Dataset:
        """Returns a row, with the labels that only its files know.

        Raises InputError for an unknown name and for damaged files.
        """
        known = self.datasets
        if name not in known:
            raise InputError(f"No dataset {name!r}.{nearest(name, known)}")
        row = known[name]
        if row not in self._completed:
            self._completed[row] = completed(row, self._data_dir)
        return self._completed[row]

    @property
    def datasets(self) -> dict[str, Dataset]:
        """All datasets; raises InputError for a plug-in that is none."""
        if self._plugged is None:
            self._plugged = self._plug_in()
        return {**self._own, **self._plugged, **self._described}

    @property
    def recipes(self) -> Recipes:
        return {**self._own_recipes, **self._described_recipes}

    def describe(self, data_dir: Path | None) -> None:
        """Takes up the `tasks.yaml` of a folder, in place of another's.

        Raises InputError for a file that is not understood, or a name that is
        taken.
        """
        self._described, self._described_recipes = {}, {}
        self._data_dir, self._completed = data_dir, {}
        path = data_dir and data_dir / DESCRIPTIONS
        if not path or not path.exists():
            return
        from tasks import descriptions

        rows, recipes = descriptions.read(path)
        known = self.datasets
        for row in rows:
            if row.name in known or row.name in self.recipes:
                raise InputError(
                    f"{path}: a dataset {row.name!r} is known already; choose "
                    "another name."
                )
        for recipe in recipes:
            if recipe.name in known or recipe.name in self.recipes:
                raise InputError(
                    f"{path}: a mixture {recipe.name!r} is known already; "
                    "choose another name."
                )
        self._described = {row.name: row for row in rows}
        self._described_recipes = {one.name: one for one in recipes}

    def _plug_in(self) -> dict[str, Dataset]:
        found: dict[str, Dataset] = {}
        for point in entry_points(group=GROUP):
            for row in _rows(point):
                if row.name in self._own or row.name in found:
                    raise _wrong(point, f"{row.name!r} is known already")
                found[row.name] = row
        return found


def _rows(point: EntryPoint) -> tuple[Dataset, ...]:
    """Returns the rows that a plug-in offers: rows, a file, or a function."""
    try:
        offered = point.load()
        offered = offered() if callable(offered) else offered
    except InputError:
        raise
    # Whatever a plug-in raises must not end in its traceback.
    except Exception as error:
        raise _wrong(point, f"{type(error).__name__}: {error}") from error
    if isinstance(offered, str | Path):
        from tasks import descriptions

        return descriptions.read(Path(offered))[0]
    rows = tuple(offered) if isinstance(offered, Iterable) else (offered,)
    for row in rows:
        if not isinstance(row, Dataset):
            raise _wrong(point, f"it offers {row!r:.80}, which is no Dataset")
    return rows


def _wrong(point: EntryPoint, what: str) -> InputError:
    package = point.dist.name if point.dist else "?"
    return InputError(
        f"The plug-in {point.name!r} of the package {package} "
        f"({point.value}): {what}. Mend or remove the package."
    )
