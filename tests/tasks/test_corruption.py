"""Masking and span corruption. The arithmetic is T5's, stated again here."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spans import restored

from tasks.problems.language_modeling import (
    corrupted_lengths,
    mask_count,
    mask_tokens,
    noise_mask,
    sentinels,
    span_corruption,
    window_length,
)
from xltransfer.errors import InputError

VOCAB = 300
SPECIAL = (0, 1, 2, 3, VOCAB - 1)
EOS = 1

lengths = st.lists(st.integers(0, 150), min_size=1, max_size=12)
seeds = st.integers(0, 2**32 - 1)


def batch(lengths: list[int], seed: int, low: int = 4):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(low, 190, size=sum(lengths)).astype(np.int32)
    return tokens, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def masked(tokens, offsets, seed):
    return mask_tokens(
        tokens,
        offsets,
        np.random.default_rng(seed),
        special_ids=SPECIAL,
        mask_id=VOCAB - 1,
        vocab_size=VOCAB,
    )


@given(lengths, seeds)
@settings(max_examples=60)
def test_masking_chooses_15_percent_of_each_sequence_and_no_special(
    lengths, seed
):
    tokens, offsets = batch(lengths, seed, low=0)
    result, positions = masked(tokens, offsets, seed)
    assert (np.diff(positions) > 0).all()
    assert not np.isin(tokens[positions], SPECIAL).any()
    untouched = np.setdiff1d(np.arange(len(tokens)), positions)
    np.testing.assert_array_equal(result[untouched], tokens[untouched])
    assert not np.isin(result[positions], SPECIAL[:-1]).any()
    for begin, end in pairwise(offsets):
        n = int((~np.isin(tokens[begin:end], SPECIAL)).sum())
        chosen = ((positions >= begin) & (positions < end)).sum()
        assert chosen == (max(1, round(0.15 * n)) if n else 0)
        assert chosen == mask_count(np.array([n]))[0]


def test_masking_is_80_percent_mask_10_random_10_unchanged():
    tokens, offsets = batch([200_000], 0)
    result, positions = masked(tokens, offsets, 1)
    kept = (result[positions] == tokens[positions]).mean()
    mask = (result[positions] == VOCAB - 1).mean()
    # Standard deviations below 0.003 with 30,000 positions; a random token is
    # the old one once in 295.
    assert mask == pytest.approx(0.8, abs=0.01)
    assert kept == pytest.approx(0.1 + 0.1 / 295, abs=0.01)


def test_random_replacements_cover_all_ordinary_ids_and_no_others():
    tokens, offsets = batch([400_000], 0)
    result, positions = masked(tokens, offsets, 1)
    changed = result[positions][result[positions] != tokens[positions]]
    assert set(changed) == set(range(VOCAB)) - set(SPECIAL[:-1])


def test_masking_is_a_pure_function_of_the_generator():
    tokens, offsets = batch([40, 50], 0)
    before = tokens.copy()
    first, again, other = (masked(tokens, offsets, s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[1], other[1])
    np.testing.assert_array_equal(tokens, before)


def t5_counts(length: int) -> tuple[int, int]:
    """Noise tokens and spans of `random_spans_noise_mask`, in plain Python."""
    length = max(length, 2)
    noise = min(max(round(length * 0.15), 1), length - 1)
    return noise, max(round(noise / 3.0), 1)


@given(lengths, seeds, st.booleans())
@settings(max_examples=60)
def test_noise_has_the_tokens_and_spans_of_t5(lengths, seed, roll):
    _, offsets = batch(lengths, seed)
    mask = noise_mask(offsets, np.random.default_rng(seed), roll=roll)
    assert len(mask) == sum(lengths)
    for begin, end in pairwise(offsets):
        row = mask[begin:end].astype(int)
        if len(row) < 2:
            assert not row.any()
            continue
        noise, spans = t5_counts(len(row))
        assert row.sum() == noise
        assert (np.diff(row) == 1).sum() == spans
        assert not row[0] and (roll or row[-1])


def test_every_composition_of_spans_is_equally_likely():
    # 34 tokens have 5 of noise in 2 spans.
    offsets = np.arange(0, 34 * 20_001, 34)
    mask = noise_mask(offsets, np.random.default_rng(0), roll=False)
    mask = mask.reshape(-1, 34)
    # The last noise span has 1 to 4 of the 5 noise tokens.
    last = (np.cumprod(mask[:, ::-1], axis=1)).sum(axis=1)
    share = np.bincount(last, minlength=5)[1:5] / len(last)
    np.testing.assert_allclose(share, 0.25, atol=0.015)


def test_a_single_span_may_be_anywhere_but_first():
    # 20 tokens have 3 of noise in one span: it begins at 1 to 17.
    offsets = np.arange(0, 20 * 20_001, 20)
    mask = noise_mask(offsets, np.random.default_rng(0)).reshape(-1, 20)
    share = np.bincount(mask.argmax(axis=1), minlength=18) / len(mask)
    assert share[0] == 0
    np.testing.assert_allclose(share[1:], 1 / 17, atol=0.01)


def corrupted(tokens, offsets, seed):
    return span_corruption(
        tokens,
        offsets,
        np.random.default_rng(seed),
        sentinel_ids=sentinels(VOCAB),
        eos_id=EOS,
    )


@given(lengths, seeds)
@settings(max_examples=60)
def test_inputs_and_targets_restore_the_text(lengths, seed):
    tokens, offsets = batch(lengths, seed)
    inputs, input_offsets, targets, target_offsets = corrupted(
        tokens, offsets, seed
    )
    expected = corrupted_lengths(np.array(lengths))
    np.testing.assert_array_equal(np.diff(input_offsets), expected[0])
    np.testing.assert_array_equal(np.diff(target_offsets), expected[1])
    for i in range(len(lengths)):
        source = inputs[input_offsets[i] : input_offsets[i + 1]].tolist()
        target = targets[target_offsets[i] : target_offsets[i + 1]].tolist()
        assert source[-1] == target[-1] == EOS
        row = tokens[offsets[i] : offsets[i + 1]].tolist()
        assert restored(source, target, VOCAB - 100) == row
        used = [t for t in source if t >= VOCAB - 100]
        assert used == [VOCAB - 1 - k for k in range(len(used))]


def test_the_golden_corruption_reads_as_in_the_docstring():
    # Two spans need 34 tokens; sentinels 299 and 298 in order, </s> at the end.
    tokens = np.arange(10, 44, dtype=np.int32)
    inputs, _, targets, _ = corrupted(tokens, np.array([0, 34]), 3)
    assert [t for t in inputs if t >= 200] == [299, 298]
    assert targets[0] == 299 and targets[-1] == EOS
    assert len(inputs) == 34 - 5 + 2 + 1 and len(targets) == 5 + 2 + 1


def t5_window(inputs_length: int) -> tuple[int, int]:
    """`random_spans_helper`, in plain Python: window and targets length."""

    def after(tokens: int) -> tuple[int, int]:
        noise = round(tokens * 0.15)
        spans = round(noise / 3.0)
        return tokens - noise + spans + 1, noise + spans + 1

    tokens = inputs_length - 1
    while after(tokens + 1)[0] <= inputs_length:
        tokens += 1
    return tokens, after(tokens)[1]


def test_the_window_is_t5s():
    # T5's published settings: 512 inputs take windows of 568 tokens, whose
    # targets are 114 long.
    assert t5_window(512) == (568, 114)
    for inputs_length in range(20, 1100):
        window, targets_length = t5_window(inputs_length)
        assert window_length(inputs_length, targets_length) == window


@given(st.integers(2, 300), st.integers(2, 100))
@settings(max_examples=100)
def test_every_window_up_to_the_longest_fits_both_lengths(inputs, targets):
    window = window_length(inputs, targets)
    found = corrupted_lengths(np.arange(1, window + 1))
    assert found[0].max() <= inputs and found[1].max() <= targets
    beyond = corrupted_lengths(np.array([window + 1]))
    assert beyond[0][0] > inputs or beyond[1][0] > targets


def test_lengths_that_fit_no_window_are_refused():
    with pytest.raises(InputError, match="the least is 2 and 2"):
        window_length(1, 10)


def test_a_window_has_no_more_spans_than_there_are_sentinels():
    window = window_length(10_000, 10_000)
    assert t5_counts(window)[1] == 100 < t5_counts(window + 11)[1]
