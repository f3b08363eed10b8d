"""One section a target: languages by intermediates, drawn and as numbers."""

from xltransfer.report.boards import Board, language_name, notes
from xltransfer.report.contents import Contents
from xltransfer.report.document import Block, Cell, Fold, Section, Table, Text
from xltransfer.report.matrix import Row
from xltransfer.report.shading import STAR, scale_of
from xltransfer.report.strips import strip

# More languages than this stand below each other.
_ACROSS = 16


def sections(contents: Contents) -> list[Section]:
    """Returns a section for each target."""
    by_target: dict[str, list[tuple[int, Board]]] = {}
    for number, board in enumerate(contents.boards, start=1):
        by_target.setdefault(board.target, []).append((number, board))
    found = []
    for place, (target, numbered) in enumerate(by_target.items(), start=1):
        blocks: list[Block] = []
        for number, board in numbered:
            blocks += _blocks(contents, board, number)
        found.append(Section(f"target-{place}", f"Target: {target}", blocks))
    return found


def _blocks(contents: Contents, board: Board, number: int) -> list[Block]:
    absent = contents.folder.evaluation(board.target)["absent"]
    blocks: list[Block] = []
    if absent:
        blocks.append(
            Text(
                f"Not evaluated, since files were missing: {', '.join(absent)}."
            )
        )
    if board.compared:
        blocks += [_deltas(board, number), strip(board)]
    blocks.append(Fold(f"Scores: {board.title}", [_scores(board, number)]))
    return blocks


def _deltas(board: Board, number: int) -> Table:
    points = scale_of([board])
    caption = (
        f"{board.title} ({board.arm}): delta to {board.direct!r} in points, "
        "paired by seed."
    )
    cells = {
        (row.label, column): board.delta(row, column, points)
        for row in board.compared
        for column in board.matrix.columns
    }
    return _table(
        *(f"deltas-{number}", caption, board, board.compared, cells),
        notes=[STAR, *notes([board])],
        scale=points,
    )


def _scores(board: Board, number: int) -> Table:
    caption = (
        f"{board.title} ({board.arm}): percent, mean ± standard deviation "
        "over seeds."
    )
    cells = {
        (row.label, column): _score(row, column)
        for row in board.matrix.rows
        for column in board.matrix.columns
    }
    rows = list(board.matrix.rows)
    return _table(
        f"scores-{number}", caption, board, rows, cells, notes=board.notes
    )


def _score(row: Row, column: str) -> Cell:
    if column not in row.scores:
        return Cell("–")
    found = row.scores[column]
    return Cell(str(found), found.mean, note=f"{found.count} seeds")


def _table(
    name: str,
    caption: str,
    board: Board,
    rows: list[Row],
    cells: dict[tuple[str, str], Cell],
    **given: object,
) -> Table:
    """Returns rows by languages; many languages stand below each other."""
    columns = _columns(board)
    if len(board.languages) <= _ACROSS:
        return Table(
            name,
            caption,
            ["intermediate", *columns],
            [
                [board.label(row), *(cells[row.label, one] for one in columns)]
                for row in rows
            ],
            **given,
        )
    return Table(
        name,
        caption,
        ["language", "code", *map(board.label, rows)],
        [
            [_name(one), one, *(cells[row.label, one] for row in rows)]
            for one in columns
        ],
        headers=2,
        pinned=int(len(columns) > len(board.languages)),
        **given,
    )


def _columns(board: Board) -> list[str]:
    means = [one for one in board.matrix.columns if one not in board.languages]
    return [*means, *board.languages]


def _name(column: str) -> str:
    found = language_name(column)
    return "mean but English" if found == column else found
