"""Plan, progress and results in the terminal, and results.md beside them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from xltransfer import phase, study
from xltransfer.claims import Holder
from xltransfer.components import shortened
from xltransfer.overlap import Overlap
from xltransfer.report.matrix import Matrix, Row, markdown, matrices
from xltransfer.specification import Phase
from xltransfer.study import Cell, Study
from xltransfer.workspace import Workspace, finished

_console = Console()


def silence() -> None:
    """Shows nothing from now on: another process does."""
    _console.quiet = True


def print_plan(planned: Study, workspace: Workspace) -> None:
    """Prints phases, which of them are done and how many cells share each."""
    shared = Counter(
        ancestor
        for cell in study.cells(planned)
        for ancestor in _line(cell.phase)
    )
    table = Table(title=f"plan of {planned.name}")
    for column in ("phase", "data", "steps", "seed", "cells", "state"):
        table.add_column(column, no_wrap=True)
    for one, asked in study.rules_of(planned, workspace).items():
        done = finished(one, workspace, asked) is not None
        table.add_row(
            workspace.directory(one).name,
            shortened(_names(one)),
            str(one.training.steps),
            str(one.seed),
            str(shared[one]),
            "done" if done else "to do",
        )
    _print(table)
    _say(_summary(planned, workspace))
    for line in _notes(planned, workspace):
        _say(f"note: {line}")


def print_results(planned: Study, workspace: Workspace) -> None:
    """Prints the transfer matrices and writes them to `results.md`."""
    found = matrices(
        study.results(planned, workspace),
        planned.direct,
        tuple(planned.controls),
    )
    for matrix in found:
        _print(_score_table(matrix, planned))
        if any(row.deltas for row in matrix.rows):
            _print(_delta_table(matrix, planned))
    path = workspace.out / "results.md"
    overlaps = study.overlaps(planned, workspace)
    path.write_text("\n".join(_section(one, overlaps) for one in found))
    _say(f"{workspace.out / 'results.csv'} · {path}")


class ProgressDisplay:
    """Shows which phase runs, its rate and the time left."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(),
            console=_console,
        )
        self._task = self._progress.add_task("start", total=None, note="")

    def __enter__(self) -> "ProgressDisplay":
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def phase(self, number: int, total: int, started: Phase) -> phase.Progress:
        """Starts a phase's bar."""
        names = shortened(_names(started))
        self._progress.reset(
            self._task,
            description=f"[{number}/{total}] {started.kind} {names}",
            total=started.training.steps,
            note="",
        )

        def update(step: int, metrics: Mapping[str, float]) -> None:
            note = (
                f"loss {metrics['loss']:.3f} "
                f"{metrics['examples_per_second']:.0f} examples/s"
            )
            self._progress.update(self._task, completed=step, note=note)
            if not _console.is_terminal:
                _say(
                    f"[{number}/{total}] {started.kind} {names}: step {step} "
                    f"of {started.training.steps}, {note}"
                )

        return update

    def waiting(self, holders: Sequence[Holder]) -> None:
        """Names whom this worker waits for."""
        names = ", ".join(dict.fromkeys(map(str, holders)))
        self._progress.update(
            self._task, description="waiting for", total=None, note=names
        )

    def evaluating(self, cell: Cell, language: str) -> None:
        """Names what is being evaluated."""
        self._progress.update(
            self._task,
            description=f"evaluating {cell.intermediate} seed {cell.seed}",
            total=None,
            note=language,
        )


def _notes(planned: Study, workspace: Workspace) -> list[str]:
    """Returns what a reader must know.

    Which languages are missing, and which scores are not zero-shot.
    """
    found = {}
    for cell in study.cells(planned):
        absent = study.evaluated(cell, workspace)[1]
        if absent:
            found[cell.evaluation] = (
                f"{cell.evaluation} is not evaluated on {', '.join(absent)}: "
                "their files are not in the data directory."
            )
    return [*found.values(), *map(str, study.overlaps(planned, workspace))]


def _section(matrix: Matrix, overlaps: list[Overlap]) -> str:
    """Returns a table, and below it what overlaps with its target."""
    lines = [f"{one}\n" for one in overlaps if one.target == matrix.target]
    return "\n".join([markdown(matrix), *lines])


def _line(one: Phase) -> list[Phase]:
    return [one] if one.parent is None else [one, *_line(one.parent)]


def _names(one: Phase) -> list[str]:
    return [part.dataset.name for part in one.components]


def _summary(planned: Study, workspace: Workspace) -> str:
    every = study.rules_of(planned, workspace)
    done = sum(
        finished(one, workspace, asked) is not None
        for one, asked in every.items()
    )
    alone = sum(len(_line(cell.phase)) for cell in study.cells(planned))
    return (
        f"{len(every)} phases, {done} done; without sharing it would be "
        f"{alone} · {workspace.out}"
    )


def _score_table(matrix: Matrix, planned: Study) -> Table:
    seeds = len(planned.seeds)
    spread = (
        f"mean ± standard deviation over {seeds} seeds"
        if seeds > 1
        else f"seed {planned.seeds[0]}"
    )
    table = _table(
        f"{matrix.target}: {matrix.metric} in percent, {spread}", matrix
    )
    in_controls = False
    for row in matrix.rows:
        if row.label in planned.controls and not in_controls:
            table.add_section()
            in_controls = True
        cells = [_two_lines(row.scores.get(one)) for one in matrix.columns]
        table.add_row(escape(row.label), *cells)
    return table


def _delta_table(matrix: Matrix, planned: Study) -> Table:
    table = _table(
        f"{matrix.target}: delta to {planned.direct!r}, paired by seed", matrix
    )
    for row in matrix.rows:
        if row.deltas:
            table.add_row(escape(row.label), *_signed(row, matrix))
    return table


def _table(title: str, matrix: Matrix) -> Table:
    if matrix.rule:
        title += f" · {matrix.rule}"
    table = Table(title=title, padding=(0, 0, 0, 1))
    table.add_column("intermediate", no_wrap=True)
    for column in matrix.columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _two_lines(one: object) -> str:
    return "–" if one is None else str(one).replace(" ", "\n")


def _signed(row: Row, matrix: Matrix) -> list[str]:
    cells = []
    for column in matrix.columns:
        one = row.deltas.get(column)
        sign = "+" if one is not None and one.mean >= 0 else ""
        cells.append(sign + _two_lines(one))
    return cells


def _say(text: str) -> None:
    """Prints a line as it is: a pipe gets no line breaks within."""
    _console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print(table: Table) -> None:
    """Prints a table whole: a pipe has no width to fold it to.

    Its title stands above it, since a title within is folded to the table.
    """
    _say(str(table.title))
    table.title = None
    wide = Console(width=1000)
    width = max(_console.width, wide.measure(table).maximum)
    Console(width=width, file=_console.file, quiet=_console.quiet).print(table)
