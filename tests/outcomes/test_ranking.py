"""Against a stable sort of products in float64."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sorted_products import sorted_products

from xltransfer.outcomes import ranking
from xltransfer.outcomes.ranking import nearest
from xltransfer.partitioning import Partitioning


@settings(max_examples=20)
@given(
    queries=st.integers(0, 30),
    candidates=st.integers(1, 40),
    k=st.integers(1, 25),
    seed=st.integers(0, 10**6),
)
def test_the_nearest_are_those_of_a_stable_sort(queries, candidates, k, seed):
    # Small whole numbers: products are exact, and many are equal.
    random = np.random.default_rng(seed)
    one = random.integers(-2, 3, size=(queries, 3)).astype(np.float32)
    other = random.integers(-2, 3, size=(candidates, 3)).astype(np.float32)
    for mine, expected in zip(
        nearest(one, other, k),
        sorted_products(one, other, k, np.float64),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, expected)


@pytest.fixture
def crowded():
    """Ten queries; candidates in tens that float32 cannot tell apart."""
    random = np.random.default_rng(3)
    queries = random.normal(size=(10, 48)).astype(np.float32)
    centres = random.normal(size=(30, 1, 48))
    near = centres * (1 + 1e-7 * random.normal(size=(30, 10, 48)))
    return queries, near.reshape(300, 48).astype(np.float32)


def test_what_float32_cannot_tell_apart_is_ranked_by_float64(crowded):
    queries, candidates = crowded
    expected = sorted_products(queries, candidates, 20, np.float64)[1]
    in_float32 = queries @ candidates.T
    assert (np.argsort(-in_float32, kind="stable")[:, :20] != expected).any()
    np.testing.assert_array_equal(nearest(*crowded, 20)[1], expected)


def test_ranks_depend_neither_on_devices_nor_on_how_many_are_multiplied_at_once(
    crowded, monkeypatch
):
    expected = nearest(*crowded, 20)
    one = Partitioning((), devices=tuple(jax.devices()[:1]))
    monkeypatch.setattr(ranking, "DEVICES", one)
    monkeypatch.setattr(ranking, "AT_ONCE", 1)
    for mine, other in zip(nearest(*crowded, 20), expected, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_the_same_vector_twice_is_ranked_by_number():
    random = np.random.default_rng(4)
    queries = random.normal(size=(9, 33)).astype(np.float32)
    candidates = random.normal(size=(5, 33)).astype(np.float32)
    _, found = nearest(queries, np.tile(candidates, (3, 1)), 15)
    for numbers in found.reshape(9, 5, 3):
        for same in numbers:
            assert (np.diff(same) == 5).all()
