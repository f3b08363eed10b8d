"""mT5 computes what Hugging Face computes, packed or padded.

Expected numbers come from `tests/reference/huggingface.py`: tiny size, random
weights, float32, an output layer that is not tied to the embedding.
"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from flax import linen as nn
from flax.traverse_util import flatten_dict
from rows import boxed_shapes, compiled, cut, error, lay_out

from xltransfer.errors import InputError
from xltransfer.models.mt5 import (
    MT5,
    EncoderLayer,
    MT5Config,
)
from xltransfer.models.relative_positions import relative_position_buckets
from xltransfer.pretrained import huggingface

PADDED = [[0], [1], [2]]
PACKED = [[0], [2, 1]]
PERMUTED = [[0], [1, 2]]
TINY = MT5Config(
    vocab_size=97,
    emb_dim=24,
    num_heads=3,
    num_encoder_layers=2,
    num_decoder_layers=3,
    head_dim=16,
    mlp_dim=40,
)


@pytest.fixture(scope="module")
def loaded(reference):
    model = MT5(huggingface.read_config(reference / "mt5"))
    params = huggingface.load(reference / "mt5", model).params
    return model, params, dict(np.load(reference / "mt5.npz"))


def test_padding_does_not_change_logits(loaded):
    model, params, expected = loaded
    tight = _logits(model, params, expected, PADDED)
    wide = _logits(model, params, expected, PADDED, extra=21)
    for a, b in zip(wide, tight, strict=True):
        assert error(a, b) <= 1e-5


def test_one_encoding_serves_two_decodings(loaded):
    model, params, expected = loaded
    source, target = _batch(expected, PADDED, extra=0)
    encoded = compiled(model, "encode")(params, *source)
    for length in (7, 140):
        shorter = (x[:, :length] for x in target)
        logits = compiled(model, "decode")(params, encoded, source[1], *shorter)
        assert error(logits[0], expected["logits"][0, :length]) <= 1e-5


def test_bfloat16_stays_near_float32(loaded):
    model, params, expected = loaded
    half = MT5(replace(model.config, dtype="bfloat16"))
    logits = _logits(half, params, expected, PACKED)
    # bfloat16 keeps 8 bits: 2^-8 an operation, several operations deep.
    for found, wanted in zip(logits, _wanted(expected), strict=True):
        assert found.dtype == np.float32
        assert error(found, wanted) <= 0.05


def test_relative_position_buckets_equal_hugging_face(reference):
    expected = np.load(reference / "relative_position_buckets.npz")
    for bidirectional in (True, False):
        found = relative_position_buckets(
            expected["distance"], bidirectional, 32, 128
        )
        np.testing.assert_array_equal(
            found, expected[f"bidirectional_{bidirectional}"]
        )


def test_parameters_have_t5x_names_and_shapes():
    # The table of T5X minimal: D 24, J = 3 x 16, F 40, V 97.
    shapes = nn.meta.unbox(boxed_shapes(MT5(TINY)))
    found = {name: x.shape for name, x in flatten_dict(shapes, sep="/").items()}
    attention = {
        "query/kernel": (24, 48),
        "key/kernel": (24, 48),
        "value/kernel": (24, 48),
        "out/kernel": (48, 24),
    }
    mlp = {
        "mlp/wi_0/kernel": (24, 40),
        "mlp/wi_1/kernel": (24, 40),
        "mlp/wo/kernel": (40, 24),
        "pre_mlp_layer_norm/scale": (24,),
    }
    expected = {
        "token_embedder/embedding": (97, 24),
        "encoder/relpos_bias/rel_embedding": (3, 32),
        "encoder/encoder_norm/scale": (24,),
        "decoder/relpos_bias/rel_embedding": (3, 32),
        "decoder/decoder_norm/scale": (24,),
        "decoder/logits_dense/kernel": (24, 97),
    }
    encoder = mlp | {"pre_attention_layer_norm/scale": (24,)}
    encoder |= {f"attention/{k}": v for k, v in attention.items()}
    decoder = mlp | {
        "pre_self_attention_layer_norm/scale": (24,),
        "pre_cross_attention_layer_norm/scale": (24,),
    }
    for kind in ("self_attention", "encoder_decoder_attention"):
        decoder |= {f"{kind}/{k}": v for k, v in attention.items()}
    for i in range(2):
        expected |= {f"encoder/layers_{i}/{k}": v for k, v in encoder.items()}
    for i in range(3):
        expected |= {f"decoder/layers_{i}/{k}": v for k, v in decoder.items()}
    assert found == expected


def test_published_sizes_give_the_published_number_of_parameters():
    # mT5 small: 300,176,768 parameters in 190 arrays.
    config = MT5Config(
        vocab_size=250112,
        emb_dim=512,
        num_heads=6,
        num_encoder_layers=8,
        num_decoder_layers=8,
        head_dim=64,
        mlp_dim=1024,
    )
    leaves = jax.tree.leaves(boxed_shapes(MT5(config)))
    assert len(leaves) == 190
    assert sum(x.size for x in leaves) == 300_176_768


def test_the_query_kernel_starts_scaled_by_the_head_width():
    # T5X: fan-in scaling, and 1/sqrt(16) folded into the query.
    x, mask = np.ones((1, 1, 24), np.float32), np.ones((1, 1, 1, 1), bool)
    bias = np.zeros((1, 3, 1, 1), np.float32)
    variables = EncoderLayer(TINY).init(
        jax.random.key(0), x, mask, bias, deterministic=True
    )
    attention = nn.meta.unbox(variables)["params"]["attention"]
    query, key = (attention[name]["kernel"].std() for name in ("query", "key"))
    assert 3.5 < key / query < 4.5
    assert 0.9 < key * np.sqrt(24) < 1.1


def test_parameters_stay_float32_in_bfloat16():
    shapes = boxed_shapes(MT5(replace(TINY, dtype="bfloat16")))
    assert {x.dtype for x in jax.tree.leaves(shapes)} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("field", "value"),
    [("dtype", "float16"), ("head_dim", 0), ("dropout_rate", -0.1)],
)
def test_a_config_that_cannot_work_is_refused(field, value):
    with pytest.raises(InputError, match=field):
        replace(TINY, **{field: value})


def _batch(expected, layout, extra):
    source = _source(expected, layout, extra)
    target = _target(expected, layout, extra)
    return (
        (source.tokens, source.segment_ids),
        (target.tokens, target.segment_ids),
    )


def _source(expected, layout, extra):
    examples = cut(expected["tokens"], expected["lengths"])
    return lay_out(examples, layout, length=150 + extra, pad=0)


def _target(expected, layout, extra):
    examples = cut(expected["inputs"], expected["target_lengths"])
    return lay_out(examples, layout, length=140 + extra, pad=0)


def _logits(model, params, expected, layout, extra=1):
    source, target = _batch(expected, layout, extra)
    logits = compiled(model)(params, *source, *target)
    places = _target(expected, layout, extra).places
    return [
        np.asarray(logits[row, column : column + length])
        for (row, _, column), length in zip(
            places, expected["target_lengths"], strict=True
        )
    ]


def _wanted(expected):
    return cut(expected["logits"], expected["target_lengths"])
