"""A submission's scores in the terminal, a table a task."""

import statistics
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xltransfer.metrics import checklist
from xltransfer.metrics.averages import Averages
from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS
from xltransfer.scoring import Scores

_console = Console()
# A space, `100.0`, and a bar.
_CELL = 7
_METRIC = 17


def print_scores(scores: Scores) -> None:
    """Prints every value, the averages, and what is missing."""
    for name, by_language in scores.values.items():
        if name == checklist.TASK:
            _console.print(_failures(by_language))
            continue
        outputs = scores.outputs.get(name, {})
        joined = {
            code: values | outputs.get(code, {})
            for code, values in by_language.items()
        }
        for table in _task_tables(name, joined, scores.averages):
            _console.print(table)
    if scores.averages.tasks:
        _console.print(_summary(scores.averages))
    for note in scores.notes:
        _console.print(f"note: {escape(note)}", soft_wrap=True, highlight=False)


def _task_tables(
    name: str, by_language: dict[str, dict[str, float]], averages: Averages
) -> Iterator[Table]:
    """Yields tables of as many languages as the terminal is wide."""
    metrics = list(next(iter(by_language.values())))
    columns = {
        code: [values[metric] for metric in metrics]
        for code, values in by_language.items()
    }
    if name in averages.means:
        columns["mean"] = [averages.means[name].get(one) for one in metrics]
    room = max(3, (_console.width - _METRIC) // _CELL)
    known = f"{TASKS[name].title} ({name})" if name in TASKS else name
    title = f"{known}, percent"
    for part in _parts(list(columns), room):
        table = _table(title, "metric", part)
        title = None
        for row, metric in enumerate(metrics):
            cells = [_cell(columns[one][row]) for one in part]
            table.add_row(metric, *cells)
        yield table


def _failures(by_language: Mapping[str, Mapping[str, float]]) -> Table:
    """Returns a table of languages by tests; not every one has all tests."""
    tests = list(dict.fromkeys(x for one in by_language.values() for x in one))
    names = [
        one.removeprefix(checklist.FAILED).replace("_", " ") for one in tests
    ]
    table = Table(
        title="MultiCheckList (multichecklist), percent of cases that failed",
        title_justify="left",
        padding=(0, 0, 0, 1),
    )
    table.add_column("language", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for code, one in by_language.items():
        table.add_row(code, *(_cell(one.get(test)) for test in tests))
    table.add_section()
    means = [
        statistics.fmean(x[test] for x in by_language.values() if test in x)
        for test in tests
    ]
    table.add_row("mean", *map(_cell, means))
    return table


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _summary(found: Averages) -> Table:
    """Returns the benchmark's tasks, groups and overall score, then others."""
    known = BENCHMARKS.get(found.benchmark or "")
    title = "averages, percent"
    table = _table(title, known.title if known else "task", ["score", "over"])
    inside = known.tasks if known else tuple(found.tasks)
    _add_tasks(table, found, [one for one in found.tasks if one in inside])
    for name, value in found.groups.items():
        count = len(known.groups[name])
        table.add_row(name, f"{value:.1f}", f"{count} tasks")
    if found.overall is not None:
        table.add_section()
        count = len(known.tasks)
        table.add_row("overall", f"{found.overall:.1f}", f"{count} tasks")
        table.add_section()
    _add_tasks(table, found, [one for one in found.tasks if one not in inside])
    return table


def _add_tasks(table: Table, found: Averages, names: list[str]) -> None:
    for name in names:
        count = len(found.languages[name])
        score = f"{found.tasks[name]:.1f}"
        table.add_row(TASKS[name].title, score, f"{count} languages")
    table.add_section()


def _table(title: str | None, first: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", padding=(0, 0, 0, 1))
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True, min_width=5)
    return table


def _parts(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
