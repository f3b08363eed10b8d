"""What of a mixture a checkpoint can be evaluated on, and why not the rest."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import tasks
from tasks.row import Dataset
from xltransfer import renderings
from xltransfer.components import Component, companion_of, is_embedded
from xltransfer.contents import Head
from xltransfer.errors import InputError
from xltransfer.trained import Trained

# In the place of a mixture: every dataset whose files are there.
PRESENT = "present"


@dataclasses.dataclass(frozen=True)
class Fit:
    """A dataset that can be evaluated.

    Attributes:
      parts: its splits whose files are there, in the order in which they were
        asked for: the first that has labels counts.
      head: the name of the head that predicts it.
      was_named: not only found on disk, where other datasets have files of the
        same names: it must be whole.
    """

    parts: tuple[Component, ...]
    head: str | None
    was_named: bool = True

    @property
    def dataset(self) -> Dataset:
        """The row."""
        return self.parts[0].dataset


@dataclasses.dataclass(frozen=True)
class Fitting:
    """What of some mixtures a checkpoint can be evaluated on.

    Attributes:
      fits: what can be.
      left_out: names of datasets, by why they are.
    """

    fits: tuple[Fit, ...]
    left_out: Mapping[str, tuple[str, ...]]

    def notes(self) -> list[str]:
        """Returns a sentence for each reason."""
        return [
            f"left out, {why}: {by_task(names)}"
            for why, names in self.left_out.items()
        ]


def by_task(names: Sequence[str]) -> str:
    """Returns `xnli (el, sw), xcopa (et)` for names of datasets."""
    found: dict[str, list[str]] = {}
    for name in names:
        task, _, language = name.rpartition(".")
        found.setdefault(task, []).append(language)
    return ", ".join(
        f"{task} ({', '.join(languages)})" for task, languages in found.items()
    )


def fitting(
    model: Trained,
    mixtures: Sequence[str],
    splits: Sequence[str],
    data_dir: Path | None,
) -> Fitting:
    """Sorts the datasets of mixtures by whether they can be evaluated.

    Args:
      model: the checkpoint.
      mixtures: names of mixtures, benchmarks or datasets; or `present`.
      splits: which are evaluated: of each dataset the first that is there.
      data_dir: the folder of official files.

    Raises:
      InputError: for an unknown name, or where nothing is left.
    """
    fits: list[Fit] = []
    left_out: dict[str, list[str]] = {}
    for row, was_named in _datasets(mixtures, data_dir):
        why, head = _head_for(model, row)
        parts: tuple[Component, ...] = ()
        if not why:
            parts, why = _there(row, splits, data_dir)
        if why:
            left_out.setdefault(why, []).append(row.name)
        else:
            fits.append(Fit(parts, head, was_named))
    found = Fitting(
        tuple(fits), {why: tuple(names) for why, names in left_out.items()}
    )
    if not fits:
        raise InputError(
            f"{model.origin} is evaluated on nothing: "
            f"{'; '.join(found.notes())}."
        )
    problems = {one.dataset.problem for one in fits}
    model.reading.check("The evaluation", problems)
    return found


def _datasets(
    mixtures: Sequence[str], data_dir: Path | None
) -> Iterator[tuple[Dataset, bool]]:
    """Yields the datasets of mixtures, each once, and whether it was named."""
    names: dict[str, bool] = {}
    for name in mixtures:
        if name == PRESENT:
            names = dict.fromkeys(_present(data_dir), False) | names
        else:
            parts = tasks.mixture(name).components
            names |= dict.fromkeys((part for part, _ in parts), True)
    for name, was_named in names.items():
        yield tasks.dataset(name), was_named


def _present(data_dir: Path | None) -> Iterator[str]:
    """Yields the datasets of which any file is there; none is generated."""
    if data_dir is None:
        raise InputError(
            f"The mixture {PRESENT!r} is what lies in a data directory, and "
            "none is given: pass --data-dir or set XLTRANSFER_DATA_DIR."
        )
    for name, row in tasks.datasets().items():
        sources = [split.source for split in row.splits]
        if any(x.files(data_dir) and not x.missing(data_dir) for x in sources):
            yield name


def _head_for(model: Trained, row: Dataset) -> tuple[str, str | None]:
    """Returns why no head predicts a dataset, or "" and the head's name."""
    heads = model.contents.heads
    first = next(iter(heads))
    if not row.metrics:
        return "as it has no metric", None
    is_text = renderings.name(model.reading.model) == "text"
    part = Component(row, row.splits[0].name)
    if is_embedded(part) or (is_text and row.problem != "retrieval"):
        return "", first
    own = {n: head for n, head in heads.items() if head.problem == row.problem}
    if not own:
        problems = (head.problem for head in heads.values())
        known = ", ".join(filter(None, problems)) or "none"
        return f"for want of a head for {row.problem} (there is {known})", None
    for name, head in own.items():
        if set(head.labels) == set(row.labels):
            return "", name
    known = " or ".join(_listed(head) for head in own.values())
    return f"as their labels are not the head's {known}", None


def _listed(head: Head) -> str:
    return f"({', '.join(head.labels)})"


def _there(
    row: Dataset, splits: Sequence[str], data_dir: Path | None
) -> tuple[tuple[Component, ...], str]:
    """Returns a dataset's splits that are there; or none, and why."""
    known = [split.name for split in row.splits]
    parts = [Component(row, one) for one in splits if one in known]
    if not parts:
        asked = " or ".join(map(repr, splits))
        return (), f"as they have no split {asked}"
    found = tuple(one for one in parts if _is_there(one, data_dir))
    why = "" if found else "as their files are not in the data directory"
    return found, why


def _is_there(part: Component, data_dir: Path | None) -> bool:
    """Tells whether a split's files are there, and its companion's."""
    return not any(
        one.dataset.split(one.split).source.missing(data_dir)
        for one in (part, companion_of(part))
        if one is not None
    )
