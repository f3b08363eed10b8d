"""Batches by number: order, mixing, hosts, resuming, evaluation."""

import collections
import dataclasses

import numpy as np
import pytest
import small_caches
from small_caches import ANSWERS, MASK, SPECIAL, TEXT_VOCABULARY, VOCABULARY

from xltransfer.data import features
from xltransfer.data.loader import EvaluationBatches, TrainingBatches
from xltransfer.errors import InputError

CLASSIFICATION = features.EncoderClassification(1)
MASKED = features.MaskedLanguageModeling(1, MASK, VOCABULARY, SPECIAL)
CORRUPTED = features.SpanCorruption(TEXT_VOCABULARY, eos_id=1)
# Each problem's features, the function that writes its cache, its columns.
PROBLEMS = {
    "classification": (CLASSIFICATION, small_caches.pairs, (24,)),
    "masked": (MASKED, small_caches.windows, (24,)),
    "multiple choice": (
        features.EncoderMultipleChoice(1),
        small_caches.questions,
        (20,),
    ),
    "text": (features.TextToText(), small_caches.text_pairs, (20, 6)),
    "span corruption": (CORRUPTED, small_caches.bare_windows, (24, 12)),
}


@pytest.fixture(scope="module", params=list(PROBLEMS))
def stream(request, tmp_path_factory) -> TrainingBatches:
    """Two components at unequal rates, of each problem."""
    arrangement, write, columns = PROBLEMS[request.param]
    folder = tmp_path_factory.mktemp("caches")
    return TrainingBatches(
        (
            (write(folder / "one", 30, seed=1), 2.0),
            (write(folder / "other", 17, seed=2), 1.0),
        ),
        arrangement,
        batch_size=12,
        columns=columns,
        seed=5,
        multiple=4,
    )


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """Writes caches whose examples tell their number and cache by a token."""
    folder = tmp_path_factory.mktemp("numbered")

    def write(size: int, mark: int = 4):
        directory = folder / f"{size}-{mark}"
        tokens = [
            np.array([0, mark, 1000 + number, *[5] * (number % 6), 2])
            for number in range(size)
        ]
        return small_caches.write(
            directory, {"tokens": tokens}, np.arange(size) % 3
        )

    return write


def examples_of(arrays) -> list[tuple[int, int]]:
    """Returns (mark, number) of each example of a numbered batch, sorted."""
    rows, slots = np.nonzero(arrays["label_weights"])
    starts = arrays["starts"][rows, slots]
    marks = arrays["tokens"][rows, starts + 1]
    numbers = arrays["tokens"][rows, starts + 2] - 1000
    np.testing.assert_array_equal(arrays["labels"][rows, slots], numbers % 3)
    return sorted(zip(marks.tolist(), numbers.tolist(), strict=True))


def check_equal(one, other) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], name)


def test_iterating_from_anywhere_gives_the_batches_of_these_numbers(stream):
    for first in (0, 3, 1_000_003):
        iterator = stream.iterate(first, np.arange)
        for number in range(first, first + 4):
            found, expected = next(iterator), stream.batch(number, np.arange)
            check_equal(found.arrays, expected.arrays)
            assert found.rows == expected.rows
            assert found.tokens == expected.tokens


def share(host: int, hosts: int):
    """The rows of a host that holds neighbouring ones."""
    return lambda rows: np.split(np.arange(rows), hosts)[host]


@pytest.mark.parametrize("hosts", [2, 4])
def test_several_hosts_hold_exactly_the_rows_of_one(hosts, stream):
    for number in range(4):
        whole = stream.batch(number, np.arange)
        parts = [
            stream.batch(number, share(host, hosts)) for host in range(hosts)
        ]
        joined = {
            name: np.concatenate([part.arrays[name] for part in parts])
            for name in whole.arrays
        }
        check_equal(joined, whole.arrays)
        assert {part.rows for part in parts} == {whole.rows}
        assert {part.tokens for part in parts} == {whole.tokens}


def test_hosts_may_hold_rows_that_do_not_lie_together(stream):
    whole = stream.batch(0, np.arange)
    odd = stream.batch(0, lambda rows: np.arange(1, rows, 2))
    check_equal(
        odd.arrays, {name: one[1::2] for name, one in whole.arrays.items()}
    )


def test_another_seed_gives_other_batches(stream):
    other = dataclasses.replace(stream, seed=6)
    assert other._draws[0] != stream._draws[0]


def test_counts_are_those_of_the_batch(stream):
    segments = (
        ("segment_ids",)
        if "segment_ids" in stream.batch(0, np.arange).arrays
        else ("encoder_segment_ids", "decoder_segment_ids")
    )
    for number in range(5):
        packed = stream.batch(number, np.arange)
        arrays = packed.arrays
        assert packed.tokens == sum((arrays[one] > 0).sum() for one in segments)
        assert packed.places == sum(arrays[one].size for one in segments)
        assert packed.examples == 12
        assert packed.rows in stream.heights and packed.rows % 4 == 0
        assert {len(array) for array in arrays.values()} == {packed.rows}


def test_packed_and_padded_batches_carry_the_same_examples(numbered):
    cache = numbered(40)
    packed, padded = (
        TrainingBatches(
            ((cache, 1.0),), CLASSIFICATION, 12, (20,), seed=1, packed=one
        )
        for one in (True, False)
    )
    for number in range(5):
        one = packed.batch(number, np.arange)
        other = padded.batch(number, np.arange)
        assert examples_of(one.arrays) == examples_of(other.arrays)
        assert other.rows == 12 > one.rows


def test_each_epoch_holds_each_example_once_in_another_order(numbered):
    # 8 does not divide 20: batches pass from one epoch into the next.
    cache = numbered(20)
    stream = TrainingBatches(((cache, 1.0),), CLASSIFICATION, 8, (20,), seed=2)
    drawn = [one for number in range(15) for one in stream._draws[number]]
    epochs = [
        [number for _, number in drawn[at : at + 20]]
        for at in range(0, 120, 20)
    ]
    for epoch in epochs:
        assert sorted(epoch) == list(range(20))
    assert len(set(map(tuple, epochs))) == len(epochs)
    seen = [
        examples_of(stream.batch(one, np.arange).arrays) for one in range(5)
    ]
    expected = [
        sorted((4, number) for number in (epochs[0] + epochs[1])[at : at + 8])
        for at in range(0, 40, 8)
    ]
    assert seen == expected


def test_rates_hold_within_a_hundredth_over_100_000_draws(numbered):
    caches = [numbered(size, mark) for size, mark in ((50, 6), (20, 7), (9, 8))]
    rates = (0.5, 0.3, 0.2)
    stream = TrainingBatches(
        tuple(zip(caches, rates, strict=True)),
        CLASSIFICATION,
        1000,
        (20,),
        seed=3,
    )
    counts = collections.Counter(
        part for number in range(100) for part, _ in stream._draws[number]
    )
    for part, rate in enumerate(rates):
        assert abs(counts[part] / 100_000 - rate) <= 0.01 * rate


def test_components_of_equal_size_are_drawn_in_different_orders(numbered):
    caches = [numbered(30, mark) for mark in (11, 12)]
    stream = TrainingBatches(
        tuple((cache, 1.0) for cache in caches),
        CLASSIFICATION,
        60,
        (20,),
        seed=4,
    )
    orders = [
        [number for part, number in stream._draws[0] if part == one]
        for one in range(2)
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(30))
    assert orders[0] != orders[1]


def test_an_example_longer_than_a_row_is_refused(numbered):
    cache = numbered(10)
    with pytest.raises(
        InputError, match=r"small.en.*\[9\] tokens.*row of \[8\]"
    ):
        TrainingBatches(((cache, 1.0),), CLASSIFICATION, 2, (8,), seed=0).batch(
            0, np.arange
        )
    with pytest.raises(InputError, match="does not fit"):
        next(
            EvaluationBatches(cache, CLASSIFICATION, (8,), 2).iterate(np.arange)
        )


def test_an_answer_longer_than_a_row_is_refused(tmp_path):
    cache = small_caches.text_pairs(tmp_path / "text", 5)
    batches = EvaluationBatches(
        cache, features.RankedAnswers(ANSWERS), (20, 2), 2
    )
    with pytest.raises(InputError, match="does not fit"):
        next(batches.iterate(np.arange))


def test_rows_are_lengthened_only_where_that_leaves_less_padding(numbered):
    # Examples of 4 to 9 tokens leave much of 10 columns empty.
    cache = numbered(60, 20)
    stream, longer = (
        TrainingBatches(
            ((cache, 1.0),),
            CLASSIFICATION,
            32,
            (10,),
            seed=0,
            lengthen=lengthen,
        )
        for lengthen in (False, True)
    )
    assert stream.capacity.lengths == (10,) < longer.capacity.lengths
    one, other = stream.batch(0, np.arange), longer.batch(0, np.arange)
    assert examples_of(one.arrays) == examples_of(other.arrays)
    assert one.tokens / one.places < other.tokens / other.places


def test_seeds_share_their_programs(stream):
    other = dataclasses.replace(stream, seed=99)
    assert other.heights is stream.heights
    assert other.capacity == stream.capacity


@pytest.mark.parametrize("size", [1, 7, 8, 40])
@pytest.mark.parametrize("rows", [2, 4])
def test_evaluation_holds_every_example_exactly_once(size, rows, numbered):
    cache = numbered(size, mark=30 + rows)
    batches = EvaluationBatches(cache, CLASSIFICATION, (20,), rows)
    found = []
    for packed, layout, present in batches.iterate(np.arange):
        arrays = packed.arrays
        assert len(arrays["tokens"]) == packed.rows == rows
        assert packed.examples == len(present)
        assert packed.tokens == (arrays["segment_ids"] > 0).sum()
        # The layout says where each of the examples present lies.
        starts = arrays["starts"][layout.row, layout.slot]
        numbers = arrays["tokens"][layout.row, starts + 2] - 1000
        np.testing.assert_array_equal(numbers, present)
        assert len(examples_of(arrays)) == len(present)
        found += present.tolist()
    assert sorted(found) == list(range(size))


@pytest.mark.parametrize(
    ("longest", "columns", "expected"),
    [
        (9, 20, 20),
        (9, 200, 128),
        (64, 512, 128),
        (65, 512, 256),
        (256, 512, 512),
        (65, 200, 200),
    ],
)
def test_short_examples_are_evaluated_in_short_rows(
    tmp_path, longest, columns, expected
):
    """Rows hold two of the longest; targets may be the model's own."""
    cache = small_caches.write(
        tmp_path / "text",
        {
            "inputs": [np.full(one, 7) for one in (2, longest)],
            "targets": [np.array(ANSWERS[0])] * 2,
        },
        np.zeros(2, int),
    )
    batches = EvaluationBatches(
        cache, features.RankedAnswers(ANSWERS), (columns, 300), 2
    )
    assert batches.capacity.lengths == (expected, 300)


def test_evaluation_s_hosts_hold_the_rows_of_one(numbered):
    batches = EvaluationBatches(numbered(25, 40), CLASSIFICATION, (20,), 4)
    wholes = batches.iterate(np.arange)
    hosts = [batches.iterate(share(host, 2)) for host in range(2)]
    for (whole, layout, present), *parts in zip(wholes, *hosts, strict=True):
        joined = {
            name: np.concatenate([part[0].arrays[name] for part in parts])
            for name in whole.arrays
        }
        check_equal(joined, whole.arrays)
        for _, same, members in parts:
            np.testing.assert_array_equal(same.row, layout.row)
            np.testing.assert_array_equal(members, present)


def test_the_examples_of_a_batch_are_named(numbered):
    one, other = numbered(30, 4), numbered(17, 5)
    names = {4: "one.en", 5: "other.en"}
    for cache, name in zip((one, other), names.values(), strict=True):
        cache.manifest["dataset"] = name
    stream = TrainingBatches(
        ((one, 2.0), (other, 1.0)), CLASSIFICATION, 12, (24,), seed=5
    )
    for number in (0, 3):
        arrays = stream.batch(number, np.arange).arrays
        held = [(names[mark], one) for mark, one in examples_of(arrays)]
        assert sorted(stream.examples(number)) == sorted(held)


def test_lengths_of_a_batch_are_those_of_its_tokens(stream):
    packed = stream.batch(0, np.arange)
    assert packed.lengths.shape == (12, len(stream.columns))
    assert packed.lengths.sum() == packed.tokens
    assert packed.slots.shape == (12,) and (packed.slots >= 1).all()
