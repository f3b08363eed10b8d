"""Deltas by language family and script, and what goes along with them."""

import statistics
from collections.abc import Sequence

from xltransfer.language_groups import groups
from xltransfer.report.boards import Board, interval, notes, signed
from xltransfer.report.contents import Contents
from xltransfer.report.document import Block, Cell, Fold, Section, Table
from xltransfer.report.shading import scale
from xltransfer.statistics.conclusions import Effect

_KINDS = {"families": "family", "scripts": "script"}
# What was seen in pretraining is not shown here.
_ANY = "xlmr"
# By row's label, by group, the group's mean delta.
Means = dict[str, dict[str, float]]


def section(contents: Contents) -> Section:
    """Returns the section on groups of languages."""
    blocks: list[Block] = []
    for kind, word in _KINDS.items():
        for number, (title, boards) in enumerate(contents.panels, start=1):
            boards = [one for one in boards if one.compared]
            if boards:
                blocks += _blocks(kind, word, title, boards, number)
    if contents.conclusions.effects:
        table = _effects(contents.conclusions.effects)
        blocks.append(Fold("What gains go along with", [table]))
    return Section("groups", "Families and scripts", blocks)


def _blocks(
    kind: str, word: str, title: str, boards: Sequence[Board], number: int
) -> list[Block]:
    single = [_means(kind, board) for board in boards]
    of = (
        f"the mean over {len(boards)} tables, each where it has such a language"
    )
    if len(boards) == 1:
        of = boards[0].title
    everything = _table(
        f"{kind}-{number}",
        f"{title}: mean delta by {word}, English left out; {of}.",
        word,
        _averaged(single),
        _counts(kind, boards),
        notes(boards),
    )
    folded = [
        _table(
            f"{kind}-{number}-{place}",
            f"{board.title}: mean delta by {word}, English left out.",
            *(word, means, _counts(kind, [board]), notes([board])),
        )
        for place, (board, means) in enumerate(
            zip(boards, single, strict=True), start=1
        )
    ]
    if len(folded) < 2:
        return [everything]
    return [everything, Fold(f"By {word}, target by target: {title}", folded)]


def _means(kind: str, board: Board) -> Means:
    return {
        board.label(row): getattr(
            groups(
                {
                    code: row.deltas[code].mean
                    for code in board.languages
                    if code in row.deltas
                },
                _ANY,
            ),
            kind,
        )
        for row in board.compared
    }


def _counts(kind: str, boards: Sequence[Board]) -> dict[str, str]:
    """Returns by group how many languages it has, over all tables."""
    codes = {code for board in boards for code in board.languages}
    found = {}
    for code in codes:
        for name in getattr(groups({code: 0.0}, _ANY), kind):
            found[name] = found.get(name, 0) + 1
    return {name: str(count) for name, count in found.items()}


def _averaged(single: Sequence[Means]) -> Means:
    """Returns the mean over tables of each group's mean."""
    labels = dict.fromkeys(label for one in single for label in one)
    found: Means = {}
    for label in labels:
        values: dict[str, list[float]] = {}
        for one in single:
            for name, value in one.get(label, {}).items():
                values.setdefault(name, []).append(value)
        found[label] = {k: statistics.fmean(v) for k, v in values.items()}
    return found


def _table(
    name: str,
    caption: str,
    word: str,
    means: Means,
    counts: dict[str, str],
    told: Sequence[str],
) -> Table:
    points = scale(x for one in means.values() for x in one.values())
    names = sorted({group for one in means.values() for group in one})
    rows = [
        [
            group,
            Cell(counts[group], float(counts[group])),
            *(_cell(one.get(group), points) for one in means.values()),
        ]
        for group in names
    ]
    columns = [word, "languages", *means]
    return Table(
        *(name, caption, columns, rows),
        notes=told,
        scale=points,
    )


def _cell(value: float | None, points: float) -> Cell:
    if value is None:
        return Cell("–")
    return Cell(signed(value), value, value / points)


def _effects(found: Sequence[Effect]) -> Table:
    rows = [
        [
            one.name,
            one.target or "all",
            one.metric,
            one.selection,
            Cell(signed(one.coefficient), one.coefficient),
            interval(one.interval),
            Cell(str(one.n), one.n),
            one.note,
        ]
        for one in found
    ]
    return Table(
        "effects",
        "What a property of the languages goes along with: points of delta for "
        "one unit of it, with a 95 % interval. An association, no cause.",
        ("property", "target", "metric", "rule", "points", "95 %", "n", "note"),
        rows,
    )
