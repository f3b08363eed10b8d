"""Every phase: what it trained on, how long it took, and what it chose."""

import statistics
from collections.abc import Sequence

from xltransfer.components import shortened
from xltransfer.report.contents import Contents
from xltransfer.report.document import Cell, Section, Table
from xltransfer.report.study_folder import PhaseRecord

_COLUMNS = (
    *("phase", "data", "seed", "cells", "steps", "chosen", "dev", "time"),
    *("examples/s", "tokens/s", "padding", "device", "state"),
)

_KINDS = ("pretrain", "intermediate", "target")


def section(contents: Contents) -> Section:
    """Returns a summary by kind, and the table of all phases."""
    folder = contents.folder
    every = sorted(
        folder.phases.values(), key=lambda one: _KINDS.index(one.kind)
    )
    shared = {
        name: sum(
            name in cell["phases"] for cell in folder.description["cells"]
        )
        for name in folder.phases
    }
    whole = Table(
        "phases",
        "Every phase. Times and rates are those since its last (re)start; "
        "padding is the share of positions that hold no token.",
        _COLUMNS,
        [_row(one, shared[one.name]) for one in every],
        searched=True,
        long=True,
    )
    return Section("phases", "Phases", [_summary(every), whole])


def _summary(every: Sequence[PhaseRecord]) -> Table:
    kinds = dict.fromkeys(one.kind for one in every)
    rows = [_sums(kind, [x for x in every if x.kind == kind]) for kind in kinds]
    return Table(
        "phases-by-kind",
        "Phases by kind: those done, their time together, and medians of their "
        "rates.",
        ("kind", "phases", "done", "time", "examples/s", "tokens/s", "padding"),
        [*rows, _sums("all", every)],
    )


def _sums(label: str, phases: Sequence[PhaseRecord]) -> list[Cell | str]:
    done = [one.done for one in phases if one.done is not None]
    seconds = sum(one["seconds"] for one in done)
    return [
        label,
        _cell(len(phases)),
        _cell(len(done)),
        Cell(duration(seconds), seconds),
        *(
            _cell(_median([one[name] for one in done if name in one]), shape)
            for name, shape in (
                ("examples_per_second", "{:,.0f}"),
                ("tokens_per_second", "{:,.0f}"),
                ("padding_share", "{:.1%}"),
            )
        ),
    ]


def _row(one: PhaseRecord, cells: int) -> list[Cell | str]:
    done = one.done or {}
    environment = one.environment or {}
    device = environment.get("device_kind", "")
    if environment.get("devices", 1) > 1:
        device = f"{environment['devices']} × {device}"
    steps = one.configuration["training"].get("steps")
    return [
        one.name,
        shortened(one.data),
        Cell(str(one.seed), one.seed) if one.seed >= 0 else "–",
        _cell(cells),
        _cell(done.get("steps", steps)),
        _cell(done.get("step")),
        _cell(done.get("score"), "{:.1f}"),
        Cell(duration(done["seconds"]), done["seconds"]) if done else Cell("–"),
        _cell(done.get("examples_per_second"), "{:,.0f}"),
        _cell(done.get("tokens_per_second"), "{:,.0f}"),
        _cell(done.get("padding_share"), "{:.1%}"),
        device,
        "done" if done else _state(one),
    ]


def _state(one: PhaseRecord) -> str:
    if not one.curve:
        return "not begun"
    return f"at step {one.curve[-1]['step']:,}"


def duration(seconds: float) -> str:
    """Returns `1 h 02 min`, `3 min 20 s` or `4.2 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min"


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _cell(value: float | None, shape: str = "{:,}") -> Cell:
    return Cell("–") if value is None else Cell(shape.format(value), value)
