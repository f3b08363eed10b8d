"""The arrays of a batch of questions against a plain loop over its choices."""

import numpy as np
import pytest
import small_caches

from xltransfer.data import features, packing
from xltransfer.data.features import Drawn
from xltransfer.data.packing import Capacity

PAD = 1
CHOICES = features.EncoderMultipleChoice(PAD)
CAPACITY = Capacity((80,), 9)


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "questions"
    return small_caches.questions(folder, 14)


def drawn_from(cache, rows=None) -> Drawn:
    """All questions, packed; of their rows, and an empty one, those asked."""
    layout = packing.pack(
        CHOICES.lengths(cache), CAPACITY, CHOICES.slots(cache)
    )
    rows = np.arange(layout.rows + 1) if rows is None else np.array(rows)
    members, layout = layout.take(rows)
    examples = [(cache, number) for number in range(cache.size)]
    return Drawn(examples, members, layout, len(rows))


def test_each_choice_is_a_segment_beside_its_question_s_others(questions):
    drawn = drawn_from(questions)
    batch = CHOICES.arrange(drawn, CAPACITY)
    shape, slots = (drawn.rows, 80), (drawn.rows, 9)
    tokens = np.full(shape, PAD)
    segments, positions = np.zeros(shape), np.zeros(shape)
    starts, groups, right = np.zeros(slots), np.zeros(slots), np.zeros(slots)
    layout = drawn.layout
    assert len(drawn.members) == questions.size
    for index, example in enumerate(drawn.members):
        row, first = layout.row[index], layout.slot[index]
        column = layout.start[index, 0]
        ids = iter(questions.tokens("tokens", example).tolist())
        lengths = questions.tokens("choice_lengths", example).tolist()
        for choice, length in enumerate(lengths):
            slot = first + choice
            starts[row, slot] = column
            groups[row, slot] = first + 1
            right[row, slot] = choice == questions.scalars("label")[example]
            for position in range(length):
                assert segments[row, column] == 0
                tokens[row, column] = next(ids)
                segments[row, column] = slot + 1
                positions[row, column] = position
                column += 1
    expected = {
        "tokens": tokens,
        "segment_ids": segments,
        "positions": positions,
        "starts": starts,
        "questions": groups,
        "label_weights": right,
    }
    assert set(batch) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(batch[name], array, name)
        kind = np.float32 if name == "label_weights" else np.int32
        assert batch[name].dtype == kind
    assert right.sum() == questions.size
    # A row that is empty stays so.
    assert (batch["tokens"][-1] == PAD).all() and not batch["questions"][
        -1
    ].any()


def test_a_host_arranges_its_own_rows_only(questions):
    whole = CHOICES.arrange(drawn_from(questions), CAPACITY)
    last = len(whole["tokens"]) - 1
    for rows in ([1], [0, 2], [last]):
        part = CHOICES.arrange(drawn_from(questions, rows), CAPACITY)
        for name, array in part.items():
            np.testing.assert_array_equal(array, whole[name][rows], name)
