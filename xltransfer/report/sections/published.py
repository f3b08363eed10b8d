"""The study's numbers beside published ones of the same protocol."""

import statistics
from collections.abc import Iterator, Sequence

from xltransfer import published
from xltransfer.published import Number
from xltransfer.report.boards import Board, language_name
from xltransfer.report.contents import Contents
from xltransfer.report.document import (
    Block,
    Cell,
    Fold,
    Points,
    Section,
    Table,
    Text,
)
from xltransfer.statistics import Estimate, estimate

_OPEN = 2
_COLUMNS = ("model", "languages", "percent", "from", "evidence")


def section(contents: Contents) -> Section:
    """Returns a table for each target that has published numbers."""
    folder = contents.folder
    blocks: list[Block] = []
    without: list[str] = []
    for number, board in enumerate(contents.zero_shot, start=1):
        names = folder.evaluation(board.target)["present"]
        tasks = {name.rpartition(".")[0] for name in names}
        found = _found(tasks, board)
        if folder.description["targets"][board.target]["split"] != "test":
            without.append(f"{board.title}: not the test split.")
        elif not found:
            without.append(f"{board.title}: {_why(tasks, board)}")
        else:
            shown = _table(board, found, number)
            blocks.append(Fold(board.title, [shown], open=len(blocks) < _OPEN))
    if blocks:
        blocks.insert(0, Text(_HOW))
    if without:
        blocks.append(Text("Beside these stands no published number:"))
        blocks.append(Points(without))
    return Section("published", "Beside published numbers", blocks)


_HOW = (
    "Published numbers of the same task, metric and languages, zero-shot: "
    "trained on English alone, chosen on English dev data, scored on test. "
    "Their models, data and hyperparameters are their own; none is a baseline "
    "of this study. Evidence: P in a paper or a project's README, I in an issue "
    "or pull request, D derived."
)


def _found(tasks: set[str], board: Board) -> list[Number]:
    if len(tasks) != 1:
        return []
    return list(
        published.comparable(
            *tasks, metric=board.metric, evaluated=board.languages
        )
    )


def _why(tasks: set[str], board: Board) -> str:
    known = [
        one
        for task in tasks
        for one in published.comparable(task, metric=board.metric)
    ]
    if not known:
        return "none is known."
    wanted = max(len(one.languages) for one in known)
    return (
        f"it was evaluated in {len(board.languages)} languages, theirs is an "
        f"average over {wanted}."
    )


def _table(board: Board, found: Sequence[Number], number: int) -> Table:
    rows = [*_own(board, found), *map(_theirs, found)]
    return Table(
        f"published-{number}",
        f"{board.title}: beside published numbers.",
        _COLUMNS,
        rows,
        notes=board.notes,
    )


def _own(board: Board, found: Sequence[Number]) -> Iterator[list[Cell | str]]:
    """Yields the study's rows, over the languages of each published kind."""
    kinds = dict.fromkeys((one.language, one.languages) for one in found)
    for language, codes in kinds:
        for row in board.matrix.rows:
            score = _score(board, row.label, set(codes))
            if score is not None:
                yield [
                    f"{board.arm}, {board.label(row)}",
                    _over(language, len(codes)),
                    Cell(str(score), score.mean, strong=True),
                    "this study",
                    "",
                ]


def _score(board: Board, label: str, codes: set[str]) -> Estimate | None:
    """Returns the mean over languages, English as well; None if one lacks."""
    by_seed: dict[int, dict[str, float]] = {}
    for row in board.results:
        if row["intermediate"] == label:
            by_seed.setdefault(row["seed"], {})[row["language"]] = row["value"]
    values = [
        statistics.fmean(one[code] for code in sorted(codes))
        for one in by_seed.values()
        if codes <= set(one)
    ]
    return estimate(values) if values else None


def _theirs(one: Number) -> list[Cell | str]:
    place = f"{one.table}: {one.note}" if one.note else one.table
    return [
        one.model,
        _over(one.language, len(one.languages)),
        Cell(f"{one.value:.1f}", one.value),
        place,
        one.evidence,
    ]


def _over(language: str, count: int) -> str:
    if language == published.AVERAGE:
        return f"mean of {count}"
    return language_name(language)
