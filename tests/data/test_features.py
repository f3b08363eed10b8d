"""The arrays of a batch against plain loops over its examples."""

import numpy as np
import pytest
import small_caches
from small_caches import ANSWERS, MASK, SPECIAL, TEXT_VOCABULARY, VOCABULARY

from tasks.problems import language_modeling
from xltransfer.data import features, packing
from xltransfer.data.features import Drawn
from xltransfer.data.packing import Capacity

PAD = 1
SIZE = 12


def drawn_from(cache, arrangement, capacity, seed=(3, 4)) -> Drawn:
    """All examples of a cache, packed, with one empty row at the end."""
    layout = packing.pack(arrangement.lengths(cache), capacity)
    members, layout = layout.take(np.arange(layout.rows + 1))
    examples = [(cache, number) for number in range(cache.size)]
    return Drawn(examples, members, layout, layout.rows, seed)


def places(drawn: Drawn):
    """Yields the number, row, slot and first columns of each example."""
    layout = drawn.layout
    for index, example in enumerate(drawn.members):
        yield (
            example,
            layout.row[index],
            layout.slot[index],
            layout.start[index],
        )


def expected_rows(drawn, ragged, feature, columns, pad):
    """Tokens, segments and positions, one token after the other."""
    shape = (drawn.rows, columns)
    tokens = np.full(shape, pad, np.int32)
    segments, positions = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    for example, row, slot, start in places(drawn):
        for position, token in enumerate(ragged[example]):
            column = start[feature] + position
            assert segments[row, column] == 0
            tokens[row, column] = token
            segments[row, column] = slot + 1
            positions[row, column] = position
    return tokens, segments, positions


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return small_caches.pairs(tmp_path_factory.mktemp("data") / "pairs", SIZE)


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "windows"
    return small_caches.windows(folder, SIZE)


@pytest.fixture(scope="module")
def bare_windows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "bare"
    return small_caches.bare_windows(folder, SIZE)


@pytest.fixture(scope="module")
def text_pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "text"
    return small_caches.text_pairs(folder, SIZE)


def ragged(cache, feature):
    return [cache.tokens(feature, number) for number in range(cache.size)]


def test_classification_rows_and_slots_are_those_of_a_plain_loop(pairs):
    arrangement = features.EncoderClassification(PAD)
    capacity = Capacity((40,), 5)
    drawn = drawn_from(pairs, arrangement, capacity)
    batch = arrangement.arrange(drawn, capacity)
    tokens, segments, positions = expected_rows(
        drawn, ragged(pairs, "tokens"), 0, 40, PAD
    )
    slots = np.zeros((drawn.rows, 5))
    starts, labels, weights = slots.copy(), slots.copy(), slots.copy()
    for example, row, slot, start in places(drawn):
        starts[row, slot] = start[0]
        labels[row, slot] = pairs.scalars("label")[example]
        weights[row, slot] = 1
    expected = {
        "tokens": tokens,
        "segment_ids": segments,
        "positions": positions,
        "starts": starts,
        "labels": labels,
        "label_weights": weights,
    }
    assert set(batch) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(batch[name], array, name)
        kind = np.float32 if name == "label_weights" else np.int32
        assert batch[name].dtype == kind
    # Every first token is <s>, and a row that is empty stays so.
    rows, found = np.nonzero(batch["label_weights"])
    first = batch["tokens"][rows, batch["starts"][rows, found]]
    assert (first == 0).all()
    assert (batch["tokens"][-1] == PAD).all()


def masked_batch(windows, seed=(3, 4)):
    capacity = Capacity((48,), 8)
    arrangement = features.MaskedLanguageModeling(
        PAD, MASK, VOCABULARY, SPECIAL
    )
    drawn = drawn_from(windows, arrangement, capacity, seed)
    return drawn, arrangement.arrange(drawn, capacity)


def test_masked_targets_are_the_originals_at_their_columns(windows):
    drawn, batch = masked_batch(windows)
    original, segments, positions = expected_rows(
        drawn, ragged(windows, "tokens"), 0, 48, PAD
    )
    np.testing.assert_array_equal(batch["segment_ids"], segments)
    np.testing.assert_array_equal(batch["positions"], positions)
    hidden = np.zeros(original.shape, bool)
    for row, slot in zip(*np.nonzero(batch["target_weights"]), strict=True):
        column = batch["target_positions"][row, slot]
        assert batch["target_tokens"][row, slot] == original[row, column]
        assert original[row, column] not in SPECIAL
        assert not hidden[row, column]
        hidden[row, column] = True
    # Only hidden columns may differ from the original.
    changed = batch["tokens"] != original
    assert changed.any() and not (changed & ~hidden).any()


def test_as_many_pieces_are_masked_as_fifteen_percent_of_each_window(windows):
    _, batch = masked_batch(windows)
    expected = 0
    for tokens in ragged(windows, "tokens"):
        ordinary = sum(token not in SPECIAL for token in tokens)
        expected += max(round(0.15 * ordinary), 1)
    assert batch["target_weights"].sum() == expected
    weights = batch["target_weights"]
    assert set(weights.ravel().tolist()) == {0.0, 1.0}
    # Filled slots come first, in order of their columns.
    filled = weights.sum(axis=1).astype(int)
    for row, count in enumerate(filled):
        assert weights[row, :count].all()
        columns = batch["target_positions"][row, :count]
        assert (np.diff(columns) > 0).all()


def test_target_slots_hold_the_targets_of_the_fullest_rows():
    # Windows of one ordinary piece mask the most: one of three tokens.
    arrangement = features.MaskedLanguageModeling(
        PAD, MASK, VOCABULARY, SPECIAL
    )
    for columns in range(3, 60):
        for slots in range(1, columns // 3 + 1):
            capacity = Capacity((columns,), slots)
            for length in {3, 4, 5, 9, columns // slots, columns}:
                count = min(slots, columns // length)
                each = language_modeling.mask_count(np.array([length - 2]))[0]
                if length >= 3:
                    assert count * each <= arrangement.target_slots(capacity)


def test_masks_are_the_batch_s_own(windows):
    _, one = masked_batch(windows)
    _, same = masked_batch(windows)
    _, other = masked_batch(windows, seed=(3, 5))
    np.testing.assert_array_equal(one["tokens"], same["tokens"])
    assert (one["tokens"] != other["tokens"]).any()


def text_features(drawn, inputs, targets, capacity):
    """T5X's features, by plain loops."""
    batch = {}
    shifted = [[0, *target[:-1]] for target in targets]
    for name, ids, feature in (
        ("encoder_input", inputs, 0),
        ("decoder_target", targets, 1),
        ("decoder_input", shifted, 1),
    ):
        stem = name.split("_")[0]
        columns = capacity.lengths[feature]
        (
            batch[f"{name}_tokens"],
            batch[f"{stem}_segment_ids"],
            batch[f"{stem}_positions"],
        ) = expected_rows(drawn, ids, feature, columns, 0)
    batch["decoder_loss_weights"] = batch["decoder_segment_ids"] > 0
    return batch


def test_text_rows_are_those_of_a_plain_loop(text_pairs):
    arrangement = features.TextToText()
    capacity = Capacity((30, 7), 4)
    drawn = drawn_from(text_pairs, arrangement, capacity)
    batch = arrangement.arrange(drawn, capacity)
    expected = text_features(
        drawn,
        ragged(text_pairs, "inputs"),
        ragged(text_pairs, "targets"),
        capacity,
    )
    # Names of T5X's network minimal, `loss_fn` of EncoderDecoderModel.
    assert set(batch) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(batch[name], array, name)
        kind = np.float32 if name.endswith("weights") else np.int32
        assert batch[name].dtype == kind


def test_padded_text_rows_are_those_of_seqio_s_feature_converter(text_pairs):
    capacity = Capacity((20, 5), 1)
    arrangement = features.TextToText()
    layout = packing.one_per_row(arrangement.lengths(text_pairs))
    ours = arranged(text_pairs, layout, capacity)
    theirs = converted(text_pairs, capacity, pack=False)
    # SeqIO shifts the whole row: behind the last target stands its </s>, which
    # no loss sees.
    theirs["decoder_input_tokens"] *= theirs["decoder_loss_weights"]
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, name)


def test_a_packed_text_row_is_that_of_seqio_s_feature_converter(tmp_path):
    # SeqIO packs in order of arrival; longest first, so do we.
    sequences = {
        "inputs": [np.arange(4, 4 + size) for size in (9, 6, 4)],
        "targets": [np.array([20 + size, 1]) for size in (9, 6, 4)],
    }
    cache = small_caches.write(tmp_path / "three", sequences)
    capacity = Capacity((20, 7), 3)
    layout = packing.pack(cache.lengths("inputs", "targets"), capacity)
    assert layout.rows == 1
    ours = arranged(cache, layout, capacity)
    theirs = converted(cache, capacity, pack=True)
    assert set(theirs) == set(ours)
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, name)


def arranged(cache, layout, capacity):
    examples = [(cache, number) for number in range(cache.size)]
    drawn = Drawn(examples, np.arange(cache.size), layout, layout.rows)
    return features.TextToText().arrange(drawn, capacity)


def converted(cache, capacity, pack):
    """SeqIO's features for all examples of a cache, in order."""
    import seqio
    import tensorflow as tf

    names = ("inputs", "targets")
    examples = tf.data.Dataset.from_generator(
        lambda: (
            {name: cache.tokens(name, number) for name in names}
            for number in range(cache.size)
        ),
        output_signature={
            name: tf.TensorSpec([None], tf.int32) for name in names
        },
    )
    lengths = dict(zip(names, capacity.lengths, strict=True))
    converter = seqio.EncDecFeatureConverter(pack=pack)
    rows = list(converter(examples, lengths).as_numpy_iterator())
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def test_span_corruption_gives_back_the_text(bare_windows):
    arrangement = features.SpanCorruption(TEXT_VOCABULARY, eos_id=1)
    capacity = Capacity((40, 16), 6)
    drawn = drawn_from(bare_windows, arrangement, capacity)
    batch = arrangement.arrange(drawn, capacity)
    lengths = arrangement.lengths(bare_windows)
    texts = ragged(bare_windows, "tokens")
    for example, row, slot, start in places(drawn):
        inputs, targets = (
            segment(batch, side, stem, row, slot + 1)
            for side, stem in (
                ("encoder_input", "encoder"),
                ("decoder_target", "decoder"),
            )
        )
        # The length index foretold both lengths and places.
        assert [len(inputs), len(targets)] == lengths[example].tolist()
        for feature, stem in enumerate(("encoder", "decoder")):
            column = start[feature]
            assert batch[f"{stem}_segment_ids"][row, column] == slot + 1
            assert batch[f"{stem}_positions"][row, column] == 0
        assert uncorrupted(inputs, targets) == texts[example].tolist()


def segment(batch, side, stem, row, number) -> list[int]:
    inside = batch[f"{stem}_segment_ids"][row] == number
    return batch[f"{side}_tokens"][row][inside].tolist()


def uncorrupted(inputs: list[int], targets: list[int]) -> list[int]:
    """Puts what follows each sentinel of the targets in its place."""
    assert inputs[-1] == targets[-1] == 1
    first = TEXT_VOCABULARY - 100
    spans, last = {}, None
    for token in targets[:-1]:
        if token >= first:
            last = token
            spans[last] = []
        else:
            spans[last].append(token)
    text = []
    for token in inputs[:-1]:
        text += spans[token] if token >= first else [token]
    return text


def test_ranked_answers_stand_in_each_slot_s_columns(text_pairs):
    arrangement = features.RankedAnswers(ANSWERS)
    capacity = Capacity((30, 9), 3)
    lengths = arrangement.lengths(text_pairs)
    # The longest answer, </s> counted, has three pieces.
    assert set(lengths[:, 1].tolist()) == {3}
    drawn = drawn_from(text_pairs, arrangement, capacity)
    batch = arrangement.arrange(drawn, capacity)
    assert batch["answer_tokens"].shape == (drawn.rows, 3, 9)
    assert batch["slots"].shape == (drawn.rows, 3)
    for _, row, slot, _ in places(drawn):
        inside = batch["decoder_segment_ids"][row] == slot + 1
        for one, answer in enumerate(ANSWERS):
            filled = [*answer, *[0] * (3 - len(answer))]
            found = batch["answer_tokens"][row, one][inside]
            assert found.tolist() == filled


def test_a_host_may_hold_empty_rows_only(pairs, windows, text_pairs):
    nobody = packing.Layout(
        np.zeros(0, int), np.zeros(0, int), np.zeros((0, 2), int), 2
    )
    for cache, arrangement in (
        (pairs, features.EncoderClassification(PAD)),
        (
            windows,
            features.MaskedLanguageModeling(PAD, MASK, VOCABULARY, SPECIAL),
        ),
        (text_pairs, features.TextToText()),
        (text_pairs, features.RankedAnswers(ANSWERS)),
    ):
        examples = [(cache, 0)]
        drawn = Drawn(examples, np.zeros(0, int), nobody, 2)
        batch = arrangement.arrange(drawn, Capacity((20, 5), 2))
        for name, array in batch.items():
            assert len(array) == 2
            empty = PAD if name == "tokens" else 0
            assert (array == empty).all()
