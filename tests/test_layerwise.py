"""Joined layers are updated as layers by themselves."""

import jax
import numpy as np
import optax
import pytest

from xltransfer.layerwise import each_layer
from xltransfer.models import depth
from xltransfer.optimizer import Adafactor, AdamW


def random_params(seed: int) -> dict:
    """Two stacks, of 11 and 3 layers, and what is in none."""
    random = np.random.default_rng(seed)

    def layer() -> dict:
        return {
            "kernel": random.normal(size=(6, 5)).astype(np.float32),
            "bias": random.normal(size=6).astype(np.float32),
        }

    def stack(count: int) -> dict:
        return {f"layers_{number}": layer() for number in range(count)}

    return {
        "encoder": {"embedding": layer(), **stack(11)},
        "decoder": {"norm": layer(), **stack(3)},
    }


def test_layers_are_joined_in_their_order_and_split_again():
    params = random_params(0)
    joined = depth.join(params)
    assert set(joined["encoder"]) == {"embedding", "layers"}
    for number in (2, 10):
        np.testing.assert_array_equal(
            joined["encoder"]["layers"]["kernel"][number],
            params["encoder"][f"layers_{number}"]["kernel"],
        )
    jax.tree.map(np.testing.assert_array_equal, depth.split(joined), params)


@pytest.mark.parametrize(
    "optimizer",
    [
        AdamW(0.1, weight_decay=0.5, frozen=("decoder/norm",)),
        # Factors of matrices as small as these, an own clip of each matrix.
        Adafactor(0.1, factored_size=4, frozen=("encoder/embedding",)),
        Adafactor(0.1, clip=1.0),
    ],
)
def test_a_rule_moves_joined_layers_as_single_ones(optimizer):
    rule, params = optimizer.build(10), random_params(0)
    state = rule.init(params)
    joined, joined_state = depth.join(params), depth.join(state)
    for step in range(1, 4):
        gradient = random_params(step)
        updates, state = rule.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        updates, joined_state = rule.update(
            depth.join(gradient), joined_state, joined
        )
        joined = optax.apply_updates(joined, updates)
    found = depth.split((joined, joined_state))
    # Of clipped gradients the norm is summed in another order.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7),
        found,
        (params, state),
    )


def test_what_is_asked_of_a_matrix_is_asked_of_each_layer():
    seen = []

    def update(gradient, state, params=None):
        seen.extend(leaf.shape for leaf in jax.tree.leaves(gradient))
        return gradient, state

    rule = each_layer(
        optax.GradientTransformation(lambda _: optax.EmptyState(), update)
    )
    params = depth.join(random_params(0))
    jax.eval_shape(lambda: rule.update(params, optax.EmptyState(), params))
    # The two that are in no stack, and one layer of each stack.
    assert sorted(seen) == [(6,)] * 4 + [(6, 5)] * 4
