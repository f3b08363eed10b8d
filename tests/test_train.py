"""One mathematics: packed or padded, on any mesh, in one part or several.

All in float32 and without dropout, where loss and gradients must agree to
1e-5 by max|a - b| / max|b| per tensor. `loss_and_gradient` is the reference:
one device, no mesh, no train step.
"""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import ports
import pytest
import small_caches
import small_models
from small_models import (
    CLASSIFIER,
    MASKED_LM,
    MULTIPLE_CHOICE,
    TEXT_TO_TEXT,
    Descent,
    check_close,
    gradients,
    loss_and_gradient,
    partitioning,
    train,
)

from xltransfer.data import features
from xltransfer.data.loader import TrainingBatches
from xltransfer.models.xlmr import XLMRClassifier
from xltransfer.objectives.classification import Classification
from xltransfer.optimizer import Adafactor, AdamW
from xltransfer.train import Program, compiled_update

MESHES = ("data", "fsdp", "fsdp_tensor")
# Objective, features, the function that writes the cache, columns.
PROBLEMS = {
    "classification": (
        CLASSIFIER,
        small_models.CLASSIFICATION,
        small_caches.pairs,
        (24,),
    ),
    "masked": (
        MASKED_LM,
        small_models.MASKED,
        small_caches.windows,
        (40,),
    ),
    "multiple choice": (
        MULTIPLE_CHOICE,
        small_models.CHOICES,
        small_caches.questions,
        (20,),
    ),
    "text": (
        TEXT_TO_TEXT,
        features.TextToText(),
        small_caches.text_pairs,
        (24, 6),
    ),
}


# A large epsilon: Adam makes rounding of a zero gradient a whole step.
ADAM = AdamW(0.01, warmup=0.5, epsilon=1e-3)


def deep(layers: int) -> Classification:
    config = dataclasses.replace(small_models.XLMR, num_layers=layers)
    return Classification(XLMRClassifier(config, 3))


DEEP = deep(2)


def check_lies(leaf, wanted) -> None:
    """Checks that an array is as its abstract says."""
    assert leaf.shape == wanted.shape and leaf.dtype == wanted.dtype
    assert leaf.sharding.is_equivalent_to(wanted.sharding, leaf.ndim)


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    """Of each problem: batches of 24 examples, B a multiple of 8."""
    folder = tmp_path_factory.mktemp("caches")
    return {
        name: TrainingBatches(
            ((write(folder / name, 60), 1.0),),
            arrangement,
            24,
            columns,
            seed=7,
            multiple=8,
        )
        for name, (_, arrangement, write, columns) in PROBLEMS.items()
    }


def batch(stream: TrainingBatches, number: int = 0):
    return stream.batch(number, np.arange)


def program(objective, mesh: str, **fields) -> Program:
    return Program(objective, Descent(), 10, partitioning(mesh), **fields)


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_packing_changes_neither_loss_nor_gradients(name, streams):
    # Masks are drawn for the batch, whatever its layout.
    objective = PROBLEMS[name][0]
    packed = batch(streams[name])
    padded = batch(dataclasses.replace(streams[name], packed=False))
    assert packed.rows < padded.rows and packed.examples == padded.examples
    loss, gradient = loss_and_gradient(objective, packed.arrays)
    expected, expected_gradient = loss_and_gradient(objective, padded.arrays)
    assert abs(loss - expected) <= 1e-5 * expected
    check_close(gradient, expected_gradient)


@pytest.mark.parametrize(
    ("name", "mesh"),
    [
        *(("classification", mesh) for mesh in MESHES),
        ("masked", "fsdp_tensor"),
        ("multiple choice", "fsdp_tensor"),
        ("text", "fsdp_tensor"),
    ],
)
def test_eight_devices_on_any_mesh_compute_what_one_does(name, mesh, streams):
    # No table of 67 or 167 pieces, nor three labels, can be split evenly.
    objective = PROBLEMS[name][0]
    packed = batch(streams[name])
    state, (metrics,) = train(program(objective, mesh), [packed])
    loss, gradient = loss_and_gradient(objective, packed.arrays)
    assert abs(metrics["loss"] - loss) <= 1e-5 * loss
    check_close(gradients(state), gradient)
    moved = jax.tree.map(
        lambda p, g: p - 0.05 * g, small_models.params(objective), gradient
    )
    check_close(state.params, moved)


def test_a_scan_on_eight_devices_computes_what_one_does(streams):
    packed = batch(streams["text"])
    mesh = dataclasses.replace(
        partitioning("fsdp_tensor"), scan=True, remat="full"
    )
    scanned = dataclasses.replace(
        program(TEXT_TO_TEXT, "fsdp_tensor"), partitioning=mesh
    )
    state, (metrics,) = train(scanned, [packed])
    loss, gradient = loss_and_gradient(TEXT_TO_TEXT, packed.arrays)
    assert abs(metrics["loss"] - loss) <= 1e-5 * loss
    check_close(gradients(state), gradient)


def test_joined_layers_are_saved_by_themselves_and_resumed_bitwise(streams):
    mesh = dataclasses.replace(partitioning("fsdp_tensor"), scan=True)
    made = dataclasses.replace(
        program(DEEP, "fsdp_tensor"), partitioning=mesh, optimizer=ADAM
    )
    packed = batch(streams["classification"])
    saved, _ = train(made, [packed] * 2)
    jax.tree.map(check_lies, saved, made.abstract)
    assert {"layers_0", "layers_1"} < saved.params["encoder"].keys()
    whole, _ = train(made, [packed] * 3)
    state = made.resume(saved)
    jax.tree.map(check_lies, state, made.held)
    arrays = mesh.put(packed.arrays, packed.rows)
    state, _ = made.update(state, arrays, 0)
    jax.tree.map(np.testing.assert_array_equal, made.whole(state), whole)


def test_layers_that_are_not_trained_alike_are_not_joined():
    mesh = dataclasses.replace(partitioning("fsdp"), scan=True)
    frozen = AdamW(0.1, frozen=("encoder/layers_0",))
    made = Program(DEEP, frozen, 10, mesh)
    assert not made.joins_layers and made.held is made.abstract
    assert dataclasses.replace(made, optimizer=ADAM).joins_layers


def test_a_step_is_as_long_for_three_layers_as_for_two(streams):
    def lines(layers: int) -> int:
        mesh = dataclasses.replace(partitioning("fsdp"), scan=True)
        made = Program(deep(layers), ADAM, 10, mesh)
        arrays = batch(streams["classification"]).arrays
        with mesh.scope():
            text = compiled_update(made).lower(made.held, arrays, np.uint32(0))
        return text.as_text().count("\n")

    assert lines(2) == lines(3)


def test_parts_of_a_batch_add_up_to_the_whole(streams):
    several = program(CLASSIFIER, "fsdp_tensor", microbatches=4)
    packed = batch(dataclasses.replace(streams["classification"], multiple=16))
    loss, gradient = loss_and_gradient(CLASSIFIER, packed.arrays)
    state, (metrics,) = train(several, [packed])
    assert abs(metrics["loss"] - loss) <= 1e-5 * loss
    check_close(gradients(state), gradient)


def test_two_processes_compute_what_one_does(streams, tmp_path):
    cache = streams["classification"].components[0][0].directory
    port = ports.free()
    script = Path(__file__).with_name("host.py")
    four_devices = "--xla_force_host_platform_device_count=4"
    running = [
        subprocess.Popen(
            [
                *(sys.executable, script, str(process), str(port)),
                *(cache, tmp_path / f"{process}.npz"),
            ],
            env=os.environ | {"XLA_FLAGS": four_devices},
            stderr=subprocess.PIPE,
            text=True,
        )
        for process in range(2)
    ]
    for process in running:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    packed = batch(streams["classification"])
    loss, gradient = loss_and_gradient(CLASSIFIER, packed.arrays)
    structure = jax.tree.structure(gradient)
    for process in range(2):
        found = dict(np.load(tmp_path / f"{process}.npz"))
        assert abs(found.pop("loss") - loss) <= 1e-5 * loss
        check_close(jax.tree.unflatten(structure, found.values()), gradient)


def test_metrics_are_those_of_the_batch(streams):
    packed = batch(streams["classification"])
    state, metrics = train(program(CLASSIFIER, "data"), [packed] * 2)
    assert state.step == 2
    arrays = packed.arrays
    predict = jax.jit(CLASSIFIER.predict)
    predictions = predict(small_models.params(CLASSIFIER), arrays)
    filled = arrays["label_weights"] > 0
    hits = (np.asarray(predictions) == arrays["labels"])[filled]
    np.testing.assert_allclose(metrics[0]["accuracy"], hits.mean(), rtol=1e-6)
    _, gradient = loss_and_gradient(CLASSIFIER, arrays)
    norm = np.sqrt(sum((g**2).sum() for g in jax.tree.leaves(gradient)))
    np.testing.assert_allclose(metrics[0]["gradient_norm"], norm, rtol=1e-5)
    np.testing.assert_allclose(metrics[0]["learning_rate"], 0.05)
    assert metrics[1]["loss"] < metrics[0]["loss"]


def test_new_parameters_are_the_same_on_every_mesh():
    made = [
        jax.device_get(program(CLASSIFIER, mesh).init(seed=3).params)
        for mesh in ("data", "fsdp_tensor")
    ]
    jax.tree.map(np.testing.assert_array_equal, *made)
    another = program(CLASSIFIER, "data").init(seed=4).params
    kernel = made[0]["head"]["dense"]["kernel"]
    assert (np.asarray(another["head"]["dense"]["kernel"]) != kernel).any()


@pytest.fixture(scope="module")
def adam_run(streams):
    """A program and its state after three updates on one batch."""
    packed = [batch(streams["classification"])] * 3
    adam = dataclasses.replace(
        program(CLASSIFIER, "fsdp_tensor"), optimizer=ADAM
    )
    return adam, train(adam, packed)[0]


def test_adamw_moves_parameters_as_a_plain_loop_does(adam_run, streams):
    packed = batch(streams["classification"])
    rule = ADAM.build(steps=10)
    params = small_models.params(CLASSIFIER)
    state, update = rule.init(params), jax.jit(rule.update)
    for _ in range(3):
        _, gradient = loss_and_gradient(CLASSIFIER, packed.arrays, params)
        updates, state = update(gradient, state, params)
        params = jax.tree.map(np.add, params, jax.device_get(updates))
    check_close(adam_run[1].params, params)
    kernel = params["head"]["out"]["kernel"]
    before = small_models.params(CLASSIFIER)["head"]["out"]["kernel"]
    assert np.abs(kernel - before).max() > 1e-3


def test_state_lies_as_its_abstract_says(adam_run):
    adam, state = adam_run
    jax.tree.map(check_lies, state, adam.abstract)


def test_moments_are_split_as_their_parameters(adam_run):
    _, state = adam_run
    kernel = "['head']['dense']['kernel']"
    parts = [
        leaf.addressable_shards[0].data.shape
        for path, leaf in jax.tree_util.tree_leaves_with_path(state)
        if jax.tree_util.keystr(path).endswith(kernel)
    ]
    # [16, 16] over four devices along `embed`, two along `mlp`: the parameter
    # and its two moments.
    assert parts == [(4, 8)] * 3


def test_factored_moments_are_split_along_the_axis_that_they_keep():
    # Of a kernel [16, 32]: `v_row` [16] over the four devices of `embed`,
    # `v_col` [32] over the two of `mlp`; a square one too.
    factored = dataclasses.replace(
        program(CLASSIFIER, "fsdp_tensor"),
        optimizer=Adafactor(factored_size=16),
    )
    parts = {
        jax.tree_util.keystr(path): leaf.sharding.shard_shape(leaf.shape)
        for path, leaf in jax.tree_util.tree_leaves_with_path(
            factored.abstract.opt_state
        )
    }
    found = {
        name: next(shape for path, shape in parts.items() if name in path)
        for name in (
            ".v_row['encoder']['layers_0']['mlp']['wi']['kernel']",
            ".v_col['encoder']['layers_0']['mlp']['wi']['kernel']",
            ".v_row['head']['dense']['kernel']",
            ".v_col['head']['dense']['kernel']",
        )
    }
    assert [*found.values()] == [(4,), (16,), (4,), (8,)]


def test_frozen_parts_have_no_moments():
    adam = AdamW(0.1, frozen=("encoder",))
    frozen = dataclasses.replace(program(CLASSIFIER, "data"), optimizer=adam)
    state = frozen.abstract
    moments = [leaf for leaf in jax.tree.leaves(state.opt_state) if leaf.shape]
    assert len(moments) == 2 * len(jax.tree.leaves(state.params["head"]))


def test_bfloat16_comes_near_float32_and_keeps_its_parameters(streams):
    packed = batch(streams["classification"])
    half = Classification(
        XLMRClassifier(
            dataclasses.replace(small_models.XLMR, dtype="bfloat16"), 3
        )
    )
    loss, gradient = loss_and_gradient(CLASSIFIER, packed.arrays)
    rounded, half_gradient = loss_and_gradient(half, packed.arrays)
    # bfloat16 has 8 bits: 2^-8 an operation, some ten operations deep.
    assert 0 < abs(rounded - loss) <= 0.03 * loss
    state = program(half, "data").abstract
    trees = (state.params, state.opt_state, half_gradient)
    assert {leaf.dtype for leaf in jax.tree.leaves(trees)} == {loss.dtype}
    assert loss.dtype == rounded.dtype == np.float32
    ours, theirs = (
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])
        for tree in (half_gradient, gradient)
    )
    cosine = ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)
    assert cosine >= 0.99


def test_dropout_depends_on_seed_and_step_alone(streams):
    dropping = Classification(
        XLMRClassifier(
            dataclasses.replace(small_models.XLMR, dropout_rate=0.3), 3
        )
    )
    packed = [batch(streams["classification"])] * 2
    still = dataclasses.replace(
        program(dropping, "data"), optimizer=Descent(learning_rate=0.0)
    )
    losses = {
        seed: [float(one["loss"]) for one in train(still, packed, seed)[1]]
        for seed in (0, 0, 1)
    }
    again = [float(one["loss"]) for one in train(still, packed, 0)[1]]
    assert losses[0] == again
    # Two steps, two seeds: other masks each time.
    assert len({*losses[0], *losses[1]}) == 4


def test_a_table_that_its_devices_do_not_divide_stays_whole():
    # 67 pieces on two tensor devices.
    sharded = program(MASKED_LM, "fsdp_tensor").abstract.params
    table = sharded["encoder"]["embeddings"]["token"]["embedding"]
    assert table.shape == (67, 16)
    assert table.sharding.spec[0] is None
