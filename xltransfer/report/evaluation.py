"""One checkpoint's numbers in the terminal: by language, family and script."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tasks.languages import ALL_LANGUAGES
from xltransfer.evaluation_runs import Made, Place
from xltransfer.language_groups import LanguageGroups
from xltransfer.metrics.benchmarks import TASKS
from xltransfer.report import scores as score_tables
from xltransfer.scoring import Scores
from xltransfer.selection import NOT_ZERO_SHOT
from xltransfer.trained import Trained
from xltransfer.vectors import FIELDS as VECTORS

_console = Console()
# `unseen: Haitian Creole`, and bars.
_LABEL = 26


def shown(made: Iterable[Made], total: int) -> list[Made]:
    """Returns what is made, showing how far it has come."""
    with Progress(
        TextColumn("evaluated"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=_console,
        transient=True,
    ) as progress:
        task, found = progress.add_task("", total=total), []
        for part, records in made:
            found.append((part, records))
            progress.update(task, advance=1, description=part.dataset.name)
    return found


def print_evaluation(
    scores: Scores, model: Trained, place: Place, made: Sequence[Made]
) -> None:
    """Prints every value, means over groups of languages, and what is where.

    Of retrieval also how vectors were made.
    """
    vectors = {
        one["task"]: {key: one[key] for key in VECTORS if key in one}
        for _, records in made
        for one in records
        if VECTORS[0] in one
    }
    rule = model.protocol["selection"]
    if rule in NOT_ZERO_SHOT:
        _say(f"{rule}: not zero-shot, {NOT_ZERO_SHOT[rule]}")
    score_tables.print_scores(scores)
    if scores.languages:
        for part in _parts(scores.languages):
            _console.print(_group_table(part, model.family))
    for name, one in vectors.items():
        known = ", ".join(f"{key} {value}" for key, value in one.items())
        _say(f"{name}: vectors of {known}")
    _say(f"{place.results} · {place.out / 'predictions'}")


def _parts(
    languages: Mapping[str, LanguageGroups],
) -> Iterator[dict[str, LanguageGroups]]:
    """Yields as many tasks at a time as the terminal is wide."""
    part: dict[str, LanguageGroups] = {}
    room = _console.width - _LABEL
    for name, one in languages.items():
        width = len(_title(name)) + 2
        if part and width > room:
            yield part
            part, room = {}, _console.width - _LABEL
        part[name] = one
        room -= width
    if part:
        yield part


def _title(name: str) -> str:
    return TASKS[name].title if name in TASKS else name


def _group_table(languages: Mapping[str, LanguageGroups], family: str) -> Table:
    """Returns a table of groups by tasks."""
    table = Table(
        title="means over languages but English, percent",
        title_justify="left",
        padding=(0, 0, 0, 1),
    )
    table.add_column("languages", no_wrap=True)
    for name in languages:
        table.add_column(escape(_title(name)), justify="right", no_wrap=True)

    def add(label: str, values: list[float | None]) -> None:
        cells = ["–" if one is None else f"{one:.1f}" for one in values]
        table.add_row(escape(label), *cells)

    found = list(languages.values())
    for kind in ("families", "scripts"):
        tables = [getattr(one, kind) for one in found]
        for name in sorted({name for one in tables for name in one}):
            add(name, [one.get(name) for one in tables])
        table.add_section()
    title = {"xlmr": "XLM-R", "mt5": "mT5"}[family]
    add(f"seen by {title}", [one.seen for one in found])
    for code in sorted({code for one in found for code in one.unseen}):
        name = ALL_LANGUAGES[code].name
        add(f"unseen: {name}", [x.unseen.get(code) for x in found])
    table.add_section()
    add("English minus mean", [one.transfer_gap for one in found])
    return table


def _say(text: str) -> None:
    _console.print(text, markup=False, highlight=False, soft_wrap=True)
