"""Plan, progress and results in the terminal, and results.md beside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

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
from xltransfer.report import plan
from xltransfer.report.matrix import (
    OTHERS,
    Matrix,
    label,
    markdown,
    matrices,
    signed,
)
from xltransfer.specification import Phase
from xltransfer.statistics import (
    ZERO_SHOT,
    Best,
    Comparison,
    Conclusions,
    Estimate,
)
from xltransfer.study import Cell, Study
from xltransfer.workspace import Workspace

_console = Console()


def silence() -> None:
    """Shows nothing from now on: another process does."""
    _console.quiet = True


def print_plan(
    planned: Study, workspace: Workspace, whole: bool = False
) -> None:
    """Prints the phases, how far each is and how many cells share it.

    Args:
      planned: the study.
      workspace: where it is.
      whole: print their tree too, and what they take.
    """
    known = study.states(planned, workspace)
    _say(f"plan of {planned.name}")
    _lines(plan.table(planned, known))
    if whole:
        _lines(["", *plan.tree(planned, known), ""])
        _lines(plan.takes(planned, workspace, known))
    _say(plan.summary(planned, workspace, known))
    _lines(f"note: {one}" for one in plan.notes(planned, workspace, known))


def _lines(texts: Iterable[str]) -> None:
    text = "\n".join(texts)
    if text:
        _say(text)


def print_results(
    planned: Study, workspace: Workspace, said: Conclusions
) -> None:
    """Prints the transfer matrices and writes them to `results.md`.

    Args:
      planned: the study.
      workspace: where it has been carried out.
      said: what is concluded from it.
    """
    rows = study.results(planned, workspace)
    found = matrices(
        rows,
        planned.direct,
        tuple(planned.controls),
        study.flags(planned, workspace),
    )
    for matrix in found:
        _print(_score_table(matrix, planned))
        if any(row.deltas for row in matrix.rows):
            _print(_delta_table(matrix, planned, said.comparisons))
        _lines(matrix.notes)
    _lines([*_said(said), *plan.scale(planned)])
    path = workspace.out / "results.md"
    overlaps = study.overlaps(planned, workspace)
    sections = [
        *(f"{one}\n" for one in plan.scale(planned)),
        *(_section(one, overlaps) for one in found),
        _closing(said),
    ]
    path.write_text("\n".join(filter(None, sections)))
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
        self._waited_for = ""

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
        if not _console.is_terminal and names != self._waited_for:
            _say(f"waiting for {names}")
        self._waited_for = names

    def evaluating(self, cell: Cell, language: str) -> None:
        """Names what is being evaluated."""
        self._progress.update(
            self._task,
            description=f"evaluating {cell.intermediate} seed {cell.seed}",
            total=None,
            note=language,
        )


def _section(matrix: Matrix, overlaps: list[Overlap]) -> str:
    """Returns a table, and below it what overlaps with its target."""
    lines = [f"{one}\n" for one in overlaps if one.target == matrix.target]
    return "\n".join([markdown(matrix), *lines])


def _names(one: Phase) -> list[str]:
    return [part.dataset.name for part in one.components]


def _score_table(matrix: Matrix, planned: Study) -> Table:
    seeds = len(planned.seeds)
    spread = (
        f"mean ± standard deviation over {seeds} seeds"
        if seeds > 1
        else f"seed {planned.seeds[0]}"
    )
    table = _table(
        f"{matrix.title}: {matrix.metric} in percent, {spread}", matrix
    )
    in_controls = False
    for row in matrix.rows:
        if row.label in planned.controls and not in_controls:
            table.add_section()
            in_controls = True
        cells = [_two_lines(row.scores.get(one)) for one in matrix.columns]
        table.add_row(escape(label(matrix, row)), *cells)
    return table


def _delta_table(
    matrix: Matrix, planned: Study, comparisons: Iterable[Comparison]
) -> Table:
    title = (
        f"{matrix.title}: delta to {planned.direct!r}, paired by seed, and "
        "95 % interval"
    )
    table = _table(title, matrix)
    known = {
        (one.intermediate, one.language): one
        for one in comparisons
        if one.key == matrix.key
    }
    for row in matrix.rows:
        if row.deltas:
            cells = [
                _delta(row.deltas.get(one), known.get((row.label, language)))
                for one, language in _languages(matrix)
            ]
            table.add_row(escape(label(matrix, row)), *cells)
    return table


def _languages(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Yields each column, and the language of comparisons in it."""
    for column in matrix.columns:
        yield column, ZERO_SHOT if column == OTHERS else column


def _delta(delta: Estimate | None, found: Comparison | None) -> str:
    """Returns a delta above its interval, or deviation; marks say how sure."""
    if delta is None:
        return "–"
    text = signed(delta.mean)
    if found is None:
        return text
    text += "*" * found.is_significant + "‡" * found.flagged
    if found.interval is None:
        return text
    return "{}\n{:+.1f}…{:+.1f}".format(text, *found.interval)


def _said(said: Conclusions) -> list[str]:
    """Returns how sure deltas are, and which intermediate is best, if any."""
    if not said.comparisons:
        return []
    marks = ["* p ≤ 0.05 after Holm"]
    if any(one.flagged for one in said.comparisons):
        marks.append("‡ of a degenerate or missing run")
    return [
        f"Marks: {', '.join(marks)}. {said.method}. {said.coverage}",
        *(_best(one, said.best) for one in said.best),
    ]


def _best(one: Best, every: Sequence[Best]) -> str:
    """Returns a choice, with what there are several of among all of them."""
    arm = [
        getattr(one, name)
        for name in ("model", "method")
        if len({getattr(other, name) for other in every}) > 1
    ]
    place = ", ".join([*arm, one.target])
    text = f"best for {place} by {one.chosen_by}: {one.intermediate}"
    if one.test_delta is not None:
        text += f", {one.test_delta.mean:+.1f} {one.metric} on test"
    if one.interval is not None:
        text += " ({:+.1f}…{:+.1f})".format(*one.interval)
    return f"{text}; {one.note}"


def _closing(said: Conclusions) -> str:
    """Returns the same and the limits for `results.md`."""
    lines = [*_said(said), *said.limits]
    return "".join(f"- {line}\n" for line in lines) if said.comparisons else ""


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
