import math

import pytest

from xltransfer.statistics import Estimate, estimate, paired_delta


def test_mean_and_sample_deviation_of_a_worked_example():
    # 2, 4, 6: mean 4, squares 4 + 0 + 4, over n - 1 = 2: variance 4.
    assert estimate([2, 4, 6]) == Estimate(4.0, 2.0, 3)


def test_a_single_seed_has_no_deviation():
    one = estimate([71.25])
    assert one.mean == 71.25
    assert math.isnan(one.deviation)
    assert str(one) == "71.2"


def test_the_text_says_mean_and_deviation():
    assert str(estimate([2, 4, 6])) == "4.0 ±2.0"


def test_a_paired_delta_is_free_of_the_seeds_own_spread():
    # Each seed gains 1, whatever its own level is; unpaired, the deviation
    # would be about that of 50 and 80.
    values = {2: 81.0, 1: 51.0}
    assert paired_delta(values, {1: 50.0, 2: 80.0}) == Estimate(1.0, 0.0, 2)


def test_a_paired_delta_takes_the_sample_deviation_of_the_differences():
    # Differences 1 and 3: mean 2, squares 1 + 1 over 1: sqrt(2).
    delta = paired_delta({1: 11.0, 2: 23.0}, {1: 10.0, 2: 20.0})
    assert delta == Estimate(2.0, math.sqrt(2), 2)


def test_other_seeds_are_refused():
    with pytest.raises(ValueError, match="seeds"):
        paired_delta({1: 1.0}, {1: 1.0, 2: 1.0})
