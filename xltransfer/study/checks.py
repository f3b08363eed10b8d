"""What stops a study before anything is trained, and which files it lacks."""

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tasks
from tasks import sampled
from tasks.vocabularies import TrainedVocabulary, Vocabulary
from xltransfer import origins, selection, trimming
from xltransfer.components import Component, components_of
from xltransfer.data import cache as caches
from xltransfer.errors import InputError
from xltransfer.pretrained import hub
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study
from xltransfer.study.plan import (
    Cell,
    cells,
    evaluated,
    overlaps,
    phases,
    rules,
)
from xltransfer.workspace import Workspace

_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Missing:
    """What cannot be read.

    Attributes:
      name: a dataset and its split, an evaluation, a vocabulary or weights.
      why: the files that are not there, or what is wrong.
      access: what stands before its files, if anything does.
    """

    name: str
    why: str
    access: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.why} {self.access}".rstrip()


def check(study: Study, workspace: Workspace, complete: bool = True) -> None:
    """Stops at the border what could only fail later.

    Args:
      study: what is to be done.
      workspace: where its files are, and what it runs on.
      complete: False lets files be missing, for a plan.

    Raises:
      InputError: for unknown tasks, problems or labels that do not go
        together, training on what is evaluated, where the study refuses that,
        and missing files, all of them together.
    """
    workspace.partitioning.mesh  # noqa: B018  refuses a shape that fits not
    lacks = lacking(study, workspace, fetch=complete)
    for one, found in lacks.items():
        trimming.check(one, workspace.execution.trim)
        if not found:
            one.identity(workspace.data_dir)
    for cell in cells(study):
        _check_cell(cell, workspace)
    found = overlaps(study, workspace)
    if found and study.overlap == "refuse":
        lines = "\n".join(map(str, found))
        raise InputError(f"Study.overlap is 'refuse', but\n{lines}")
    absent = missing(study, workspace, lacks)
    if absent and complete:
        lines = "\n  ".join(map(str, absent))
        where = (
            "Put the files there, or give another data directory"
            if workspace.data_dir
            else "No data directory is known: pass --data-dir or set "
            "XLTRANSFER_DATA_DIR"
        )
        raise InputError(
            f"{study.name} needs what is not there:\n  {lines}\n{where}; "
            "`xltransfer data download` fetches what can be fetched."
        )


def missing(
    study: Study,
    workspace: Workspace,
    lacks: Mapping[Phase, tuple[Missing, ...]] | None = None,
) -> list[Missing]:
    """Returns what phases lack, and evaluations with nothing to evaluate.

    That single languages of an evaluation are not there is not among it: the
    others are evaluated (`plan.evaluated`).

    Args:
      study: what is to be done.
      workspace: where its files are.
      lacks: what `lacking` returns, where it is known.
    """
    lacks = lacking(study, workspace) if lacks is None else lacks
    found = dict.fromkeys(one for some in lacks.values() for one in some)
    for cell in cells(study):
        if not evaluated(cell, workspace)[0]:
            name = f"{cell.evaluation} {cell.split}"
            why = "none of its datasets has its files in the data directory."
            found.setdefault(Missing(f"evaluation on {name}", why))
    return list(found)


def lacking(
    study: Study, workspace: Workspace, fetch: bool = False
) -> dict[Phase, tuple[Missing, ...]]:
    """Returns for every phase what it and those before it cannot read.

    A phase that lacks something has no identity yet, and so no folder.

    Args:
      study: what is to be done.
      workspace: where its files are.
      fetch: whether weights are fetched from the hub that are not here.
    """
    files = _Files(workspace.data_dir, fetch)
    found: dict[Phase, tuple[Missing, ...]] = {}
    for one in phases(study):
        before = [known for other in one.needs for known in found[other]]
        found[one] = tuple(dict.fromkeys([*before, *files.missing(one)]))
    return found


@dataclasses.dataclass(frozen=True)
class _Files:
    """What was looked for in a data directory, each thing once."""

    data_dir: Path | None
    fetch: bool
    known: dict[Hashable, tuple[Missing, ...]] = dataclasses.field(
        default_factory=dict
    )

    def missing(self, phase: Phase) -> Iterator[Missing]:
        for part in (*phase.components, *phase.validation):
            yield from self.of_part(part)
        yield from self._once(phase.vocabulary, self._of_vocabulary)
        yield from self._once(phase.init, self._of_init)

    def of_part(self, part: Component) -> tuple[Missing, ...]:
        # A part of a dataset lacks what the dataset lacks.
        key = sampled.parted(part.dataset.name)[0], part.split
        if key not in self.known:
            self.known[key] = tuple(self._of_part(" ".join(key), part))
        return self.known[key]

    def _once(
        self, thing: Hashable, look: Callable[[Any], Iterator[Missing]]
    ) -> tuple[Missing, ...]:
        if thing not in self.known:
            self.known[thing] = tuple(look(thing))
        return self.known[thing]

    def _of_part(self, name: str, part: Component) -> Iterator[Missing]:
        row = part.dataset
        try:
            paths = row.split(part.split).source.missing(self.data_dir)
        except InputError:
            why = "its files lie in a data directory, and none is given."
            yield Missing(name, why, row.access)
            return
        if paths:
            shown = ", ".join(map(str, paths[:_SHOWN]))
            more = len(paths) - _SHOWN
            shown += f" and {more} more" * (more > 0)
            is_are = "is" if len(paths) == 1 else "are"
            yield Missing(name, f"{shown} {is_are} not there.", row.access)

    def _of_vocabulary(self, vocabulary: Vocabulary) -> Iterator[Missing]:
        if isinstance(vocabulary, TrainedVocabulary):
            for name in vocabulary.text:
                for part in components_of(name, "train"):
                    yield from self.of_part(part)
            return
        try:
            caches.digest(vocabulary, self.data_dir)
        except InputError as error:
            yield Missing("vocabulary", str(error))

    def _of_init(self, init: str) -> Iterator[Missing]:
        prefix, _, place = init.partition(":")
        if prefix == "hf" and not self.fetch and not hub.is_here(place):
            why = "to be fetched from Hugging Face's hub when the study runs."
            yield Missing(f"weights {init}", why)
            return
        try:
            origins.identity(init)
        except InputError as error:
            yield Missing(f"weights {init}", str(error))


def _check_cell(cell: Cell, workspace: Workspace) -> None:
    for name, _ in tasks.mixture(cell.evaluation).components:
        # Refuses a split that there is not.
        tasks.dataset(name).split(cell.split)
    present = tuple(evaluated(cell, workspace)[0])
    cell.phase.check(present)
    for rule in rules(cell, workspace):
        cell.phase.check(rule.parts)
        if present and rule.name != selection.LAST and not rule.parts:
            raise InputError(
                f"The target {cell.target!r} asks for {rule.name!r}, but no "
                f"dataset of {cell.evaluation} has its dev split's files in "
                "the data directory."
            )
