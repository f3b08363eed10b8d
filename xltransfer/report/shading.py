"""Tables whose cells are coloured by a delta in points."""

import math
from collections.abc import Iterable

from xltransfer.report.boards import Board

# Fewer points at full shade would paint what no one can tell from none.
_LEAST = 1.0
# What the mark of a delta says.
STAR = "*: differs from no effect at 5 % after Holm's correction."


def scale(deltas: Iterable[float]) -> float:
    """Returns the points at full shade: what 19 of 20 deltas stay within.

    A rounded number, so that a reader can keep it in mind; one outlier does
    not leave all else pale.
    """
    sizes = sorted(abs(one) for one in deltas)
    if not sizes:
        return 1.0
    wanted = max(sizes[int(0.95 * (len(sizes) - 1))], _LEAST)
    unit = 10.0 ** math.floor(math.log10(wanted))
    return next(
        unit * one for one in (1, 2, 3, 5, 8, 10) if unit * one >= wanted
    )


def scale_of(boards: Iterable[Board]) -> float:
    """Returns one scale for all deltas of some tables."""
    return scale(
        delta.mean
        for board in boards
        for row in board.compared
        for delta in row.deltas.values()
    )
