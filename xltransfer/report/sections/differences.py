"""Which fields of configuration differ between the phases of cells."""

import json
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
from xltransfer.report.study_folder import PhaseRecord, StudyFolder

# What must differ between two cells, and says nothing of how they trained.
_IDENTITY = ("seed", "parent", "init")
_DATA = ("components", "validation")
_ABSENT = "–"


def section(contents: Contents) -> Section:
    """Returns what differs where nothing should, and a choice of two cells."""
    folder = contents.folder
    flat = {name: flattened(one) for name, one in folder.phases.items()}
    unlike = [
        f"{where}: its target phase also differs in {fields}."
        for where, fields in unlike_rows(folder, flat)
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
        blocks.append(_varying(folder, flat))
    blocks.append(Comparer(_cells(folder), flat))
    return Section("differences", "Configuration differences", blocks)


def unlike_rows(
    folder: StudyFolder, flat: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Returns rows whose target phase is another training, and in what."""
    cells = folder.description["cells"]
    direct = {
        (folder.arm(one), one["target"], one["seed"]): flat[one["phases"][-1]]
        for one in cells
        if one["intermediate"] == folder.direct
    }
    found: dict[tuple[str, str, str], None] = {}
    for cell in cells:
        key = folder.arm(cell), cell["target"], cell["seed"]
        other = direct.get(key)
        if other is None or cell["intermediate"] in folder.controls:
            continue
        own = flat[cell["phases"][-1]]
        if not (own and other):
            continue
        fields = [x for x in differing([own, other]) if x not in _IDENTITY]
        if fields:
            shown = ", ".join(fields)
            found[labelled(folder, cell), cell["target"], shown] = None
    return [(f"{target} after {row}", fields) for row, target, fields in found]


def labelled(folder: StudyFolder, cell: Mapping[str, Any]) -> str:
    """Returns a row's label, with model and method where there are several."""
    arm = folder.arm(cell)
    return f"{cell['intermediate']} ({arm})" if arm else cell["intermediate"]


def flattened(phase: PhaseRecord) -> dict[str, str]:
    """Returns a configuration as field -> text; none if it never began."""
    found: dict[str, str] = {}

    def add(where: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, one in value.items():
                add(f"{where}.{name}" if where else name, one)
        elif isinstance(value, list) and any(
            isinstance(x, dict) for x in value
        ):
            for number, one in enumerate(value):
                add(f"{where}[{number}]", one)
        else:
            is_text = isinstance(value, str)
            shown = value if is_text else json.dumps(value, ensure_ascii=False)
            found[where] = shown

    if phase.data:
        add("", dict(phase.configuration))
    return found


def differing(configurations: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns the fields that are not alike everywhere, in their order."""
    fields = dict.fromkeys(name for one in configurations for name in one)
    return [
        name
        for name in fields
        if len({one.get(name, _ABSENT) for one in configurations}) > 1
    ]


def _varying(
    folder: StudyFolder, flat: Mapping[str, Mapping[str, str]]
) -> Table:
    """Returns what differs between intermediates' phases: fields by rows."""
    first: dict[str, Mapping[str, str]] = {}
    data: dict[str, str] = {}
    for cell in folder.description["cells"]:
        for name in cell["phases"][:-1]:
            if folder.phases[name].kind == "intermediate" and flat[name]:
                label = labelled(folder, cell)
                first.setdefault(label, flat[name])
                data.setdefault(label, " + ".join(folder.phases[name].data))
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
