"""Counted by hand, and from the sizes of the parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_models

from xltransfer import throughput
from xltransfer.throughput import Arithmetic

ONE = np.ones(1, np.int64)


def test_xlmr_is_counted_by_hand():
    # 4 D^2 + 2 D F = 2,048 at D 16 and F 32: 2 x 10 x 2,048 for 10 tokens;
    # attention 4 x 10^2 x 16; one layer; three times forward.
    found = Arithmetic(small_models.XLMR, False, None).flops(
        np.array([[10]]), ONE
    )
    assert found == 3 * (2 * 10 * 2048 + 4 * 100 * 16)


def test_choices_do_not_attend_to_each_other():
    arithmetic = Arithmetic(small_models.XLMR, False, None)
    one = arithmetic.flops(np.array([[10]]), ONE)
    assert arithmetic.flops(np.array([[20]]), 2 * ONE) == 2 * one


def test_matrices_are_counted_once_a_token_as_the_parameters_have_them():
    # For one token of each side all kernels are passed once; attention is
    # 4 A in the encoder and twice that in the decoder; the rest are logits.
    config = small_models.MT5_CONFIG
    params = small_models.params(small_models.TEXT_TO_TEXT)
    kernels = sum(
        leaf.size
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
        if "kernel" in jax.tree_util.keystr(path)
    )
    logits = config.vocab_size * config.emb_dim
    # The kernel of the logits is one of them, where it is called so.
    kernels -= logits * any(
        "logits" in jax.tree_util.keystr(path)
        for path, _ in jax.tree_util.tree_leaves_with_path(params)
    )
    attention = 3 * 4 * config.num_heads * config.head_dim
    found = Arithmetic(config, False, None).flops(np.array([[1, 1]]), ONE)
    assert found == 3 * (2 * kernels + 2 * logits + attention)


def test_mt5_attends_within_and_across_sides():
    # The second differences of l, t -> FLOPs are those of the products of two
    # lengths alone: 2 x 4 A for l l and t t, 4 A for l t.
    config = small_models.MT5_CONFIG
    arithmetic = Arithmetic(config, False, None)

    def flops(length: int, target: int) -> float:
        return arithmetic.flops(np.array([[length, target]]), ONE) / 3

    scores = 4 * config.num_heads * config.head_dim
    assert flops(3, 1) - 2 * flops(2, 1) + flops(1, 1) == 2 * scores
    assert flops(1, 3) - 2 * flops(1, 2) + flops(1, 1) == 2 * scores
    mixed = flops(2, 2) - flops(2, 1) - flops(1, 2) + flops(1, 1)
    assert mixed == scores


def test_masked_words_add_their_logits():
    plain, masked = (
        Arithmetic(small_models.XLMR, is_masked, None).flops(
            np.array([[100]]), ONE
        )
        for is_masked in (False, True)
    )
    # 15 of 100 tokens, 67 pieces, 16 wide.
    assert masked - plain == pytest.approx(3 * 2 * 15 * 67 * 16)


def test_utilisation_is_the_share_of_the_peak():
    rates = Arithmetic(small_models.XLMR, False, 1e9).utilisation(1e9, 4.0)
    assert rates == {"flops_per_second": 2.5e8, "mfu": 0.25}
    rates = Arithmetic(small_models.XLMR, False, None).utilisation(1e9, 4.0)
    assert "mfu" not in rates


def test_a_cpu_has_no_published_peak_and_can_be_measured():
    plain = throughput.arithmetic(small_models.XLMR, False, measure=False)
    assert plain.peak is None
    measured = throughput.arithmetic(small_models.XLMR, False, measure=True)
    # Between a very slow core and the fastest of all machines, all devices.
    assert 1e8 < measured.peak / jax.device_count() < 1e15
    assert jnp.isfinite(measured.peak)
