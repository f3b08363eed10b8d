"""What the phases of a study need on a machine, as tables."""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from xltransfer.budget import Line, Missing
from xltransfer.report.columns import aligned
from xltransfer.topology.chips import GIB
from xltransfer.topology.machine import Machine
from xltransfer.topology.step import Step

MEMORY = (
    "shape of phase",
    "phases",
    "rows",
    "parameters",
    "optimizer",
    "temporary",
    "total",
    "free",
)
WORK = ("shape of phase", "TFLOP", "GB", "ms", "bound by", "examples/s", "h")
NETWORK = ("shape of phase", "collective", "MB")


def print_budget(
    found: Iterable[Line | Missing],
    machine: Machine,
    price: float | None,
    asked: Sequence[str],
    data: bool,
) -> None:
    """Prints what every phase needs, what is exchanged, hours and cost.

    Args:
      found: of `budget`.
      machine: what it was compiled for.
      price: of one chip for one hour, in any currency.
      asked: the study's file, and what else its command line binds.
      data: whether official files are at hand.
    """
    found = list(found)
    lines = [one for one in found if isinstance(one, Line)]
    for text in report(lines, machine, price) if lines else ():
        print(text)
    # Several phases lack the same.
    for one in dict.fromkeys(x for x in found if isinstance(x, Missing)):
        print(f"{one.label}: left out. {one.why}")
    if lines and machine.rented:
        print(
            "\nTo run it there, as it fits:\n"
            + launching(lines, machine, asked, data)
        )


def launching(
    lines: Sequence[Line], machine: Machine, asked: Sequence[str], data: bool
) -> str:
    """Returns the command that runs a study on a slice, with all changes.

    It has a place for official files where they are at hand, or were missed.
    """
    settings: dict[str, str | int] = {}
    for line in lines:
        for name, value in line.change.settings if line.change else ():
            other = settings.get(name)
            is_more = isinstance(other, int) and other > value
            settings[name] = other if is_more else value
    words = ["./launch_tpu.sh", "run", "NAME", "--zone", "ZONE"]
    words += ["--type", machine.rented]
    if machine.slices > 1:
        words += ["--slices", str(machine.slices)]
    words += ["--bucket", "gs://BUCKET/NAME"]
    if data or any(line.unread for line in lines):
        words += ["--data", "gs://BUCKET/DATA"]
    words += ["--", *asked]
    words += [f"--gin.{name}={value!r}" for name, value in settings.items()]
    return f"  {shlex.join(words)}"


def report(
    lines: Sequence[Line], machine: Machine, price: float | None
) -> Iterator[str]:
    """Yields the lines that `print_budget` prints."""
    steps = [pair for line in lines for pair in _steps(line)]
    chip = machine.chip
    what = f"of {chip.memory / GIB:.2f} GiB" if chip else "of unknown memory"
    yield f"\n{machine.name}: {len(machine.devices)} chips {what}"
    yield "\nmemory of a chip at the tallest batch, MiB"
    yield from _table([MEMORY, *(_memory(*pair) for pair in steps)])
    yield "\none step on a chip, and the shortest time that it can take"
    yield from _table([WORK, *(_work(*pair) for pair in steps)])
    yield "\nresults of collectives, a step and chip"
    yield from _table(
        [NETWORK, *(row for line in lines for row in _network(line))]
    )
    yield ""
    yield from _notes(lines, machine, price)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yields rows, all but their labels set right."""
    yield from aligned(rows, range(1, len(rows[0])))


def _steps(line: Line) -> Iterator[tuple[Line, str, Step]]:
    yield line, _label(line), line.step
    if line.change:
        yield line, f"  with {line.change.name}", line.change.step


def _memory(line: Line, label: str, step: Step) -> tuple[str, ...]:
    return (
        label,
        str(line.count or ""),
        str(line.rows),
        _mib(step.parameter_bytes),
        _mib(step.optimizer_bytes),
        "?" if step.temporary_bytes is None else _mib(step.temporary_bytes),
        _mib(step.total_bytes),
        _free(step),
    )


def _work(line: Line, label: str, step: Step) -> tuple[str, ...]:
    seconds, bounds = step.seconds, step.bounds
    traffic = step.memory_traffic
    row = (
        label,
        f"{step.flops / 1e12:.3g}",
        f"{traffic / 1e9:.3g}" if traffic else "?",
    )
    if seconds is None:
        return (*row, "?", "?", "?", "?")
    rate = f"{line.examples / seconds:,.0f}" if line.examples else ""
    hours = f"{seconds * line.updates / 3600:.3f}" if line.updates else ""
    bound = max(bounds, key=bounds.get)
    return (*row, f"{seconds * 1e3:.3f}", bound, rate, hours)


def _network(line: Line) -> Iterator[tuple[str, ...]]:
    for kind, size in line.chosen.exchanged or (("none", 0),):
        yield _label(line), kind, f"{size / 1e6:.3f}"


def _label(line: Line) -> str:
    return f"{line.label} *" if line.unread else line.label


def _free(step: Step) -> str:
    if step.fits is None:
        return "?"
    return f"{step.headroom:.0%}" if step.fits else "does not fit"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f}"


def _notes(
    lines: Sequence[Line], machine: Machine, price: float | None
) -> Iterator[str]:
    """Yields what stands below the tables."""
    if why := next((line.unread for line in lines if line.unread), ""):
        yield (
            "* A bound: its data could not be read, so that every example is "
            f"taken to fill a row. Among the reasons: {why}"
        )
    for line in lines:
        if line.step.fits is False and not line.change:
            yield (
                f"{line.label}: does not fit with more microbatches, remat or "
                "a wider fsdp either; take more or larger chips."
            )
    if machine.chip is None:
        kind = machine.devices[0].device_kind
        yield f"No time is given: the rates of {kind!r} are not known."
        return
    yield (
        "The time is the longest of compute, memory and network at the chip's "
        "published rates: a bound that no run reaches."
    )
    if machine.slices > 1:
        yield "The network between slices is slower; its time is not counted."
    hours = sum(line.hours or 0 for line in lines)
    chips = hours * len(machine.devices)
    cost = "" if price is None else f", {chips * price:,.2f} at {price:g} each"
    yield (
        f"All updates: {hours:.3f} h, {chips:.2f} chip-hours{cost}; without "
        "start, evaluation and checkpoints."
    )
