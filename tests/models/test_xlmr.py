"""XLM-R computes what Hugging Face computes, packed or padded.

Expected numbers come from `tests/reference/huggingface.py`: tiny size, random
weights, float32.
"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from flax import linen as nn
from rows import (
    boxed_shapes,
    compiled,
    cut,
    error,
    lay_out,
    random_params,
)

from xltransfer.errors import InputError
from xltransfer.models.embedders import XLMREmbedder
from xltransfer.models.layers import MASKED
from xltransfer.models.xlmr import MLP, XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import XLMRSpanFinder
from xltransfer.pretrained import huggingface

PADDED = [[0], [1], [2]]
PACKED = [[2, 1], [0]]
PERMUTED = [[1, 2], [0]]
TINY = XLMRConfig(
    vocab_size=97,
    hidden_size=32,
    num_layers=2,
    num_heads=4,
    mlp_size=48,
    max_positions=40,
)


@pytest.fixture(scope="module")
def classifier(reference):
    return _loaded(reference, "xlmr_classifier", XLMRClassifier, num_labels=3)


def _loaded(reference, name, kind, **arguments):
    config = huggingface.read_config(reference / name)
    model = kind(config, **arguments)
    params = huggingface.load(reference / name, model).params
    return model, params, dict(np.load(reference / f"{name}.npz"))


def test_padding_does_not_change_logits(classifier):
    model, params, expected = classifier
    tight = _class_logits(model, params, expected, PADDED, length=12)
    wide = _class_logits(model, params, expected, PADDED, length=38)
    assert error(wide, tight) <= 1e-6


def test_other_examples_of_a_row_do_not_change_logits(classifier):
    model, params, expected = classifier
    before = _class_logits(model, params, expected, PACKED, length=13)
    expected = expected | {"tokens": expected["tokens"].copy()}
    expected["tokens"][2, :5] = 50
    after = _class_logits(model, params, expected, PACKED, length=13)
    np.testing.assert_array_equal(before[:2], after[:2])
    assert error(after[2], before[2]) > 1e-3


def test_bfloat16_stays_near_float32(classifier):
    model, params, expected = classifier
    half = XLMRClassifier(replace(model.config, dtype="bfloat16"), 3)
    logits = _class_logits(half, params, expected, PACKED, length=13)
    # bfloat16 keeps 8 bits: 2^-8 an operation, a few operations deep.
    assert logits.dtype == np.float32
    assert error(logits, expected["logits"]) <= 0.05


def test_parameters_stay_float32_in_bfloat16():
    shapes = boxed_shapes(XLMRMaskedLM(replace(TINY, dtype="bfloat16")))
    assert {x.dtype for x in jax.tree.leaves(shapes)} == {np.dtype("float32")}


def test_dropout_draws_anew_with_each_key():
    model = XLMRClassifier(replace(TINY, num_layers=1), 3)
    params = random_params(model)
    rows = lay_out([np.arange(4, 12)], [[0]], length=8, pad=1)
    inputs = (rows.tokens, rows.segment_ids, rows.positions, rows.starts)

    @jax.jit
    def logits(seed):
        return model.apply(
            {"params": params},
            *inputs,
            deterministic=False,
            rngs={"dropout": jax.random.key(seed)},
        )

    np.testing.assert_array_equal(logits(0), logits(0))
    assert error(logits(1), logits(0)) > 1e-3


def test_a_position_beyond_the_table_is_not_silent():
    model = XLMRClassifier(TINY, 3)
    too_long = TINY.max_length + 1
    rows = lay_out([np.full(too_long, 5)], [[0]], length=too_long, pad=1)
    logits = _apply(model, random_params(model), rows, rows.starts)
    assert np.isnan(logits).all()


def test_kernels_start_as_the_config_says():
    layer = MLP(replace(TINY, initializer_range=0.1))
    variables = layer.init(jax.random.key(0), np.ones((1, 1, 32), np.float32))
    dense = nn.meta.unbox(variables)["params"]["wi"]
    assert 0.09 < dense["kernel"].std() < 0.11
    assert not dense["bias"].any()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dtype", "float16"),
        ("dtype", "int8"),
        ("num_heads", 5),
        ("mlp_size", 0),
        ("max_positions", 2),
        ("dropout_rate", 1.0),
        ("norm", "sandwich"),
    ],
)
def test_a_config_that_cannot_work_is_refused(field, value):
    with pytest.raises(InputError, match=f"{field}|max_length"):
        replace(TINY, **{field: value})


@pytest.mark.parametrize(
    ("field", "value"), [("pooling", "median"), ("layer", 3), ("layer", -4)]
)
def test_an_embedding_that_cannot_be_is_refused(field, value):
    with pytest.raises(InputError, match=f"{field} is {value!r}"):
        boxed_shapes(XLMREmbedder(TINY, **{field: value}))


def test_a_span_lies_within_its_own_example():
    model = XLMRSpanFinder(replace(TINY, num_layers=1))
    examples = [np.arange(4, 9), np.arange(20, 23)]
    rows = lay_out(examples, [[0, 1]], length=10, pad=1)
    for logits in _apply(model, random_params(model), rows, rows.starts):
        allowed = np.asarray(logits[0] > MASKED)
        assert list(np.flatnonzero(allowed[0])) == [0, 1, 2, 3, 4]
        assert list(np.flatnonzero(allowed[1])) == [5, 6, 7]


def _rows(expected, layout, length):
    examples = cut(expected["tokens"], expected["lengths"])
    return lay_out(examples, layout, length, pad=1)


def _apply(model, params, rows, columns):
    inputs = (rows.tokens, rows.segment_ids, rows.positions, columns)
    return compiled(model)(params, *inputs)


def _class_logits(model, params, expected, layout, length):
    rows = _rows(expected, layout, length)
    logits = np.asarray(_apply(model, params, rows, rows.starts))
    return np.stack([logits[row, slot] for row, slot, _ in rows.places])
