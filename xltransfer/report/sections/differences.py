"""Which fields of configuration differ between the phases of cells."""

from collections.abc import Mapping, Sequence
from typing import Any

from xltransfer.report.contents import Contents
from xltransfer.report.document import (
    Block,
    Comparer,
    Points,
    Section,
    Table,
    Text,
)
from xltransfer.report.study_folder import StudyFolder

# What must differ between two cells, and says nothing of how they trained.
_IDENTITY = ("seed", "parent", "init")
_DATA = ("components", "validation")
_ABSENT = "–"


def section(contents: Contents) -> Section:
    """Returns what differs where nothing should, and a choice of two cells."""
    folder = contents.folder
    unlike = [
        f"{where}: its target phase also differs in {fields}."
        for where, fields in unlike_rows(folder)
    ]
    blocks: list[Block] = [
        Text(
            "A delta compares like with like if a row's target phase differs "
            "from that of direct transfer in its parent alone (and in the seed "
            "that both share)."
        ),
        Points(unlike, "warning")
        if unlike
        else Text("That is so for every row and target of this study."),
    ]
    intermediate = [
        x for x in folder.phases.values() if x.kind == "intermediate"
    ]
    if intermediate:
        blocks.append(_varying(folder))
    fields = {name: one.fields for name, one in folder.phases.items()}
    blocks.append(Comparer(_cells(folder), fields))
    return Section("differences", "Configuration differences", blocks)


def unlike_rows(folder: StudyFolder) -> list[tuple[str, str]]:
    """Returns rows whose target phase is another training, and in what."""
    cells = folder.description["cells"]
    direct = {
        (folder.arm(one), one["target"], one["seed"]): _last(folder, one)
        for one in cells
        if one["intermediate"] == folder.direct
    }
    found: dict[tuple[str, str, str], None] = {}
    for cell in cells:
        key = folder.arm(cell), cell["target"], cell["seed"]
        other = direct.get(key)
        if other is None or cell["intermediate"] in folder.controls:
            continue
        own = _last(folder, cell)
        if not (own and other):
            continue
        fields = [x for x in differing([own, other]) if x not in _IDENTITY]
        if fields:
            shown = ", ".join(fields)
            found[labelled(folder, cell), cell["target"], shown] = None
    return [(f"{target} after {row}", fields) for row, target, fields in found]


def _last(folder: StudyFolder, cell: Mapping[str, Any]) -> Mapping[str, str]:
    """Returns the fields of a cell's target phase."""
    return folder.phases[cell["phases"][-1]].fields


def labelled(folder: StudyFolder, cell: Mapping[str, Any]) -> str:
    """Returns a row's label, with model and method where there are several."""
    arm = folder.arm(cell)
    return f"{cell['intermediate']} ({arm})" if arm else cell["intermediate"]


def differing(configurations: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns the fields that are not alike everywhere, in their order."""
    fields = dict.fromkeys(name for one in configurations for name in one)
    return [
        name
        for name in fields
        if len({one.get(name, _ABSENT) for one in configurations}) > 1
    ]


def _varying(folder: StudyFolder) -> Table:
    """Returns what differs between intermediates' phases: fields by rows."""
    first: dict[str, Mapping[str, str]] = {}
    data: dict[str, str] = {}
    for cell in folder.description["cells"]:
        for name in cell["phases"][:-1]:
            one = folder.phases[name]
            if one.kind == "intermediate" and one.fields:
                label = labelled(folder, cell)
                first.setdefault(label, one.fields)
                data.setdefault(label, " + ".join(one.data))
    fields = [
        one
        for one in differing(list(first.values()))
        if one != "seed" and not one.startswith(_DATA)
    ]
    return Table(
        "intermediate-differences",
        "Fields in which the intermediate phases differ (of each row, the phase "
        "of its first seed).",
        ["field", *first],
        [
            ["data", *data.values()],
            *(
                [
                    name,
                    *(_short(one.get(name, _ABSENT)) for one in first.values()),
                ]
                for name in fields
            ),
        ],
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _cells(folder: StudyFolder) -> dict[str, Sequence[str]]:
    return {
        f"{cell['target']} after {labelled(folder, cell)}, "
        f"seed {cell['seed']}": cell["phases"]
        for cell in folder.description["cells"]
    }
