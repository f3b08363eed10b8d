"""What of a mixture a checkpoint can be evaluated on, and why not the rest."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from xltransfer import renderings
from xltransfer.components import (
    Component,
    companion_of,
    components_of,
    is_embedded,
)
from xltransfer.contents import Head
from xltransfer.errors import InputError
from xltransfer.trained import Trained


@dataclasses.dataclass(frozen=True)
class Fitting:
    """What of some mixtures a checkpoint can be evaluated on.

    Attributes:
      parts: each with the name of the head that predicts it.
      left_out: names of datasets, by why they are.
    """

    parts: tuple[tuple[Component, str | None], ...]
    left_out: Mapping[str, tuple[str, ...]]

    def notes(self) -> list[str]:
        """Returns a sentence for each reason."""
        return [
            f"left out, {why}: {by_task(names)}"
            for why, names in self.left_out.items()
        ]


def by_task(names: Sequence[str]) -> str:
    """Returns `xnli (el, sw), xcopa (et)` for names of datasets."""
    tasks: dict[str, list[str]] = {}
    for name in names:
        task, _, language = name.rpartition(".")
        tasks.setdefault(task, []).append(language)
    return ", ".join(
        f"{task} ({', '.join(languages)})" for task, languages in tasks.items()
    )


def fitting(
    model: Trained, mixtures: Sequence[str], split: str, data_dir: Path | None
) -> Fitting:
    """Sorts the datasets of mixtures by whether they can be evaluated.

    Args:
      model: the checkpoint.
      mixtures: names of mixtures, benchmarks or datasets.
      split: which is evaluated.
      data_dir: the folder of official files.

    Raises:
      InputError: for an unknown name, or where nothing is left.
    """
    parts = dict.fromkeys(
        dataclasses.replace(part, rate=1.0)
        for name in mixtures
        for part in components_of(name, split)
    )
    fit: list[tuple[Component, str | None]] = []
    left_out: dict[str, list[str]] = {}
    for part in parts:
        why, head = _head_for(model, part)
        why = why or _lacking(part, data_dir)
        if why:
            left_out.setdefault(why, []).append(part.dataset.name)
        else:
            fit.append((part, head))
    found = Fitting(
        tuple(fit), {why: tuple(names) for why, names in left_out.items()}
    )
    if not fit:
        raise InputError(
            f"{model.origin} is evaluated on nothing: "
            f"{'; '.join(found.notes())}."
        )
    problems = {part.dataset.problem for part, _ in fit}
    model.reading.check("The evaluation", problems)
    return found


def _head_for(model: Trained, part: Component) -> tuple[str, str | None]:
    """Returns why no head predicts a dataset, or "" and the head's name."""
    row, heads = part.dataset, model.contents.heads
    first = next(iter(heads))
    if not row.metrics:
        return "as it has no metric", None
    is_text = renderings.name(model.reading.model) == "text"
    if is_embedded(part) or (is_text and row.problem != "retrieval"):
        return "", first
    own = {n: head for n, head in heads.items() if head.problem == row.problem}
    if not own:
        known = ", ".join(str(head.problem) for head in heads.values())
        return f"for want of a head for {row.problem} (there is {known})", None
    for name, head in own.items():
        if set(head.labels) == set(row.labels):
            return "", name
    known = " or ".join(_listed(head) for head in own.values())
    return f"as their labels are not the head's {known}", None


def _listed(head: Head) -> str:
    return f"({', '.join(head.labels)})"


def _lacking(part: Component, data_dir: Path | None) -> str:
    """Returns which files are not there, if any."""
    for one in (part, companion_of(part)):
        if one is None:
            continue
        names = {split.name: split for split in one.dataset.splits}
        if one.split not in names:
            return f"as they have no split {one.split!r}"
        if names[one.split].source.missing(data_dir):
            return "as their files are not in the data directory"
    return ""
