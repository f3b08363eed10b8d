"""Every model computes and learns what Hugging Face's does, packed or padded.

Expected numbers come from `tests/reference/`: Hugging Face and PyTorch's
AdamW at tiny size, random weights, float32.
"""

import functools
from dataclasses import dataclass, replace

import jax
import numpy as np
import optax
import pytest
from parity import CASES, EMBEDDING, TEXT_EMBEDDING, Case
from rows import check_gradients, error, joined

from xltransfer.models.embedders import MT5Embedder, XLMREmbedder
from xltransfer.optimizer import AdamW
from xltransfer.pretrained import huggingface


@dataclass(frozen=True, eq=False)
class Loaded:
    case: Case
    model: object
    params: dict
    arrays: dict

    @property
    def padded(self):
        return tuple((i,) for i in range(len(self.arrays["tokens"])))

    @functools.cached_property
    def compiled(self):
        """`(params, inputs, places) -> (loss, outputs), gradients`."""
        return jax.jit(
            jax.value_and_grad(self._loss, has_aux=True), static_argnums=2
        )

    def outputs(self, layout):
        inputs, places = self.case.inputs(
            self.arrays, self.arrays["tokens"], layout
        )
        program = jax.jit(self._loss, static_argnums=2)
        return program(self.params, inputs, places)[1]

    def _loss(self, params, inputs, places):
        found = self.model.apply(
            {"params": params}, *inputs, deterministic=True
        )
        lengths = self.arrays[self.case.length_of]
        outputs = self.case.outputs(found, places, lengths)
        return self.case.loss(outputs, self.arrays), outputs

    def __call__(self, layout, params=None, tokens=None):
        tokens = self.arrays["tokens"] if tokens is None else tokens
        inputs, places = self.case.inputs(self.arrays, tokens, layout)
        params = self.params if params is None else params
        return self.compiled(params, inputs, places)


@pytest.fixture(scope="module", params=CASES)
def loaded(request, reference):
    return _loaded(reference, request.param, CASES[request.param])


def _loaded(reference, name, case):
    model = case.build(huggingface.read_config(reference / name))
    found = huggingface.load(reference / name, model)
    assert (found.missing, found.unused) == ((), ())
    arrays = dict(np.load(reference / f"{name}.npz"))
    return Loaded(case, model, found.params, arrays)


def test_padded_outputs_equal_hugging_face(loaded):
    _check(loaded.outputs(loaded.padded), loaded.case.wanted(loaded.arrays))


def test_packed_outputs_and_gradients_equal_hugging_face(loaded):
    (loss, outputs), gradients = loaded(loaded.case.packed)
    _check(outputs, loaded.case.wanted(loaded.arrays))
    assert abs(loss - loaded.arrays["losses"][0]) <= 1e-5
    check_gradients(gradients, loaded.model, loaded.arrays, loaded.case.zero)


def test_ten_updates_of_adamw_give_pytorchs_losses(loaded):
    # The reference's: matrices decay, 2 of 10 steps of warm-up, norm 1.
    optimizer = AdamW(2e-3, warmup=0.2, decay="linear", weight_decay=0.01)
    update = optimizer.build(10)
    params, state = loaded.params, update.init(loaded.params)
    apply = jax.jit(lambda g, s, p: _updated(update, g, s, p))
    losses = []
    for tokens in loaded.arrays["step_tokens"]:
        (loss, _), gradients = loaded(loaded.case.packed, params, tokens)
        losses.append(loss)
        params, state = apply(gradients, state, params)
    expected = loaded.arrays["losses"]
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-4)


def _updated(update, gradients, state, params):
    updates, state = update.update(gradients, state, params)
    return optax.apply_updates(params, updates), state


@pytest.mark.parametrize(
    ("name", "layer", "pooling"),
    [
        ("xlmr_embedding", 0, "mean"),
        ("xlmr_embedding", 1, "mean"),
        ("xlmr_embedding", 2, "first_token"),
        ("xlmr_xl_embedding", 1, "mean"),
        ("xlmr_xl_embedding", -1, "first_token"),
        ("mt5_embedding", 1, "mean"),
        ("mt5_embedding", 2, "first_token"),
    ],
)
def test_any_layer_gives_an_embedding(reference, name, layer, pooling):
    case, kind = EMBEDDING, XLMREmbedder
    if name == "mt5_embedding":
        case, kind = TEXT_EMBEDDING, MT5Embedder
    case = replace(case, build=lambda c: kind(c, layer, pooling))
    found = _loaded(reference, name, case)
    inputs, places = case.inputs(
        found.arrays, found.arrays["tokens"], case.packed
    )
    vectors = jax.jit(found.model.apply, static_argnames="deterministic")(
        {"params": found.params}, *inputs, deterministic=True
    )
    wanted = found.arrays[f"{pooling}_{layer % 3}"]
    _check(case.outputs(vectors, places, found.arrays["lengths"]), wanted)


def _check(outputs, wanted):
    assert error(joined(outputs), joined(wanted)) <= 1e-5
