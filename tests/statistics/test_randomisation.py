import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xltransfer.statistics.randomisation import holm, sign_flip


def test_five_seeds_that_agree_give_the_smallest_p_there_is():
    # All 32 flips; only the observed one and its mirror are as far out.
    assert sign_flip(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == 2 / 32


def test_a_worked_example():
    # |1 + 2 - 4| = 1; of the eight flips all but none are nearer: sums are
    # 7, 5, 3, 1 either way.
    assert sign_flip(np.array([1.0, 2.0, -4.0])) == 1.0
    # |1 - 2 - 4| = 5: 7 and 5, either way, of eight.
    assert sign_flip(np.array([1.0, -2.0, -4.0])) == 0.5


@settings(max_examples=30)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=7))
def test_all_flips_are_tried(deltas):
    values = np.array(deltas, float)
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, deltas, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(deltas))
    ]
    expected = np.mean([one >= abs(sum(deltas)) for one in sums])
    assert sign_flip(values) == pytest.approx(expected)


def test_many_seeds_are_flipped_at_random():
    deltas = np.random.default_rng(0).standard_normal((2, 20))
    deltas[1] += 5
    p = sign_flip(deltas)
    assert p[0] > 0.05
    # Never 0: the observed signs are one of those there might be.
    assert p[1] == pytest.approx(1 / 10_001)


def test_holm_on_a_worked_example():
    # By hand: .005 * 4, .01 * 3, .03 * 2, then .04 is not below the third.
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_lies_between_no_correction_and_bonferroni(values):
    p = np.array(values)
    found = holm(p)
    assert (found >= p).all() and (found <= np.minimum(p * len(p), 1)).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
