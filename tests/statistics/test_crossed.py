import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xltransfer.statistics import crossed
from xltransfer.statistics.crossed import Part, Spread


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def centred(examples: np.ndarray) -> np.ndarray:
    """Each example's share in its seed's mean, around 0."""
    share = examples / examples.shape[-1]
    return share - share.mean(axis=-1, keepdims=True)


def test_of_seeds_alone_it_is_students_t():
    deltas = 1 + drawn(5)
    spread = crossed.of_mean(deltas)
    # SciPy's own test and interval are the reference.
    expected = stats.ttest_1samp(deltas, 0)
    low, high = expected.confidence_interval(0.95)
    half = spread.half_width()
    assert [deltas.mean() - half, deltas.mean() + half] == pytest.approx(
        [low, high], rel=1e-9
    )
    assert spread.p(deltas.mean()) == pytest.approx(expected.pvalue, rel=1e-6)


def test_of_examples_alone_it_is_students_t_over_examples():
    examples = 0.1 + drawn(1, 200)
    spread = crossed.of_mean(examples.mean(axis=1), centred(examples))
    expected = stats.ttest_1samp(examples[0], 0)
    low, high = expected.confidence_interval(0.95)
    assert 2 * spread.half_width() == pytest.approx(high - low, rel=1e-9)
    assert spread.p(examples.mean()) == pytest.approx(expected.pvalue, rel=1e-6)


def test_what_seeds_and_examples_both_hold_counts_once():
    # Two seeds, two examples, shares by hand: seed 1 has +3 and -3, seed 2 +1
    # and -1. Means 2, -2: 4 + 4, times 2/1, is 16. Rest: four times 1, times
    # 2/1, over 2 seeds * 1, is 4. What persists is 12.
    examples = np.array([[3.0, -3.0], [1.0, -1.0]])
    assert crossed.persisting(examples) == pytest.approx(12.0)
    # Seeds 5 and 7: variance 2, over 2 seeds, is 1.
    spread = crossed.of_mean(np.array([5.0, 7.0]), examples)
    assert spread.variance == pytest.approx(13.0)
    assert [part.freedom for part in spread.parts] == [1, 1]


def test_examples_that_do_the_same_to_every_seed_add_all_they_have():
    one = centred(drawn(1, 50))
    examples = np.repeat(one, 4, axis=0)
    assert crossed.persisting(examples) == pytest.approx(
        crossed.persisting(one)
    )


def test_examples_that_do_another_thing_to_every_seed_add_next_to_nothing():
    # Their part is in the seeds' spread. On average over 2,000 claims what is
    # left is half of the noise's deviation, not the whole part.
    examples = centred(drawn(2000, 5, 100))
    whole = np.square(examples.mean(axis=1)).sum(axis=-1).mean()
    assert crossed.persisting(examples).mean() < 0.1 * whole


def test_seeds_that_agree_by_chance_leave_a_spread():
    examples = centred(drawn(2, 100))
    spread = crossed.of_mean(np.array([1.0, 1.0]), examples)
    assert spread.parts[0].value > 0
    assert spread.p(np.array(1.0)) < 1


def test_the_interval_of_two_parts_is_their_root_of_squares():
    # Sizes of t by SciPy: each part reaches as far as by itself.
    spread = Spread((Part(np.array(4.0), 2), Part(np.array(9.0), 99)))
    t = stats.t.ppf(0.975, [2, 99])
    assert spread.half_width() == pytest.approx(
        np.hypot(2 * t[0], 3 * t[1]), rel=1e-9
    )


@settings(max_examples=60)
@given(
    effect=st.floats(0.01, 20),
    parts=st.lists(st.floats(0.01, 5), min_size=1, max_size=3),
    freedoms=st.lists(st.integers(1, 500), min_size=3, max_size=3),
)
def test_an_interval_at_one_minus_p_ends_at_no_effect(effect, parts, freedoms):
    spread = Spread(
        tuple(
            Part(np.array(value), freedom)
            for value, freedom in zip(parts, freedoms, strict=False)
        )
    )
    p = float(spread.p(np.array(effect)))
    if 1e-12 < p < 1 - 1e-6:
        assert spread.half_width(1 - p) == pytest.approx(effect, rel=1e-3)
    assert (p < 0.05) == (spread.half_width() < effect)


def test_without_a_spread_nothing_but_no_effect_is_known():
    spread = crossed.of_mean(np.array([2.0, 2.0, 2.0]))
    assert np.isnan(spread.p(np.array(2.0)))
    assert spread.p(np.array(0.0)) == 1.0


def test_claims_side_by_side_are_as_each_alone():
    deltas, examples = drawn(3, 4), centred(drawn(3, 4, 30))
    together = crossed.of_mean(deltas, examples)
    for number in range(3):
        alone = crossed.of_mean(deltas[number], examples[number])
        assert together.variance[number] == pytest.approx(alone.variance)


def test_drawn_languages_add_their_own_spread():
    # By hand: no seed differs, languages are 1 and 3: variance 2, over 2 is 1.
    deltas = np.array([[1.0, 3.0], [1.0, 3.0]])
    spread = crossed.of_mean_of_drawn_languages(deltas)
    assert spread.variance == pytest.approx(1.0)
    assert [part.freedom for part in spread.parts] == [1, 1]


def test_examples_of_drawn_languages_count_once():
    # Languages with examples of their own: these are in the spread between
    # languages, and add nothing to it.
    own = [centred(drawn(2, 100, seed=n)) for n in (1, 2)]
    examples = np.concatenate(own, axis=1) / 2
    apart = np.array([crossed.persisting(one) for one in own])
    deltas = np.array([[1.0, 3.0], [1.0, 3.0]])
    spread = crossed.of_mean_of_drawn_languages(deltas, examples, apart)
    assert spread.parts[1].value == pytest.approx(1.0)
    assert spread.parts[2].value < 0.02 * apart.sum()


def test_drawn_languages_vary_at_least_by_their_examples():
    own = [centred(drawn(2, 100, seed=n)) for n in (1, 2)]
    examples = np.concatenate(own, axis=1) / 2
    apart = np.array([crossed.persisting(one) for one in own])
    deltas = np.array([[2.0, 2.0], [2.0, 2.0]])
    spread = crossed.of_mean_of_drawn_languages(deltas, examples, apart)
    assert spread.parts[1].value == pytest.approx(apart.sum() / 4)
