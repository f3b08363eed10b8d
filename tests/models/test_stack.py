"""Scanned or one after the other, kept or computed again: one mathematics.

In float32; loss and gradients must agree to 1e-5 by max|a - b| / max|b| per
tensor with the stack that runs its layers as they are.
"""

import dataclasses

import jax
import numpy as np
import pytest
import small_models
from small_models import check_close

from xltransfer.models.mt5 import MT5
from xltransfer.models.stack import Layering, layering
from xltransfer.models.xlmr import XLMRMaskedLM
from xltransfer.objectives.language_modeling import MaskedLanguageModeling
from xltransfer.objectives.text_to_text import TextToText

WAYS = [
    Layering(scan=True),
    Layering(scan=True, remat="dots"),
    Layering(scan=True, remat="full"),
    Layering(scan=False, remat="full"),
]
SEGMENTS = np.repeat([[1] * 5 + [2] * 5 + [0] * 2], 2, axis=0)


def ids(random, high: int, columns: int) -> np.ndarray:
    return random.integers(3, high, (2, columns)).astype(np.int32)


def encoder_batch() -> dict:
    random = np.random.default_rng(0)
    return {
        "tokens": ids(random, 67, 12),
        "segment_ids": SEGMENTS,
        "positions": np.repeat([[*range(5)] * 2 + [0] * 2], 2, axis=0),
        "target_positions": np.array([[0, 2, 4, 6, 8]] * 2),
        "target_tokens": ids(random, 67, 5),
        "target_weights": np.ones((2, 5), np.float32),
    }


def text_batch() -> dict:
    random = np.random.default_rng(0)
    return {
        "encoder_input_tokens": ids(random, 160, 12),
        "encoder_segment_ids": SEGMENTS,
        "decoder_input_tokens": ids(random, 160, 6),
        "decoder_segment_ids": np.array([[1, 1, 1, 2, 2, 0]] * 2),
        "decoder_target_tokens": ids(random, 160, 6),
        "decoder_loss_weights": np.array([[1, 1, 1, 1, 1, 0]] * 2, np.float32),
    }


def encoder(**fields) -> MaskedLanguageModeling:
    config = dataclasses.replace(small_models.XLMR, num_layers=3, **fields)
    return MaskedLanguageModeling(XLMRMaskedLM(config))


def text(**fields) -> TextToText:
    config = dataclasses.replace(
        small_models.MT5_CONFIG,
        num_encoder_layers=3,
        num_decoder_layers=2,
        **fields,
    )
    return TextToText(MT5(config))


MODELS = {
    "XLM-R": (encoder(), encoder_batch()),
    "XLM-R XL": (encoder(norm="pre"), encoder_batch()),
    "mT5": (text(), text_batch()),
    "umT5": (text(relpos_per_layer=True), text_batch()),
}


def loss_and_gradient(objective, batch: dict, way: Layering, key=None) -> tuple:
    def loss(params: dict) -> jax.Array:
        with layering(way):
            return objective.sums(params, batch, key)["loss"]

    return jax.jit(jax.value_and_grad(loss))(params(objective))


def params(objective) -> dict:
    """Random parameters of a standard deviation near 1.

    With smaller ones all columns come out alike after three layers: the
    gradients of their attention would be rounding and little else.
    """
    return jax.tree.map(lambda x: 3 * x, small_models.params(objective))


@pytest.mark.parametrize("name", MODELS)
def test_a_scan_and_remat_change_neither_loss_nor_gradients(name):
    expected, gradient = loss_and_gradient(*MODELS[name], Layering())
    for way in WAYS if name in ("XLM-R", "mT5") else WAYS[:1]:
        loss, found = loss_and_gradient(*MODELS[name], way)
        assert abs(loss - expected) <= 1e-5 * expected, way
        check_close(found, gradient)


@pytest.mark.slow
def test_dropout_is_the_same_however_layers_are_carried_out():
    dropping = encoder(dropout_rate=0.2, attention_dropout_rate=0.2)
    key = jax.random.key(3)
    expected, gradient = loss_and_gradient(
        dropping, encoder_batch(), WAYS[0], key
    )
    for way in WAYS[2:]:
        loss, found = loss_and_gradient(dropping, encoder_batch(), way, key)
        assert abs(loss - expected) <= 1e-5 * expected, way
        check_close(found, gradient)


def test_a_scan_compiles_one_layer_for_all():
    def lines(way: Layering) -> int:
        objective, batch = MODELS["XLM-R"]

        def loss(params: dict) -> jax.Array:
            with layering(way):
                return objective.sums(params, batch, None)["loss"]

        text = jax.jit(loss).lower(params(objective)).as_text()
        return text.count("stablehlo.exponential")

    # One softmax a layer, and that of the loss.
    assert lines(Layering()) == 3 + 1
    assert lines(WAYS[0]) == 1 + 1
