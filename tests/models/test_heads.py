"""Poolings, on rows small enough to work out by hand."""

import numpy as np
import pytest

from xltransfer.models import heads

# Two pairs in one row: <s> 7 8 </s></s> 9 </s> and <s> 7 </s></s> 8 9 </s>,
# then padding (1).
TOKENS = np.array([[0, 7, 8, 2, 2, 9, 2, 0, 7, 2, 2, 8, 9, 2, 1, 1]])
SEGMENTS = np.array([[1] * 7 + [2] * 7 + [0] * 2])
STARTS = np.array([[0, 7]])


def test_first_token_takes_the_column_where_each_example_starts():
    hidden = np.arange(32.0).reshape(1, 16, 2)
    pooled = heads.first_token(hidden, TOKENS, SEGMENTS, STARTS)
    np.testing.assert_array_equal(pooled, [[[0, 1], [14, 15]]])


def test_sentence_masks_leave_markers_and_padding_out():
    premise, hypothesis = heads.sentence_masks(TOKENS, SEGMENTS, STARTS)
    assert _columns(premise) == [[1, 2], [8]]
    assert _columns(hypothesis) == [[5], [11, 12]]


def test_compared_sentences_are_means_product_and_distance():
    hidden = np.zeros((1, 16, 1), np.float32)
    hidden[0, [1, 2, 5], 0] = [2, 4, 5]
    hidden[0, [8, 11, 12], 0] = [1, -2, -4]
    pooled = heads.compared_sentences(hidden, TOKENS, SEGMENTS, STARTS)
    expected = [[[3, 5, 15, 2], [1, -3, -3, 4]]]
    np.testing.assert_allclose(pooled, expected)


@pytest.mark.parametrize("start", [0, 7])
def test_an_empty_mask_gives_zeros(start):
    hidden = np.ones((1, 16, 3), np.float32)
    empty = np.zeros((1, 1, 16), bool)
    np.testing.assert_array_equal(heads.masked_mean(hidden, empty), 0)


def _columns(mask):
    return [list(np.flatnonzero(row)) for row in np.asarray(mask)[0]]
