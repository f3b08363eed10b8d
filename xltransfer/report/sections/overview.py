"""The transfer matrix over all targets, and what stands out in it."""

import statistics
from collections.abc import Iterator, Sequence

from xltransfer.report.boards import Board, interval, notes, signed
from xltransfer.report.comparisons import comparisons
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
from xltransfer.report.matrix import Row
from xltransfer.report.shading import STAR, scale
from xltransfer.statistics.conclusions import Best, Comparison

_SHOWN = 12
_MEANS = (
    "Deltas of means over languages to direct transfer, with 95 % intervals and "
    "p after Holm. Matched: an English intermediate of the same problem had as "
    "many examples, so size explains no difference to it."
)
_ENGLISH = (
    "Size-matched: intermediates against the English one of the same problem "
    "with as many examples, of means over languages."
)
# Rows of a table that nobody need open.
_OPEN = 12
_SHORT = {"exact_match": "EM", "f1": "F1"}


def section(contents: Contents) -> Section:
    """Returns the section with the answer."""
    blocks: list[Block] = [Points(list(_sentences(contents)))]
    for number, (title, boards) in enumerate(contents.panels, start=1):
        blocks.append(_matrix(f"transfer-{number}", title, boards))
    means = [one for one in contents.conclusions.comparisons if one.is_mean]
    if means:
        title = "The same with intervals and tests"
        blocks.append(Fold(title, [comparisons("means", _MEANS, means)]))
    english = [x for x in contents.conclusions.against_english if x.is_mean]
    if english:
        table = comparisons("against-english", _ENGLISH, english)
        is_short = len(english) <= _OPEN
        blocks.append(Fold("Against English at equal size", [table], is_short))
    if contents.conclusions.best:
        blocks += _best(contents.conclusions.best)
    return Section("result", "Result", blocks)


def _sentences(contents: Contents) -> Iterator[str]:
    if not contents.boards:
        yield "There is no result yet."
        return
    means = [one for one in contents.conclusions.comparisons if one.is_mean]
    tested = [one for one in means if one.p_holm is not None]
    if not tested:
        yield (
            "No delta was tested: that takes two seeds or more without a "
            "flagged run."
        )
        return
    found = [one for one in tested if one.is_significant]
    yield (
        f"Of {len(tested)} mean deltas over languages, {len(found)} "
        f"{'differs' if len(found) == 1 else 'differ'} from no effect at 5 % "
        "after Holm's correction."
    )
    found.sort(key=lambda one: -abs(one.estimate.mean))
    yield from map(_sentence, found[:_SHOWN])
    if len(found) > _SHOWN:
        yield f"And {len(found) - _SHOWN} more, marked * below."


def _sentence(one: Comparison) -> str:
    text = (
        f"{one.intermediate} → {one.target} ({one.metric}, {one.selection}): "
        f"{signed(one.estimate.mean)} points"
    )
    if one.interval:
        text += f", 95 % interval {interval(one.interval)}"
    return text + "."


def _matrix(name: str, title: str, boards: Sequence[Board]) -> Table:
    """Returns intermediates by targets: the mean over languages."""
    labels = dict.fromkeys(
        row.label for board in boards for row in board.matrix.rows
    )
    points = scale(
        row.deltas[board.mean].mean
        for board in boards
        for row in board.compared
        if board.mean in row.deltas
    )
    direct = boards[0].direct
    # The mean over targets says nothing new of one.
    width = len(boards) + 1 + (len({one.target for one in boards}) > 1)
    rows = [
        [
            _named(label, boards),
            *_cells(label, boards, points),
            _mean(label, boards, points),
        ]
        for label in labels
        if any(label == row.label for one in boards for row in one.compared)
    ]
    return Table(
        name,
        f"Transfer matrix, {title}: delta to {direct!r} in points, paired by "
        "seed, of the mean over languages but English. The first row is "
        f"{direct!r} itself, in percent.",
        ["intermediate", *map(_column, boards), "all targets"][:width],
        [
            row[:width]
            for row in ([_named(direct, boards), *_scores(boards), ""], *rows)
        ],
        notes=[STAR, *notes(boards)],
        scale=points,
        pinned=1,
    )


def _named(label: str, boards: Sequence[Board]) -> str:
    marks = "†" * any(label in one.overlaps for one in boards)
    marks += "‡" * any(label in one.degenerate for one in boards)
    return f"{label} {marks}".rstrip()


def _column(board: Board) -> str:
    return f"{board.target} {_SHORT.get(board.metric, board.metric)}"


def _row(label: str, board: Board) -> Row | None:
    return next((x for x in board.matrix.rows if x.label == label), None)


def _scores(boards: Sequence[Board]) -> list[Cell]:
    found = []
    for board in boards:
        row = _row(board.direct, board)
        score = row and row.scores.get(board.mean)
        found.append(
            Cell(f"{score.mean:.1f}", score.mean, note=str(score))
            if score
            else Cell("–")
        )
    return found


def _cells(label: str, boards: Sequence[Board], points: float) -> list[Cell]:
    rows = [(_row(label, board), board) for board in boards]
    return [
        board.delta(row, board.mean, points) if row else Cell("–")
        for row, board in rows
    ]


def _mean(label: str, boards: Sequence[Board], points: float) -> Cell:
    """Returns the mean over targets, of several metrics of one their mean."""
    targets: dict[str, list[float]] = {}
    for board in boards:
        row = _row(label, board)
        if row is None or board.mean not in row.deltas:
            return Cell("–")
        mean = row.deltas[board.mean].mean
        targets.setdefault(board.target, []).append(mean)
    value = statistics.fmean(map(statistics.fmean, targets.values()))
    return Cell(
        signed(value),
        value,
        value / points,
        note=f"{label}: mean over {len(targets)} targets",
    )


def _best(found: Sequence[Best]) -> list[Block]:
    common, own = _shared([one.note for one in found])
    width = 7 + any(own)
    rows = [
        [
            ", ".join(filter(None, (one.model, one.method))),
            one.target,
            one.chosen_by,
            one.intermediate,
            Cell(f"{one.dev_score:.1f}", one.dev_score),
            Cell(signed(one.test_delta.mean), one.test_delta.mean)
            if one.test_delta
            else Cell("–"),
            interval(one.interval),
            note,
        ][:width]
        for one, note in zip(found, own, strict=True)
    ]
    columns = (
        "model",
        "target",
        "rule",
        "best",
        "dev",
        "on test",
        "95 %",
        "note",
    )
    caption = (
        "Best intermediate for each target: chosen on dev, in percent; its delta "
        "on test, in points."
    )
    return [
        Text(
            "The greatest of many noisy numbers is greater than what it stands "
            "for (winner's curse). So the choice is made on dev scores, and "
            "the delta is that on test."
        ),
        Table("best", caption, columns[:width], rows, notes=common),
    ]


def _shared(notes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns what stands before the last colon of all, and what is left."""
    if len(set(notes)) == 1:
        return [notes[0]], [""] * len(notes)
    parts = [note.rpartition(": ") for note in notes]
    if len({before for before, _, _ in parts}) > 1 or not parts[0][0]:
        return [], list(notes)
    return [f"{parts[0][0]}."], [rest for _, _, rest in parts]
