import numpy as np
import pytest

from xltransfer.statistics import bootstrap


def interval(deltas, examples=None, **given) -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.array(bootstrap.interval(deltas, examples, generator, **given))


def test_what_does_not_vary_has_an_interval_of_nothing():
    assert interval(np.full((3, 2), 1.5)) == pytest.approx([1.5, 1.5])


def test_examples_give_the_normal_width():
    # One seed, one language, 900 examples of deviation 1: an error of 1 / 30.
    values = np.random.default_rng(1).standard_normal(900)
    values = (values - values.mean()) / values.std()
    low, high = interval(np.zeros((1, 1)), values[None, None] / 900)
    assert high - low == pytest.approx(2 * 1.96 / 30, rel=0.1)


def test_few_seeds_give_too_little():
    # Why it is not the default. Redrawing S seeds spreads by (S - 1) / S of
    # their variance, and Student's t at 3 seeds reaches 2.2 times the normal.
    deltas = np.array([[-1.0], [0.0], [1.0]])
    low, high = interval(deltas)
    assert (high - low) / 2 <= 1.0 < 4.30 / np.sqrt(3)


def test_drawn_languages_widen_it():
    deltas = np.array([[0.0, 4.0], [0.0, 4.0]])
    assert interval(deltas) == pytest.approx([2.0, 2.0])
    assert interval(deltas, draw_languages=True) == pytest.approx([0.0, 4.0])


def test_both_languages_get_the_same_redrawn_examples():
    # What one gains by an example the other loses: their mean stays.
    one = np.random.default_rng(2).standard_normal(50)
    one -= one.mean()
    examples = np.array([[one, -one]])
    assert interval(np.zeros((1, 2)), examples) == pytest.approx([0.0, 0.0])


def test_drawings_come_in_blocks_of_any_number():
    deltas = np.arange(6.0)[:, None]
    assert interval(deltas, redrawn=3)[0] >= 0
