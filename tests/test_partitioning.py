"""Meshes, shardings and shares, on eight virtual devices."""

import jax
import numpy as np
import pytest
import small_models
from flax import linen as nn
from jax.sharding import PartitionSpec

from xltransfer.errors import InputError
from xltransfer.models.layers import constrain
from xltransfer.partitioning import Partitioning

# A place for every logical axis, as gin/sharding/fsdp_tensor.gin has it.
FSDP_TENSOR = small_models.partitioning("fsdp_tensor")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("data", {"slice": 1, "data": 8, "fsdp": 1, "tensor": 1}),
        ("fsdp", {"slice": 1, "data": 1, "fsdp": 8, "tensor": 1}),
        ("fsdp_tensor", {"slice": 1, "data": 1, "fsdp": 4, "tensor": 2}),
    ],
)
def test_shipped_meshes_take_all_devices(name, shape):
    partitioning = small_models.partitioning(name)
    assert dict(partitioning.mesh.shape) == shape
    rows = shape["data"] * shape["fsdp"]
    assert partitioning.batch_multiple == rows


@pytest.mark.parametrize(
    "sizes", [{"data": 3}, {"data": -1, "fsdp": -1}, {"tensor": 16}]
)
def test_a_mesh_that_does_not_make_the_devices_is_refused(sizes):
    with pytest.raises(InputError, match="does not make 8 devices"):
        _ = Partitioning(rules=(), **sizes).mesh


def abstract(shape, axes):
    leaf = jax.ShapeDtypeStruct(shape, np.float32)
    return nn.LogicallyPartitioned(leaf, axes)


def test_parameters_are_split_by_the_rules():
    specs = FSDP_TENSOR.shardings(
        {
            "table": abstract((1000, 16), ("vocab", "embed")),
            "kernel": abstract((16, 32), ("embed", "mlp")),
            "free": abstract((7,), ("positions",)),
        }
    )
    assert specs["table"].spec == PartitionSpec("tensor", "fsdp")
    assert specs["kernel"].spec == PartitionSpec("fsdp", "tensor")
    assert specs["free"].is_fully_replicated


def test_an_axis_that_its_devices_do_not_divide_stays_whole():
    specs = FSDP_TENSOR.shardings(
        {
            "odd vocabulary": abstract((1003, 16), ("vocab", "embed")),
            "odd width": abstract((1000, 18), ("vocab", "embed")),
            "one bias": abstract((1003,), ("vocab",)),
        }
    )
    assert specs["odd vocabulary"].spec == PartitionSpec(None, "fsdp")
    assert specs["odd width"].spec == PartitionSpec("tensor", None)
    assert specs["one bias"].is_fully_replicated


@pytest.mark.parametrize("name", ["data", "fsdp", "fsdp_tensor"])
def test_one_host_reads_all_rows_and_puts_them_in_order(name):
    partitioning = small_models.partitioning(name)
    np.testing.assert_array_equal(partitioning.host_rows(16), np.arange(16))
    batch = {"tokens": np.arange(48).reshape(16, 3), "labels": np.arange(16)}
    placed = partitioning.put(batch, 16)
    for key, array in batch.items():
        assert placed[key].sharding.is_equivalent_to(
            partitioning.batch_sharding, array.ndim
        )
        np.testing.assert_array_equal(placed[key], array)
    shards = placed["labels"].addressable_shards
    parts = {tuple(np.asarray(shard.data)) for shard in shards}
    assert len(parts) == partitioning.batch_multiple
    assert sorted(sum(parts, ())) == list(range(16))


def test_outside_a_scope_no_rule_is_in_force():
    with FSDP_TENSOR.scope():
        assert nn.get_logical_axis_rules() == FSDP_TENSOR.rules
    assert not nn.get_logical_axis_rules()


def test_activations_are_constrained_inside_a_scope_only():
    def constrained(x):
        return constrain(x, "batch", "length", "vocab")

    # An odd vocabulary among them.
    x = np.zeros((8, 3, 1003), np.float32)
    assert "sharding_constraint" not in str(jax.make_jaxpr(constrained)(x))
    with FSDP_TENSOR.scope():
        traced = str(jax.make_jaxpr(constrained)(x))
        assert "sharding_constraint" in traced
        y = jax.jit(constrained)(x)
    assert "('slice', 'data', 'fsdp'), None, 'tensor'" in traced
    np.testing.assert_array_equal(y, x)
