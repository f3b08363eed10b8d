"""Layouts, as properties of whatever lengths come."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.data import packing
from xltransfer.data.packing import Capacity, Layout


@st.composite
def problems(draw) -> tuple[np.ndarray, Capacity]:
    """Lengths of one or two features, and a row that holds each of them."""
    features = draw(st.integers(1, 2))
    columns = tuple(draw(st.integers(1, 40)) for _ in range(features))
    example = st.tuples(*(st.integers(1, most) for most in columns))
    lengths = draw(st.lists(example, min_size=1, max_size=40))
    return np.array(lengths), Capacity(columns, draw(st.integers(1, 8)))


def check_fits(lengths: np.ndarray, layout: Layout, capacity: Capacity) -> None:
    """No two examples share a column or a slot; none leaves its row."""
    for feature, columns in enumerate(capacity.lengths):
        taken = np.zeros((layout.rows, columns), int)
        for row, start, length in zip(
            layout.row,
            layout.start[:, feature],
            lengths[:, feature],
            strict=True,
        ):
            assert 0 <= start <= start + length <= columns
            taken[row, start : start + length] += 1
        assert taken.max() == 1
    places = set(zip(layout.row.tolist(), layout.slot.tolist(), strict=True))
    assert len(places) == len(lengths)


@given(problems())
def test_every_example_has_a_place_of_its_own_within_capacity(problem):
    lengths, capacity = problem
    layout = packing.pack(lengths, capacity)
    assert layout.row.shape == layout.slot.shape == (len(lengths),)
    check_fits(lengths, layout, capacity)
    assert 0 <= layout.slot.min() <= layout.slot.max() < capacity.slots
    assert set(layout.row) == set(range(layout.rows))


@given(problems())
def test_slots_of_a_row_are_filled_from_zero_in_order_of_columns(problem):
    lengths, capacity = problem
    layout = packing.pack(lengths, capacity)
    for row in range(layout.rows):
        members = np.flatnonzero(layout.row == row)
        ordered = members[np.argsort(layout.slot[members])]
        assert layout.slot[ordered].tolist() == list(range(len(members)))
        ends = np.cumsum(lengths[ordered], axis=0)
        np.testing.assert_array_equal(
            layout.start[ordered], ends - lengths[ordered]
        )


@given(problems())
def test_equal_lengths_give_equal_layouts(problem):
    lengths, capacity = problem
    one = packing.pack(lengths, capacity)
    other = packing.pack(lengths.copy(), capacity)
    assert one.rows == other.rows
    for name in ("row", "slot", "start"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@given(problems(), st.randoms(use_true_random=False))
def test_parts_of_any_division_of_the_rows_give_back_the_whole(problem, random):
    lengths, capacity = problem
    layout = packing.pack(lengths, capacity)
    # More rows than are used: hosts may hold empty ones.
    owner = np.array([random.randrange(3) for _ in range(layout.rows + 3)])
    seen = []
    for host in range(3):
        rows = np.flatnonzero(owner == host)
        members, part = layout.take(rows)
        assert part.rows == len(rows)
        np.testing.assert_array_equal(rows[part.row], layout.row[members])
        np.testing.assert_array_equal(part.slot, layout.slot[members])
        np.testing.assert_array_equal(part.start, layout.start[members])
        seen += members.tolist()
    assert sorted(seen) == list(range(len(lengths)))


@given(problems())
def test_one_per_row_is_the_padded_layout(problem):
    lengths, capacity = problem
    layout = packing.one_per_row(lengths)
    assert layout.rows == len(lengths)
    assert layout.row.tolist() == list(range(len(lengths)))
    assert not layout.slot.any() and not layout.start.any()
    check_fits(lengths, layout, capacity)


def test_packing_leaves_no_row_that_two_could_share():
    # 6 + 4 and 5 + 5 fill two rows of 10; first come, first served needs 3.
    lengths = np.array([[5], [4], [6], [5]])
    layout = packing.pack(lengths, Capacity((10,), 4))
    assert layout.rows == 2
    assert layout.row[2] == layout.row[1] != layout.row[0] == layout.row[3]


def test_ties_are_broken_by_the_examples_numbers():
    lengths = np.random.default_rng(0).integers(1, 4, size=(200, 1))
    layout = packing.pack(lengths, Capacity((10,), 1))
    ordered = sorted(range(200), key=lambda one: (-lengths[one, 0], one))
    assert layout.row[ordered].tolist() == list(range(200))


def test_a_full_second_feature_opens_another_row():
    lengths = np.array([[2, 3], [2, 3]])
    assert packing.pack(lengths, Capacity((10, 6), 4)).rows == 1
    assert packing.pack(lengths, Capacity((10, 5), 4)).rows == 2


@given(st.data(), st.integers(1, 40), st.integers(1, 8), st.integers(2, 5))
def test_heights_are_few_and_cover_every_batch(
    data, examples, multiple, programs
):
    rows = data.draw(st.lists(st.integers(1, examples), min_size=1))
    heights = packing.heights_for(rows, examples, multiple, programs)
    assert len(heights) <= programs
    assert all(height % multiple == 0 for height in heights)
    assert list(heights) == sorted(set(heights))
    # Whatever is drawn of N examples: at worst each has a row of its own.
    assert examples <= heights[-1] < examples + multiple


def test_a_rare_batch_need_not_have_a_row_for_each_example():
    # 10 rows on average, standard deviation 1: up to 14 are within four.
    rows = [9, 11] * 200
    assert packing.heights_for(rows, 64, 1, programs=4) == (9, 11, 14, 64)
    assert packing.heights_for(rows, 64, 1, programs=2) == (14, 64)


def single(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A simulated batch of examples that take one slot each."""
    return lengths, np.ones(len(lengths), np.int32)


@st.composite
def draws(draw) -> list[np.ndarray]:
    """Simulated batches of one or two features, of at most 16 columns."""
    features, count = draw(st.integers(1, 2)), draw(st.integers(1, 8))
    example = st.tuples(*(st.integers(1, 16) for _ in range(features)))
    batch = st.lists(example, min_size=count, max_size=count)
    return [np.array(one) for one in draw(st.lists(batch, min_size=1))]


@given(draws(), st.integers(1, 4))
def test_lengthened_rows_never_leave_more_padding(draws, multiple):
    columns = (16,) * draws[0].shape[1]

    def places(lengthen: bool) -> int:
        capacity, heights = packing.shape_for(
            [single(one) for one in draws],
            columns,
            multiple,
            lengthen,
            programs=4,
        )
        assert all(
            length >= least
            for length, least in zip(capacity.lengths, columns, strict=True)
        )
        used = [packing.pack(lengths, capacity).rows for lengths in draws]
        return sum(
            min(height for height in heights if height >= rows) for rows in used
        ) * sum(capacity.lengths)

    assert places(lengthen=True) <= places(lengthen=False)


def test_rows_that_leave_little_padding_are_not_lengthened():
    # Four of 4 fill a row of 16.
    batches = [single(np.full((8, 1), 4))] * 3
    capacity, _ = packing.shape_for(
        batches, (16,), 1, lengthen=True, programs=4
    )
    assert capacity.lengths == (16,)
    # One of 10 lies alone in 16; two fill 20.
    batches = [single(np.full((8, 1), 10))] * 3
    capacity, _ = packing.shape_for(
        batches, (16,), 1, lengthen=True, programs=4
    )
    assert capacity.lengths == (20,)


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=15).map(sorted),
    st.integers(1, 3),
)
def test_heights_cost_the_least_that_any_choice_of_so_many_does(needed, most):
    def cost(heights: tuple[int, ...]) -> int:
        return sum(min(h for h in heights if h >= rows) for rows in needed)

    options = sorted(set(needed))
    cheapest = {
        count: min(
            cost((*chosen, options[-1]))
            for size in range(count)
            for chosen in itertools.combinations(options[:-1], size)
        )
        for count in range(1, most + 1)
    }
    heights = packing._best_heights(tuple(needed), most)
    assert cost(heights) == cheapest[len(heights)]
    # A program more is refused only where it saves less than a hundredth.
    if len(heights) < most:
        saved = cheapest[len(heights)] - cheapest[len(heights) + 1]
        assert saved < packing.WORTH_A_PROGRAM * cheapest[len(heights)]


def test_slots_rarely_close_a_row_early():
    # Rows of 128 hold 4 examples of 32, and up to 8 where many are short.
    ones = np.ones(100, np.int32)
    assert packing.slots_for(np.full(100, 32), 128, ones) == 4
    mixed = np.array([8] * 20 + [38] * 80)
    assert packing.slots_for(mixed, 128, ones) == 8
    assert packing.slots_for(np.array([200]), 128, ones[:1]) == 1
    # Groups of four choices, 32 tokens each.
    assert packing.slots_for(np.full(100, 128), 256, 4 * ones) == 8
    # At least the largest group's.
    assert packing.slots_for(np.full(100, 500), 128, 5 * ones) == 5


@given(problems(), st.data())
def test_the_slots_of_a_group_lie_side_by_side_within_its_row(problem, data):
    lengths, capacity = problem
    sizes = st.integers(1, capacity.slots)
    slots = np.array([data.draw(sizes) for _ in lengths])
    layout = packing.pack(lengths, capacity, slots)
    check_fits(lengths, layout, capacity)
    taken = np.zeros((layout.rows, capacity.slots), int)
    for row, first, count in zip(layout.row, layout.slot, slots, strict=True):
        assert first + count <= capacity.slots
        taken[row, first : first + count] += 1
    assert taken.max() == 1
