"""What the phases of a study need on a machine, as a table."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xltransfer.budget import Line
from xltransfer.topology.chips import GIB
from xltransfer.topology.machine import Machine
from xltransfer.topology.step import Step

COLUMNS = (
    "shape",
    "phases",
    "B",
    "params",
    "optim.",
    "temp.",
    "total",
    "free",
    "TFLOP",
    "HBM GB",
    "ms",
    "bound by",
    "ex/s",
    "hours",
)


def print_budget(
    lines: Iterable[Line], machine: Machine, price: float | None
) -> None:
    """Prints what every phase needs, what is exchanged, hours and cost.

    Args:
      lines: of `budget`.
      machine: what it was compiled for.
      price: of one chip for one hour, in any currency.
    """
    lines = list(lines)
    console = Console()
    table = Table(title=f"on {machine.name}: {len(machine.devices)} chips")
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if number else "left")
    for line in lines:
        table.add_row(*map(escape, _row(line, line.step)))
        if line.change:
            table.add_row(
                *map(escape, _row(line, line.change[1], line.change[0]))
            )
    console.print(table)
    for text in notes(lines, machine, price):
        console.print(text, markup=False, highlight=False)


def _row(line: Line, step: Step, change: str = "") -> tuple[str, ...]:
    seconds = step.seconds
    bounds = step.bounds
    return (
        f"  {change}" if change else line.label,
        str(line.count or ""),
        str(line.rows),
        _gib(step.parameter_bytes),
        _gib(step.optimizer_bytes),
        "?" if step.temporary_bytes is None else _gib(step.temporary_bytes),
        _gib(step.total_bytes),
        _free(step),
        f"{step.flops / 1e12:.3g}",
        f"{step.memory_traffic / 1e9:.3g}" if step.memory_traffic else "?",
        "?" if seconds is None else f"{seconds * 1e3:.3g}",
        max(bounds, key=bounds.get) if bounds else "?",
        f"{line.examples / seconds:.3g}" if seconds and line.examples else "",
        f"{seconds * line.updates / 3600:.2f}"
        if seconds and line.updates
        else "",
    )


def _free(step: Step) -> str:
    if step.fits is None:
        return "?"
    return f"{step.headroom:.0%}" if step.fits else "does not fit"


def _gib(size: int) -> str:
    return f"{size / GIB:.3f}"


def notes(
    lines: list[Line], machine: Machine, price: float | None
) -> Iterable[str]:
    """Yields what stands below the table."""
    yield (
        "Memory in GiB a chip; TFLOP and GB a step and chip; ms: the longest "
        "of compute, memory and network at the published rates, a lower bound."
    )
    for line in lines:
        exchanged = ", ".join(
            f"{kind} {size / 1e6:.3g} MB"
            for kind, size in line.chosen.exchanged
        )
        yield (
            f"{line.label}: {line.step.parameters:,} parameters; exchanged a "
            f"step and chip: {exchanged or 'nothing'}"
        )
        if line.step.fits is False and not line.change:
            yield (
                f"{line.label}: no change of microbatches, remat or fsdp that "
                "was tried makes it fit; take more or larger chips."
            )
    if machine.chip is None:
        yield (
            f"{machine.name}: rates and memory of "
            f"{machine.devices[0].device_kind!r} are not known, so no time."
        )
        return
    hours = sum(line.hours or 0 for line in lines)
    cost = ""
    if price is not None:
        cost = f", {hours * len(machine.devices) * price:,.2f} at {price} each"
    yield (
        f"all updates: {hours:.2f} h, {hours * len(machine.devices):.1f} "
        f"chip-hours{cost}; evaluation, checkpoints and start not counted"
    )
    if machine.slices > 1:
        yield "The network between slices is slower; its time is not counted."
