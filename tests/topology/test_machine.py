"""Machines by name; those that are absent need libtpu, but no TPU."""

import dataclasses
import importlib.util

import jax
import pytest
import small_models

from xltransfer.errors import InputError
from xltransfer.partitioning import Partitioning
from xltransfer.topology import machine

needs_libtpu = pytest.mark.skipif(
    importlib.util.find_spec("libtpu") is None,
    reason="the TPU's compiler is not installed: pip install '.[tpu]'",
)


def test_here_is_what_is_here():
    found = machine.find("local")
    assert found.devices == tuple(jax.devices()) and found.chip is None


@pytest.mark.parametrize("name", ["v5e", "v5e-7", "v9:4x4", "v5e:4", "8x8"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(InputError, match=r"v5e:8x8.*v4-32"):
        machine.find(name)


@needs_libtpu
@pytest.mark.parametrize(
    ("name", "chips", "slices"),
    [
        ("v5e:4x4", 16, 1),
        # 32 cores are 16 chips.
        ("v4-32", 16, 1),
        ("v5e:4x4*2", 32, 2),
    ],
)
def test_an_absent_machine_has_its_chips(name, chips, slices):
    found = machine.find(name)
    assert len(found.devices) == chips and found.slices == slices
    assert {one.device_kind for one in found.devices} == {found.chip.kind}


@needs_libtpu
@pytest.mark.parametrize(
    ("name", "rented"),
    [
        ("v4:2x2x4", "v4-32"),
        ("v5e:4x4*2", "v5litepod-16"),
        ("v5p:4x4x4", "v5p-128"),
        ("v6e:4x4", "v6e-16"),
    ],
)
def test_a_machine_knows_what_it_is_rented_as(name, rented):
    # The accelerator types of Google Cloud's documentation.
    assert machine.find(name).rented == rented


@needs_libtpu
def test_slices_are_an_axis_of_the_mesh():
    found = machine.find("v5e:4x4*2")
    mesh = Partitioning((), fsdp=8, slices=2, devices=found.devices).mesh
    assert dict(mesh.shape) == {"slice": 2, "data": 2, "fsdp": 8, "tensor": 1}
    for number, part in enumerate(mesh.devices):
        assert {one.slice_index for one in part.flat} == {number}
    one = dataclasses.replace(
        Partitioning((), fsdp=8, devices=found.devices), slices=1
    )
    with pytest.raises(InputError, match="lie in 2 slices"):
        _ = one.mesh


@needs_libtpu
def test_a_shape_that_no_slice_has_is_refused():
    with pytest.raises(InputError, match="v5e:3x5"):
        machine.find("v5e:3x5")


# Chips, and how many of them lie along fsdp.
PRESETS = {
    "v4_8": ("v4-8", 4),
    "v4_32": ("v4-32", 16),
    "v5e_16": ("v5e-16", 16),
    "v5e_64": ("v5e-64", 16),
    "v5e_256": ("v5e-256", 16),
    "v5p_128": ("v5p-128", 16),
    "v6e_16": ("v6e-16", 16),
}


@needs_libtpu
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_makes_the_mesh_of_its_machine(name):
    there, fsdp = PRESETS[name]
    preset = small_models.partitioning("fsdp", name)
    assert preset.scan and preset.fsdp == fsdp
    devices = machine.find(there).devices
    mesh = dataclasses.replace(preset, devices=devices).mesh
    assert mesh.size == len(devices) and mesh.shape["fsdp"] == fsdp
    assert mesh.shape["data"] == len(devices) // fsdp
