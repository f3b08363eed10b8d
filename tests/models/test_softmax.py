"""A softmax in parts of its columns is the softmax, and so is its gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_models

from xltransfer.models import softmax

WIDTH, SHAPE = 8, (3, 5)
# Nothing divides 1003; 1000 splits in two halves.
CASES = [(1003, 256), (1003, 1003), (1000, 300)]


def arrays(size: int) -> tuple:
    random = np.random.default_rng(0)
    x = random.normal(size=(*SHAPE, WIDTH)).astype(np.float32)
    table = random.normal(size=(WIDTH, size)).astype(np.float32)
    bias = random.normal(size=size).astype(np.float32)
    return x, table, bias, random.integers(0, size, SHAPE)


def plain(x, table, bias, targets):
    """-log softmax of all logits, by JAX's own."""
    log_probs = jax.nn.log_softmax(x @ table + bias)
    return -jnp.take_along_axis(log_probs, targets[..., None], -1)[..., 0]


def gradients(function, x, table, bias, targets):
    # Targets of different weights, one of them none.
    weights = np.arange(15, dtype=np.float32).reshape(SHAPE)

    def loss(*of):
        return (function(*of, targets) * weights).sum()

    return jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(x, table, bias)


def in_parts(columns):
    def surprisal(x, table, bias, targets):
        found = softmax.losses(x, table, bias, targets, "float32", columns)
        return found.surprisal

    return surprisal


@pytest.mark.parametrize(("size", "columns"), CASES)
def test_loss_and_gradients_are_those_of_all_logits(size, columns):
    given = arrays(size)
    np.testing.assert_allclose(
        in_parts(columns)(*given), plain(*given), rtol=1e-5
    )
    small_models.check_close(
        gradients(in_parts(columns), *given), gradients(plain, *given)
    )


def test_a_vocabulary_split_over_devices_gives_the_same():
    given = arrays(1000)
    with small_models.partitioning("fsdp_tensor").scope():
        found = jax.jit(in_parts(300))(*given)
        gradient = gradients(in_parts(300), *given)
    np.testing.assert_allclose(found, plain(*given), rtol=1e-5)
    small_models.check_close(gradient, gradients(plain, *given))


def test_few_logits_are_made_at_once_and_many_in_parts(monkeypatch):
    monkeypatch.setattr(softmax, "WHOLE", 15 * 500)
    monkeypatch.setattr(softmax, "PART", 15 * 256)
    given = arrays(1003)
    for size, whole in ((500, True), (501, False), (1003, False)):
        _, table, bias, _ = given
        targets = given[3] % size
        part = given[0], table[:, :size], bias[:size], targets
        traced = str(jax.make_jaxpr(in_parts(None))(*part))
        assert (f"f32[3,5,{size}]" in traced) == whole
        np.testing.assert_allclose(
            in_parts(None)(*part), plain(*part), rtol=1e-5
        )


def test_a_table_that_is_split_is_gathered_in_parts(monkeypatch):
    x, table, bias, targets = arrays(1000)
    x = np.concatenate([x] * 8)
    targets = np.concatenate([targets] * 8)
    monkeypatch.setattr(softmax, "PART", 15 * 128)
    with small_models.partitioning("fsdp").scope():
        lowered = jax.jit(in_parts(None)).lower(x, table, bias, targets)
    # [G D C] of G 1, and no product with the whole of it.
    text = lowered.as_text()
    assert "1x8x128xf32" in text
    assert "24x5x1000xf32" not in text


def test_hits_are_targets_with_the_largest_logit():
    x, table, bias, targets = arrays(1003)
    best = (x @ table + bias).argmax(-1)
    for columns in (256, 1003):
        found = softmax.losses(x, table, bias, best, "float32", columns)
        assert found.hits.all()
        found = softmax.losses(x, table, bias, targets, "float32", columns)
        np.testing.assert_array_equal(found.hits, best == targets)


def test_of_equal_logits_the_first_counts():
    # As `argmax` has it; the two lie in different parts.
    x, table, bias, _ = arrays(1003)
    best = (x @ table + bias).argmax(-1)
    twin = np.concatenate([table, table], axis=1)
    bias = np.concatenate([bias, bias])
    for targets, hit in ((best, True), (best + 1003, False)):
        found = softmax.losses(x, twin, bias, targets, "float32", 256)
        assert (found.hits == hit).all()


def test_not_all_logits_are_there_at_once():
    x, table, bias, targets = arrays(1003)

    def loss(x, table, bias):
        return in_parts(256)(x, table, bias, targets).sum()

    traced = str(jax.make_jaxpr(jax.grad(loss, argnums=(0, 1)))(x, table, bias))
    assert "f32[3,5,1,256]" in traced
    assert "f32[3,5,1,1003]" not in traced
