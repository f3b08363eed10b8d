"""Update rules against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from xltransfer.errors import InputError
from xltransfer.optimizer import Adafactor, AdamW

PARAMS = {
    "encoder": {
        "layers_1": {
            "kernel": jnp.arange(6, dtype=jnp.float32).reshape(2, 3) / 6,
            "bias": jnp.array([1.0, -2.0, 0.5]),
        },
        "layers_10": {"kernel": jnp.ones((3, 2))},
    },
    "head": {"kernel": jnp.full((2, 2), 0.3), "scale": jnp.ones(2)},
}


def gradients(step: int):
    random = np.random.default_rng(step)
    return jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(size=leaf.shape), jnp.float32),
        PARAMS,
    )


def run(optimizer, steps: int, count: int):
    """Returns parameters and state after `count` of `steps` updates."""
    rule = optimizer.build(steps)
    params, state = PARAMS, rule.init(PARAMS)
    for step in range(count):
        updates, state = rule.update(gradients(step), state, params)
        params = optax.apply_updates(params, updates)
    return params, state


def rates(optimizer, steps: int) -> list[float]:
    return [float(optimizer.schedule(steps)(step)) for step in range(steps)]


def test_rate_rises_and_falls_linearly():
    # Two of ten steps to rise, eight to fall:
    # transformers.get_linear_schedule_with_warmup(2, 10) gives the same.
    expected = [0, 0.5, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]
    np.testing.assert_allclose(
        rates(AdamW(2.0, warmup=0.2), 10), np.multiply(2, expected), rtol=1e-6
    )


def test_rate_stays_where_it_does_not_decay():
    optimizer = AdamW(2.0, warmup=0.5, decay="constant")
    np.testing.assert_allclose(rates(optimizer, 4), [0, 1, 2, 2], rtol=1e-6)


def test_rate_begins_at_its_peak_without_warm_up():
    np.testing.assert_allclose(
        rates(AdamW(1.0, warmup=0.0), 4), [1, 0.75, 0.5, 0.25], rtol=1e-6
    )


def test_rate_may_rise_all_the_way():
    np.testing.assert_allclose(
        rates(AdamW(1.0, warmup=1.0), 4), [0, 0.25, 0.5, 0.75], rtol=1e-6
    )


@pytest.mark.parametrize("fields", [{"decay": "cosine"}, {"warmup": 100}])
def test_what_is_no_schedule_is_refused(fields):
    with pytest.raises(InputError, match=f"AdamW.{next(iter(fields))}"):
        AdamW(1.0, **fields)


def adamw(before: np.ndarray, slopes: list[np.ndarray]) -> np.ndarray:
    """Loshchilov and Hutter (2019), algorithm 2, as torch.optim.AdamW has it.

    With rate 0.1, decay 0.05 for matrices, 0.9, 0.999 and 1e-8; in float64.
    """
    decay = 0.05 if before.ndim > 1 else 0.0
    p, m, v = before.astype(np.float64), 0.0, 0.0
    for step, slope in enumerate(slopes, start=1):
        slope = slope.astype(np.float64)
        p = p - 0.1 * decay * p
        m = 0.9 * m + 0.1 * slope
        v = 0.999 * v + 0.001 * slope**2
        unbiased = m / (1 - 0.9**step), v / (1 - 0.999**step)
        p = p - 0.1 * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    return p


def test_adamw_without_clipping_is_its_paper_s():
    optimizer = AdamW(
        0.1, warmup=0.0, decay="constant", weight_decay=0.05, clip=None
    )
    ours, _ = run(optimizer, 5, 5)
    slopes = [jax.device_get(gradients(step)) for step in range(5)]
    errors = jax.tree.map(
        lambda a, before, *slopes: (
            np.abs(a - (b := adamw(np.asarray(before), slopes))).max()
            / np.abs(b).max()
        ),
        ours,
        PARAMS,
        *slopes,
    )
    assert max(jax.tree.leaves(errors)) <= 1e-5


def test_weight_decay_leaves_biases_and_norms_alone():
    without, with_decay = (
        run(AdamW(0.1, warmup=0.0, decay="constant", weight_decay=decay), 2, 1)[
            0
        ]
        for decay in (0.0, 0.5)
    )
    # One update takes rate * decay * parameter away: 5 %.
    shrunk = jax.tree.map(
        lambda a, b, p: (
            np.allclose(a - b, 0.05 * p, atol=1e-6) and not np.allclose(a, b)
        ),
        without,
        with_decay,
        PARAMS,
    )
    assert shrunk == {
        "encoder": {
            "layers_1": {"kernel": True, "bias": False},
            "layers_10": {"kernel": True},
        },
        "head": {"kernel": True, "scale": False},
    }
    np.testing.assert_array_equal(
        without["head"]["scale"], with_decay["head"]["scale"]
    )


def test_long_gradients_are_cut_to_the_norm_and_short_ones_left():
    # Adam forgets lengths, but its first moment is 0.1 of the gradient.
    whole = optax.tree.norm(gradients(0))
    for clip, expected in ((1.0, 1.0), (100.0, float(whole)), (None, whole)):
        _, state = run(AdamW(0.1, clip=clip), 10, 1)
        moment = optax.tree_utils.tree_get(state, "mu")
        norm = optax.tree.norm(moment) / 0.1
        np.testing.assert_allclose(norm, expected, rtol=1e-5)


@pytest.mark.parametrize("optimizer", [AdamW, Adafactor])
def test_frozen_parameters_neither_move_nor_have_state(optimizer):
    rule = optimizer(0.1, frozen=("encoder/layers_1", "head/kernel"))
    params, state = run(rule, 10, 2)
    moved = jax.tree.map(lambda a, b: bool((a != b).any()), params, PARAMS)
    assert moved == {
        "encoder": {
            "layers_1": {"kernel": False, "bias": False},
            "layers_10": {"kernel": True},
        },
        "head": {"kernel": False, "scale": True},
    }
    shapes = {leaf.shape for leaf in jax.tree.leaves(state)}
    assert (3, 2) in shapes and (2,) in shapes
    assert not shapes & {(2, 3), (3,), (2, 2)}


def test_frozen_gradients_do_not_count_when_others_are_cut():
    rule = AdamW(0.1, clip=1.0, frozen=("encoder",))
    _, state = run(rule, 10, 1)
    moment = optax.tree_utils.tree_get(state, "mu")
    np.testing.assert_allclose(optax.tree.norm(moment), 0.1, rtol=1e-5)


def test_freezing_what_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'encoder/lay'"):
        AdamW(0.1, frozen=("encoder/lay",)).build(10).init(PARAMS)
    with pytest.raises(InputError, match="Did you mean 'encoder'"):
        AdamW(0.1, frozen=("encodr",)).build(10).init(PARAMS)


def test_adafactor_takes_the_step_that_its_paper_defines():
    # Shazeer and Stern (2018), algorithm 4, without factors and momentum, at
    # step 1, where the second moment is the squared gradient: the update is
    # the sign of the gradient (RMS 1, so not clipped), times the rate, times
    # the RMS of the parameter.
    params, _ = run(Adafactor(0.01), 10, 1)
    gradient = gradients(0)
    for part in ("layers_1", "layers_10"):
        before = np.asarray(PARAMS["encoder"][part]["kernel"])
        scale = max(np.sqrt(np.mean(before**2)), 1e-3)
        sign = np.sign(gradient["encoder"][part]["kernel"])
        np.testing.assert_allclose(
            params["encoder"][part]["kernel"],
            before - 0.01 * scale * sign,
            rtol=1e-5,
        )


def test_adafactor_keeps_rows_and_columns_of_large_matrices_only():
    state = (
        Adafactor(factored_size=4)
        .build(10)
        .init({"large": jnp.zeros((5, 6)), "small": jnp.zeros((3, 6))})
    )
    shapes = sorted(leaf.shape for leaf in jax.tree.leaves(state))
    assert (5,) in shapes and (6,) in shapes and (3, 6) in shapes
    assert (5, 6) not in shapes


def test_adafactor_s_rate_is_constant():
    assert rates(Adafactor(1e-3), 3) == pytest.approx([1e-3] * 3)
