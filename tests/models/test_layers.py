"""Logical axes: every parameter has them, and no mesh is needed for them."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax.traverse_util import flatten_dict
from jax.sharding import AxisType
from rows import boxed_shapes, compiled, error, random_params

from xltransfer.models import attention, layers
from xltransfer.models.embedders import (
    MT5Embedder,
    XLMREmbedder,
)
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.retriever import XLMRRetriever
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import (
    XLMRMultipleChoice,
    XLMRSpanFinder,
    XLMRTagger,
)

XLMR = XLMRConfig(
    vocab_size=96,
    hidden_size=32,
    num_layers=1,
    num_heads=4,
    mlp_size=48,
    max_positions=18,
)
MT5_TINY = MT5Config(
    vocab_size=96,
    emb_dim=32,
    num_heads=4,
    num_encoder_layers=1,
    num_decoder_layers=1,
    head_dim=8,
    mlp_dim=48,
)
MODELS = [XLMRClassifier(XLMR, 3), XLMRMaskedLM(XLMR), MT5(MT5_TINY)]
OTHERS = [
    XLMRMaskedLM(replace(XLMR, norm="pre")),
    XLMRMultipleChoice(XLMR),
    XLMRTagger(XLMR, 3),
    XLMRSpanFinder(XLMR),
    XLMREmbedder(XLMR),
    XLMRRetriever(XLMR),
    MT5Embedder(MT5_TINY),
    MT5(replace(MT5_TINY, relpos_per_layer=True)),
]
RULES = (
    ("activation_batch", "data"),
    ("activation_heads", "tensor"),
    ("activation_mlp", "tensor"),
    ("activation_vocab", "tensor"),
    ("joined_kv", "tensor"),
    ("heads", "tensor"),
    ("mlp", "tensor"),
    ("vocab", "tensor"),
    ("embed", "fsdp"),
)


@pytest.mark.parametrize(
    "model", MODELS + OTHERS, ids=lambda m: type(m).__name__
)
def test_logical_names_cover_every_parameter(model):
    boxes = flatten_dict(boxed_shapes(model), sep="/")
    for path, box in boxes.items():
        assert isinstance(box, nn.LogicallyPartitioned), path
        assert len(box.names) == box.value.ndim, path
        assert set(box.names) <= set(layers.PARAMETER_AXES), path


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_logits_do_not_depend_on_the_mesh(model):
    params, inputs = random_params(model), _inputs(model)
    alone = compiled(model)(params, *inputs)
    mesh = jax.make_mesh(
        (2, 2, 2), ("data", "fsdp", "tensor"), axis_types=(AxisType.Auto,) * 3
    )
    with jax.set_mesh(mesh), nn.logical_axis_rules(RULES):
        specs = nn.get_partition_spec(boxed_shapes(model))
        shardings = nn.logical_to_mesh_sharding(specs, mesh, RULES)
        placed = jax.device_put(params, shardings)
        program = compiled(model).lower(placed, *inputs).compile()
        sharded = program(placed, *inputs)
    assert error(sharded, alone) <= 1e-5
    # Work on one device only would need no collective.
    assert "all-reduce" in program.as_text()


@pytest.mark.parametrize("axis", ["embed", "fsdp", "tensor"])
def test_an_unknown_activation_axis_is_left_unsharded(axis):
    x = jnp.ones((2, 3))
    np.testing.assert_array_equal(layers.constrain(x, "batch", axis), x)


def test_segments_see_only_themselves():
    queries, keys = jnp.array([[1, 1, 2, 0]]), jnp.array([[1, 2, 0]])
    expected = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    mask = layers.segment_mask(queries, keys)
    np.testing.assert_array_equal(mask[0, 0], np.array(expected, bool))


def test_a_query_without_a_key_gives_no_nan():
    x = jnp.ones((1, 2, 1, 4))
    mask = jnp.zeros((1, 1, 2, 2), bool)
    weights = attention.attention_weights(x, x, mask, None, 1.0)
    np.testing.assert_allclose(weights, 0.5)


def _inputs(model):
    tokens = np.random.default_rng(0).integers(4, 96, (4, 16))
    segments = np.repeat([[1] * 6 + [2] * 7 + [0] * 3], 4, axis=0)
    if isinstance(model, MT5):
        return tokens, segments, tokens[:, :8], segments[:, :8]
    positions = np.repeat([[*range(6), *range(7), 0, 0, 0]], 4, axis=0)
    return tokens, segments, positions, np.repeat([[0, 6]], 4, axis=0)
