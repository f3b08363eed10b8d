"""Sums of losses against loops, and predictions example by example."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_caches
import small_models
from small_models import CLASSIFIER, TEXT_TO_TEXT

from xltransfer.data.features import RankedAnswers
from xltransfer.evaluate import Evaluation
from xltransfer.objectives.objective import cross_entropy
from xltransfer.outcomes.classification import Labels

# Of two lengths; with these no answer is the best for every input.
RANKED = ((30, 1), (40, 1), (33, 35, 1))


def test_cross_entropy_is_that_of_a_plain_loop():
    random = np.random.default_rng(0)
    logits = random.normal(size=(3, 4, 5)).astype(np.float32)
    targets = random.integers(5, size=(3, 4))
    weights = np.array([[1, 1, 0, 1]] * 3, np.float32)
    expected = {"loss": 0.0, "correct": 0.0, "weight": 0.0}
    for place in np.ndindex(3, 4):
        row, target = logits[place].astype(np.float64), targets[place]
        log_prob = row[target] - np.log(np.exp(row).sum())
        expected["loss"] -= weights[place] * log_prob
        expected["correct"] += weights[place] * (row.argmax() == target)
        expected["weight"] += weights[place]
    sums = cross_entropy(logits, targets, weights)
    for name, value in expected.items():
        np.testing.assert_allclose(sums[name], value, rtol=1e-6)


def test_cross_entropy_of_half_precision_is_summed_in_full():
    logits = jnp.zeros((4096, 3), jnp.bfloat16)
    ones = np.ones(4096, np.float32)
    sums = cross_entropy(logits, ones.astype(np.int32), ones)
    # bfloat16 cannot count beyond 256.
    assert sums["weight"] == 4096
    np.testing.assert_allclose(sums["loss"], 4096 * np.log(3), rtol=1e-6)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return small_caches.pairs(tmp_path_factory.mktemp("data") / "pairs", 45)


@pytest.fixture(scope="module")
def text_pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "text"
    return small_caches.text_pairs(folder, 45)


def predictions(objective, params, arrangement, cache, columns, rows, devices):
    one = small_models.predictor(objective, devices)
    return Evaluation(
        one, params, arrangement, Classes(), columns, rows
    ).predict(cache)


# Rows that are with one device, or with eight, at once.
ROWS = [
    (rows, columns, devices)
    for rows, columns in ((1, 0), (7, 1), (64, 0), (64, 1))
    for devices in (1, 8)
]


class Classes(Labels):
    """Predictions stay numbers."""

    def combine(self, cache, found):
        return np.array(found)


@pytest.fixture(scope="module")
def alone(pairs):
    """Each example in a row of its own, without mesh: logits, parameters.

    The output's bias takes the mean away, so that no class has them all.
    """
    params = small_models.params(CLASSIFIER)

    @jax.jit
    def logits(params, tokens, inside, starts):
        return CLASSIFIER.model.apply(
            {"params": params},
            jnp.where(inside, tokens, 1),
            inside,
            jnp.arange(24)[None] * inside,
            starts,
            deterministic=True,
        )[0, 0]

    found = []
    for number in range(pairs.size):
        tokens = pairs.tokens("tokens", number).astype(np.int32)
        row = np.zeros((1, 24), np.int32)
        row[0, : len(tokens)] = tokens
        inside = (np.arange(24) < len(tokens))[None].astype(np.int32)
        starts = np.zeros((1, 1), np.int32)
        found.append(logits(params, row, inside, starts))
    scores = np.stack(found)
    output = params["head"]["out"]
    centred = output | {"bias": output["bias"] - scores.mean(axis=0)}
    params = params | {"head": params["head"] | {"out": centred}}
    return scores - scores.mean(axis=0), params


@pytest.mark.parametrize(("rows", "longer", "devices"), ROWS)
def test_a_class_depends_neither_on_rows_nor_on_neighbours_nor_on_devices(
    rows, longer, devices, pairs, alone
):
    logits, params = alone
    columns = ((24,), (60,))[longer]
    found = predictions(
        *(CLASSIFIER, params, small_models.CLASSIFICATION, pairs),
        *(columns, rows, devices),
    )
    assert set(found.tolist()) == {0, 1, 2}
    np.testing.assert_array_equal(found, logits.argmax(axis=1))


@pytest.fixture(scope="module")
def likelihoods(text_pairs) -> np.ndarray:
    """log p(answer | input), each alone and unpadded, piece by piece."""
    logits = small_models.alone_logits(TEXT_TO_TEXT)
    scores = np.zeros((text_pairs.size, len(RANKED)))
    for number in range(text_pairs.size):
        ids = text_pairs.tokens("inputs", number)
        for one, answer in enumerate(RANKED):
            shifted = np.array([[0, *answer[:-1]]], np.int32)
            found = np.asarray(jax.nn.log_softmax(logits(ids, shifted)))
            scores[number, one] = sum(
                found[at, piece] for at, piece in enumerate(answer)
            )
    return scores


@pytest.mark.parametrize(("rows", "longer", "devices"), ROWS)
def test_ranking_takes_the_answer_of_the_largest_log_likelihood(
    rows, longer, devices, text_pairs, likelihoods
):
    params = small_models.params(TEXT_TO_TEXT)
    columns = ((20, 3), (50, 10))[longer]
    found = predictions(
        *(TEXT_TO_TEXT, params, RankedAnswers(RANKED), text_pairs),
        *(columns, rows, devices),
    )
    np.testing.assert_array_equal(found, likelihoods.argmax(axis=1))
    assert len(set(found.tolist())) > 1
