"""The learning curves of every phase."""

from collections.abc import Iterable, Iterator

from xltransfer.report.contents import Contents
from xltransfer.report.curves import Panel, curves
from xltransfer.report.document import Block, Fold, Section, Text
from xltransfer.report.sections.differences import labelled
from xltransfer.report.study_folder import StudyFolder

_METRICS = ("loss", "dev")
# Folds that are open at the start; more would be a long way to scroll.
_OPEN = 3


def section(contents: Contents) -> Section:
    """Returns the section: pretraining, intermediates, target by target."""
    blocks: list[Block] = [
        Text(
            "Loss on the training batches, and the score on dev data by which "
            "a checkpoint is chosen, where there is one. A line has at most 48 "
            "points, means over equal spans of steps."
        )
    ]
    for number, (title, panels, ghost) in enumerate(_groups(contents.folder)):
        drawn = [curves(panels, one, title, ghost) for one in _METRICS]
        found = [one for one in drawn if one is not None]
        if found:
            blocks.append(Fold(title, found, open=number < _OPEN))
    return Section("curves", "Learning curves", blocks)


def _groups(
    folder: StudyFolder,
) -> Iterator[tuple[str, list[Panel], Panel | None]]:
    early = _by_kind(folder)
    for kind, labels in early.items():
        panels = [_panel(folder, *one) for one in labels.items()]
        yield f"{kind} phases", panels, None
    for target in folder.description["targets"]:
        labels: dict[str, dict[str, None]] = {}
        for cell in folder.description["cells"]:
            if cell["target"] == target:
                found = labels.setdefault(labelled(folder, cell), {})
                found[cell["phases"][-1]] = None
        panels = [_panel(folder, *one) for one in labels.items()]
        ghost = next((x for x in panels if x.label == folder.direct), None)
        yield f"target phases: {target}", panels, ghost


def _by_kind(folder: StudyFolder) -> dict[str, dict[str, dict[str, None]]]:
    """Returns the phases before the targets', by kind and by their data."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for cell in folder.description["cells"]:
        for name in cell["phases"][:-1]:
            one = folder.phases[name]
            is_own = one.kind == "intermediate"
            label = labelled(folder, cell) if is_own else " + ".join(one.data)
            kind = found.setdefault(one.kind, {})
            kind.setdefault(label, {})[name] = None
    return found


def _panel(folder: StudyFolder, label: str, names: Iterable[str]) -> Panel:
    return Panel(label, [folder.phases[name] for name in names])
