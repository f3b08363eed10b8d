import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.metrics import METRICS
from xltransfer.metrics.mining import (
    Mined,
    Neighbours,
    best_threshold,
    distinct,
    extract,
    mine,
    named,
)


def nearest(cosines: np.ndarray, k: int) -> Neighbours:
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return Neighbours(np.take_along_axis(cosines, order, 1), order)


def cosines(seed: int, sources: int, targets: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    sides = [draw.normal(size=(n, 5)) + 2 for n in (sources, targets)]
    x, y = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in sides)
    return x @ y.T


def reference(all_: np.ndarray, k: int) -> list[tuple[int, int, float]]:
    """Margin mining as the paper describes it, from all cosines."""
    own = [np.sort(one, axis=1)[:, -k:].mean(axis=1) for one in (all_, all_.T)]
    scores = all_ / ((own[0][:, None] + own[1][None, :]) / 2)
    near = np.zeros(all_.shape, bool), np.zeros(all_.T.shape, bool)
    for mask, side in zip(near, (all_, all_.T), strict=True):
        for row, values in enumerate(side):
            mask[row, np.argsort(-values)[:k]] = True
    candidates = set()
    for i in range(all_.shape[0]):
        js = np.flatnonzero(near[0][i])
        candidates.add((i, int(js[np.argmax(scores[i, js])])))
    for j in range(all_.shape[1]):
        rows = np.flatnonzero(near[1][j])
        candidates.add((int(rows[np.argmax(scores[rows, j])]), j))
    found = []
    for i, j in sorted(candidates, key=lambda one: -scores[one]):
        if all(i != a and j != b for a, b, _ in found):
            found.append((i, j, float(scores[i, j])))
    return [one for one in found if one[2] > 0]


@pytest.mark.parametrize("seed", range(60))
def test_mining_is_the_described_one(seed):
    sources, targets = 2 + seed % 13, 2 + seed % 7
    all_ = cosines(seed, sources, targets)
    k = min(4, sources, targets)
    found = mine(nearest(all_, k), nearest(all_.T, k))
    expected = reference(all_, k)
    pairs = list(zip(found.sources, found.targets, strict=True))
    assert pairs == [(i, j) for i, j, _ in expected]
    assert found.scores == pytest.approx([score for *_, score in expected])


def test_mining_of_a_worked_example():
    # Two sentences each, two neighbours. Averages: x .75 .5, y .7 .55.
    all_ = np.array([[0.9, 0.6], [0.5, 0.5]])
    found = mine(nearest(all_, 2), nearest(all_.T, 2))
    # (0, 0): .9 / .725; (1, 1): .5 / .525. Both sides' best of 1 is taken.
    assert list(zip(found.sources, found.targets, strict=True)) == [
        (0, 0),
        (1, 1),
    ]
    assert found.scores == pytest.approx([0.9 / 0.725, 0.5 / 0.525])


def test_a_hub_near_to_all_is_held_back_by_its_neighbourhood():
    # Source 1 is nearer to the hub, target 0, than to target 1. Averages: x
    # .5 .775, y .85 .425: .8 / .8125 with the hub, .75 / .6 with target 1.
    all_ = np.array([[0.9, 0.1], [0.8, 0.75]])
    found = mine(nearest(all_, 2), nearest(all_.T, 2))
    assert found.sources.tolist() == found.targets.tolist() == [0, 1]
    assert found.scores == pytest.approx([0.9 / 0.675, 0.75 / 0.6])


@pytest.mark.parametrize("seed", range(20))
def test_no_sentence_is_in_two_pairs_and_scores_fall(seed):
    all_ = cosines(seed, 30, 20)
    found = mine(nearest(all_, 4), nearest(all_.T, 4))
    assert len(set(found.sources)) == len(set(found.targets))
    assert len(set(found.sources)) == len(found.scores)
    assert (np.diff(found.scores) <= 0).all()


def test_repeated_sentences_are_embedded_once_and_not_named():
    found = distinct(["a\n", "b\n", "a\n", "c\n", " c\n", "d"])
    # Last places, in the order of the first ones; c is there in two ways.
    assert found.lines.tolist() == [2, 1, 3, 4, 5]
    assert found.is_single.tolist() == [False, True, False, False, True]


def test_pairs_are_named_by_the_ids_of_their_lines():
    sources = distinct(["a", "b", "a"])
    targets = distinct(["x", "y"])
    mined = Mined(np.array([1, 0]), np.array([0, 1]), np.array([1.2, 1.1]))
    pairs, scores = named(
        mined,
        (sources, ["de-1", "de-2", "de-3"]),
        (targets, ["en-1", "en-2"]),
    )
    assert pairs == [("de-2", "en-1")]
    assert scores.tolist() == [1.2]


PAIRS = [(str(i), str(i)) for i in range(4)]


def test_the_threshold_lies_midway_behind_the_best_cut():
    # Right, right, wrong, right of 3: F1 of cuts .5, .8, 2/3, 6/7.
    gold = {PAIRS[0], PAIRS[1], PAIRS[3]}
    scores = np.array([1.4, 1.3, 1.1, 1.0])
    assert best_threshold(PAIRS[:3], scores[:3], gold) == pytest.approx(1.2)
    # All four: there is no next score.
    assert best_threshold(PAIRS, scores, gold) == 1.0
    assert best_threshold(PAIRS, scores, {("x", "y")}) == 0
    assert best_threshold([], np.array([]), gold) == 0


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 5))
def test_no_other_threshold_gives_a_better_f1(right, missed):
    pairs = [(str(i), str(i)) for i in range(len(right))]
    scores = np.linspace(2, 1, len(right))
    gold = [one for one, is_right in zip(pairs, right, strict=True) if is_right]
    gold += [(f"g{i}", f"g{i}") for i in range(missed)]

    def f1(threshold: float) -> float:
        return METRICS["bucc"](gold, extract(pairs, scores, threshold))["f1"]

    best = f1(best_threshold(pairs, scores, gold)) if gold else 0
    assert all(best >= f1(threshold) - 1e-9 for threshold in scores if gold)
