"""What compiled steps exchange: on eight virtual devices, split by fsdp."""

import dataclasses
import functools
import importlib.util
import re

import jax
import numpy as np
import pytest
import small_models

from xltransfer.models.mt5 import MT5
from xltransfer.models.xlmr import XLMRClassifier
from xltransfer.objectives.classification import Classification
from xltransfer.objectives.text_to_text import TextToText
from xltransfer.optimizer import AdamW
from xltransfer.topology import flops, hlo, machine
from xltransfer.train import Program, compiled_update

# Numbers that no size of a parameter has, so that shapes tell what they are:
# 48 rows on eight devices, 11 and 7 columns, 3 slots.
ROWS, COLUMNS, TARGETS, SLOTS = 48, 11, 7, 3
LAYERS = 3
XLMR = Classification(
    XLMRClassifier(
        dataclasses.replace(
            small_models.XLMR, num_layers=LAYERS, mlp_size=64, max_positions=16
        ),
        3,
    )
)
TEXT = TextToText(
    MT5(
        dataclasses.replace(
            small_models.MT5_CONFIG,
            num_encoder_layers=LAYERS,
            num_decoder_layers=LAYERS,
            mlp_dim=64,
        )
    )
)


def batch(objective) -> dict:
    whole, words = np.int32, np.float32
    if objective is XLMR:
        shapes = {
            "tokens": (COLUMNS, whole),
            "segment_ids": (COLUMNS, whole),
            "positions": (COLUMNS, whole),
            "starts": (SLOTS, whole),
            "labels": (SLOTS, whole),
            "label_weights": (SLOTS, words),
        }
    else:
        shapes = {
            "encoder_input_tokens": (COLUMNS, whole),
            "encoder_segment_ids": (COLUMNS, whole),
            "decoder_input_tokens": (TARGETS, whole),
            "decoder_segment_ids": (TARGETS, whole),
            "decoder_target_tokens": (TARGETS, whole),
            "decoder_loss_weights": (TARGETS, words),
        }
    return {
        name: jax.ShapeDtypeStruct((ROWS, columns), kind)
        for name, (columns, kind) in shapes.items()
    }


@functools.cache
def compiled(objective, scan: bool, remat: str, where: str = machine.LOCAL):
    """The FLOPs of an update, and its compiled program."""
    partitioning = dataclasses.replace(
        small_models.partitioning("fsdp"),
        scan=scan,
        remat=remat,
        devices=machine.find(where).devices,
    )
    program = Program(objective, AdamW(1e-3), 10, partitioning)
    shapes = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=partitioning.batch_sharding
        ),
        batch(objective),
    )
    seed = jax.ShapeDtypeStruct((), np.uint32)
    with partitioning.scope():
        traced = compiled_update(program).trace(program.held, shapes, seed)
        text = traced.lower().compile().as_text()
    return flops.products(traced.jaxpr.jaxpr), hlo.Module(text)


def exchanged(module: hlo.Module, kind: str) -> int:
    return sum(one.bytes for one in module.collectives if one.kind == kind)


MODELS = pytest.mark.parametrize(
    "objective", [XLMR, TEXT], ids=["XLM-R", "mT5"]
)
# Eight chips, and the eight devices that are here.
SLICE = pytest.param(
    "v5e:2x4",
    marks=(
        pytest.mark.slow,
        pytest.mark.skipif(
            importlib.util.find_spec("libtpu") is None,
            reason="the TPU's compiler is missing: pip install '.[tpu]'",
        ),
    ),
)
PLACES = pytest.mark.parametrize("where", [machine.LOCAL, SLICE])


def gathered(module: hlo.Module) -> list[tuple[str, list[int]]]:
    """Returns type and shape of every array that all-gathers make."""
    return [
        (kind, [int(size) for size in sizes.split(",") if size])
        for one in module.collectives
        if one.kind == "all-gather"
        for kind, sizes in re.findall(r"(\w+)\[([\d,]*)\]", one.shape)
    ]


@PLACES
@MODELS
def test_no_activation_is_gathered(objective, where):
    found = gathered(compiled(objective, True, "full", where)[1])
    # Kernels are, of which a device has an eighth.
    assert found
    for kind, sizes in found:
        is_activation = {*sizes} & {ROWS, COLUMNS, TARGETS, SLOTS, ROWS // 8}
        # Ids are, so that each device reads its columns of the table.
        assert not is_activation or kind == "s32", (kind, sizes)


@PLACES
@MODELS
def test_no_table_of_embeddings_is_gathered(objective, where):
    # [B L D/8] -> [B/8 L D] by an exchange of what was read instead. The last
    # kernel of mT5, [D V], is none: fsdp gathers it for its product.
    module = compiled(objective, True, "full", where)[1]
    pieces = objective.model.config.vocab_size
    tables = [sizes for _, sizes in gathered(module) if sizes[:1] == [pieces]]
    assert tables == []
    assert exchanged(module, "all-to-all") > 0


def test_a_loop_counts_as_often_as_it_runs():
    work, scanned = compiled(XLMR, True, "full")
    same, unrolled = compiled(XLMR, False, "full")
    assert work == same
    gathered = exchanged(scanned, "all-gather")
    expected = exchanged(unrolled, "all-gather")
    assert expected > 0
    assert abs(gathered - expected) <= 0.1 * expected
    assert max(one.times for one in scanned.collectives) == LAYERS
    assert max(one.times for one in unrolled.collectives) == 1


def _forward_and_backward() -> int:
    def loss(params: dict, arrays: dict) -> jax.Array:
        return XLMR.sums(params, arrays, None)["loss"]

    params = small_models.params(XLMR)
    traced = jax.make_jaxpr(jax.grad(loss))(params, batch(XLMR))
    return flops.products(traced.jaxpr)


def test_products_count_two_a_multiplication():
    # By hand: B L tokens; a layer's kernels are 4 D D + 2 D F, and each token
    # meets L others twice; the gradient costs twice as much again. The head:
    # D D + 3 D a slot.
    width, hidden, tokens = 16, 64, ROWS * COLUMNS
    layer = 4 * width**2 + 2 * width * hidden + 2 * COLUMNS * width
    head = ROWS * SLOTS * (width**2 + 3 * width)
    expected = 3 * 2 * (LAYERS * tokens * layer + head)
    assert _forward_and_backward() == pytest.approx(expected, rel=0.02)


def test_sizes_are_read_from_shapes():
    assert hlo.size_of("bf16[8,512]{1,0:T(8,128)(2,1)}") == 8192
    assert hlo.size_of("(f32[2,3]{1,0}, /*index=1*/pred[4], s32[])") == 32
    # Space 1 is on the chip.
    on_chip = "f32[32]{0:T(128)S(1)}"
    assert hlo.size_of(on_chip) == 0
    assert hlo.size_of(on_chip, on_chip=True) == 128


def test_groups_are_read_as_each_compiler_writes_them():
    line = (
        "ENTRY %main (p: f32[4]) -> f32[32] {{\n"
        "  %p = f32[4]{{0}} parameter(0)\n"
        "  ROOT %a = f32[32]{{0}} all-gather(%p), {}, dimensions={{0}}\n"
        "}}\n"
    )
    for groups in (
        "replica_groups={{0,1,2,3,4,5,6,7},{8,9,10,11,12,13,14,15}}",
        "replica_groups=[2,8]<=[16]",
        "replica_groups=mesh['axis_0'=2,'axis_1'=8] {'axis_1'}",
    ):
        (found,) = hlo.Module(line.format(groups)).collectives
        assert (found.kind, found.devices, found.bytes) == (
            "all-gather",
            8,
            128,
        )
