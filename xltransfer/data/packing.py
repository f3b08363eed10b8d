"""Which example lies where: N lengths -> rows, columns and slots.

A layout is a pure function of the lengths, so every host computes the same
one and reads only its own rows. Lengths have one column per sequence feature
(F): `tokens` for XLM-R; `inputs`, `targets` for mT5.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np

WORTH_A_PROGRAM = 0.01
# Standard deviations above the mean number of rows.
RARE = 4
# A share of padding that longer rows need not improve upon, and the lengths
# of rows that are tried, in quarters of the least one.
LITTLE_PADDING = 0.095
LENGTHENINGS = range(4, 11)


@dataclasses.dataclass(frozen=True)
class Capacity:
    """What a row holds.

    Attributes:
      lengths: columns of a row, per sequence feature.
      slots: examples of a row, at most (S).
    """

    lengths: tuple[int, ...]
    slots: int


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where each of N examples lies.

    Attributes:
      row: Int[N]; row: the batch row.
      slot: Int[N]: the example's number within its row, from 0.
      start: Int[N F]: the column of its first token, per sequence feature.
      rows: the number of rows used.
    """

    row: np.ndarray
    slot: np.ndarray
    start: np.ndarray
    rows: int

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, "Layout"]:
        """Returns the examples of the given (sorted) rows and their layout."""
        members = np.flatnonzero(np.isin(self.row, rows))
        part = Layout(
            np.searchsorted(rows, self.row[members]),
            self.slot[members],
            self.start[members],
            len(rows),
        )
        return members, part


def one_per_row(lengths: np.ndarray) -> Layout:
    """Returns the padded layout: example i alone in row i."""
    count = len(lengths)
    zeros = np.zeros(count, np.int32)
    return Layout(
        np.arange(count), zeros, np.zeros(lengths.shape, np.int32), count
    )


def pack(
    lengths: np.ndarray, capacity: Capacity, slots: np.ndarray | None = None
) -> Layout:
    """Packs examples by best-fit decreasing on the first feature.

    Ties are broken by the example's number, so equal lengths give equal
    layouts everywhere.

    Args:
      lengths: Int[N F], each at most the capacity.
      capacity: what a row holds.
      slots: Int[N]: the slots that each takes, side by side; one by default.
    """
    count = len(lengths)
    slots = np.ones(count, np.int32) if slots is None else slots
    most = (*capacity.lengths, capacity.slots)
    row, slot = np.zeros(count, np.int32), np.zeros(count, np.int32)
    start = np.zeros(lengths.shape, np.int32)
    # Of each sequence feature, and of the slots, how much a row has used.
    used: list[list[int]] = []
    by_room: list[list[int]] = [[] for _ in range(capacity.lengths[0] + 1)]
    wanted = np.concatenate([lengths, slots[:, None]], axis=1).tolist()
    for example in np.argsort(-lengths[:, 0], kind="stable").tolist():
        need = wanted[example]
        place = _best_row(need, by_room, used, most)
        if place is None:
            place = len(used)
            used.append([0] * len(need))
        row[example] = place
        *start[example], slot[example] = used[place]
        used[place] = [a + b for a, b in zip(used[place], need, strict=True)]
        if used[place][-1] < capacity.slots:
            by_room[capacity.lengths[0] - used[place][0]].append(place)
    return Layout(row, slot, start, len(used))


def _best_row(
    need: list[int],
    by_room: list[list[int]],
    used: list[list[int]],
    most: tuple[int, ...],
) -> int | None:
    """Takes the fullest row with room for the example out of the index."""
    for room in range(need[0], len(by_room)):
        for index, place in enumerate(by_room[room]):
            if all(
                have + more <= limit
                for have, more, limit in zip(
                    used[place][1:], need[1:], most[1:], strict=True
                )
            ):
                return by_room[room].pop(index)
    return None


def slots_for(lengths: np.ndarray, columns: int, slots: np.ndarray) -> int:
    """Returns a number of slots that rarely closes a row early.

    Args:
      lengths: Int[M]: first-feature lengths of the data.
      columns: the row's length.
      slots: Int[M]: the slots that each example takes.
    """
    each = lengths / slots
    short = max(int(np.quantile(each, 0.1)), 1)
    enough = min(columns // short, 2 * columns // max(int(each.mean()), 1))
    return max(int(slots.max()), enough)


def shape_for(
    draws: Sequence[tuple[np.ndarray, np.ndarray]],
    columns: tuple[int, ...],
    multiple: int,
    lengthen: bool,
    programs: int,
) -> tuple[Capacity, tuple[int, ...]]:
    """Chooses what a row holds and the heights of batches.

    Where rows of the longest example's length leave too much padding, longer
    ones are tried: the shortest that leave little are taken, or those that
    leave the least. Attention costs more in longer rows.

    Args:
      draws: simulated batches: lengths Int[N F] and slots Int[N] each.
      columns: the least length of a row, per sequence feature.
      multiple: every height is a multiple of it (devices, microbatches).
      lengthen: whether rows may be longer than that.
      programs: how many heights there may be.
    """
    all_lengths = np.concatenate([lengths for lengths, _ in draws])[:, 0]
    all_slots = np.concatenate([slots for _, slots in draws])
    tokens = sum(lengths.sum() for lengths, _ in draws)
    shapes = []
    for quarters in LENGTHENINGS if lengthen else (4,):
        longer = tuple(most * quarters // 4 for most in columns)
        capacity = Capacity(
            longer, slots_for(all_lengths, longer[0], all_slots)
        )
        rows = [pack(one, capacity, slots).rows for one, slots in draws]
        most = max(len(slots) for _, slots in draws)
        heights = heights_for(rows, most, multiple, programs)
        places = sum(_height(heights, used) for used in rows) * sum(longer)
        padding = 1 - tokens / places
        shapes.append((padding, capacity, heights))
        if padding <= LITTLE_PADDING:
            break
    return min(shapes, key=lambda shape: shape[0])[1:]


def heights_for(
    rows: Sequence[int], examples: int, multiple: int, programs: int
) -> tuple[int, ...]:
    """Chooses the few batch heights (B) for which programs are compiled.

    The heights minimise the mean number of rows, and one is added only where
    it saves a hundredth. The last but one has room for rare batches, the last
    for one example a row: it fits whatever is drawn.

    Args:
      rows: rows that simulated batches need.
      examples: N, the examples of a batch.
      multiple: every height is a multiple of it.
      programs: how many heights there may be, two at least.
    """
    certain = round_up(examples, multiple)
    spare = max(max(rows), math.ceil(np.mean(rows) + RARE * np.std(rows)))
    needed = sorted(
        min(round_up(used, multiple), certain) for used in (*rows, spare)
    )
    heights = _best_heights(tuple(needed), programs - 1)
    return tuple(sorted({*heights, certain}))


def _height(heights: tuple[int, ...], rows: int) -> int:
    return next(height for height in heights if height >= rows)


def round_up(value: int, multiple: int) -> int:
    """Returns the least multiple that is no less than the value."""
    return -(-value // multiple) * multiple


def _best_heights(needed: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Returns at most `most` heights that cover `needed` at least cost."""
    options = sorted(set(needed))

    @functools.cache
    def best(low: int, left: int) -> tuple[int, tuple[int, ...]]:
        members = [rows for rows in needed if rows > low]
        if not members:
            return 0, ()
        if left == 1:
            return len(members) * options[-1], (options[-1],)
        found = []
        for height in (option for option in options if option > low):
            inside = sum(rows <= height for rows in members)
            cost, rest = best(height, left - 1)
            found.append((inside * height + cost, (height, *rest)))
        return min(found)

    chosen = best(0, 1)
    for programs in range(2, most + 1):
        candidate = best(0, programs)
        if candidate[0] > chosen[0] * (1 - WORTH_A_PROGRAM):
            break
        chosen = candidate
    return chosen[1]
