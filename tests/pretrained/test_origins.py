"""Every origin gives the same parameters, where they are wanted."""

import dataclasses
import json
import shutil
from pathlib import Path

import huggingface_hub
import jax
import numpy as np
import pytest
import small_models
from flax.traverse_util import flatten_dict
from orbax import checkpoint as orbax
from small_models import CLASSIFIER, TEXT_TO_TEXT, Descent

from xltransfer import convert, origins
from xltransfer.errors import InputError
from xltransfer.models.retriever import XLMRRetriever
from xltransfer.models.xlmr import XLMRClassifier
from xltransfer.pretrained import hf_export, hub, huggingface, t5x_export
from xltransfer.train import Program


def program(objective, sharding: str = "fsdp_tensor") -> Program:
    return Program(objective, Descent(), 1, small_models.partitioning(sharding))


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, str]:
    """The same random mT5 in every layout."""
    folder = tmp_path_factory.mktemp("places")
    params = small_models.params(TEXT_TO_TEXT)
    for name in ("hf", "t5x"):
        (folder / name).mkdir()
    hf_export.write(folder / "hf", TEXT_TO_TEXT.model, params)
    t5x_export.write(folder / "t5x", params)
    saved = {"target": params, "state": {"step": np.int32(1)}}
    # What T5X writes today: its state through Orbax.
    orbax.PyTreeCheckpointer().save(
        folder / "today" / "state", jax.tree.map(jax.numpy.asarray, saved)
    )
    convert.convert(f"hf:{folder / 'hf'}", folder / "xl", "xl")
    return {
        "hf": f"hf:{folder / 'hf'}",
        "t5x": f"t5x:{folder / 't5x'}",
        "t5x today": f"t5x:{folder / 'today'}",
        "xl phase": f"xl:{folder / 'xl'}",
        "xl checkpoint": f"xl:{folder / 'xl' / 'checkpoints' / '0'}",
    }


KINDS = ("hf", "t5x", "t5x today", "xl phase", "xl checkpoint")


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_arrive_bitwise_in_their_shardings(places, kind):
    wanted = program(TEXT_TO_TEXT).abstract.params
    loaded = origins.load(places[kind], TEXT_TO_TEXT.model, wanted)
    assert (loaded.missing, loaded.unused) == ((), ())
    expected = flatten_dict(small_models.params(TEXT_TO_TEXT))
    found, leaves = flatten_dict(loaded.params), flatten_dict(wanted)
    assert found.keys() == expected.keys()
    for path, array in found.items():
        assert array.sharding == leaves[path].sharding
        np.testing.assert_array_equal(array, expected[path])


@pytest.mark.parametrize("kind", ["t5x", "t5x today"])
def test_t5x_is_read_in_its_bucket(places, kind, server):
    name = f"{kind}/checkpoint_1"
    server.put(Path(places[kind].removeprefix("t5x:")), name)
    address = f"t5x:gs://mine/{name}"
    wanted = program(TEXT_TO_TEXT).abstract.params
    found = origins.load(address, TEXT_TO_TEXT.model, wanted).params
    expected = small_models.params(TEXT_TO_TEXT)
    assert jax.tree.all(jax.tree.map(np.array_equal, found, expected))
    assert origins.identity(address) == origins.identity(places[kind])


def test_a_split_tensor_is_read_in_parts(places, monkeypatch):
    """No host reads, of a tensor, what its devices do not hold."""
    from xltransfer.pretrained.stored import Stored

    sizes = []
    read = Stored.__getitem__

    def spy(self, index):
        found = read(self, index)
        if self.name == "lm_head.weight":
            sizes.append(found.size)
        return found

    monkeypatch.setattr(Stored, "__getitem__", spy)
    wanted = program(TEXT_TO_TEXT, "fsdp").abstract.params
    origins.load(places["hf"], TEXT_TO_TEXT.model, wanted)
    array = wanted["decoder"]["logits_dense"]["kernel"]
    part = np.prod(array.sharding.shard_shape(array.shape))
    assert part < array.size
    assert sizes == [part] * (array.size // part)


def test_new_parts_are_those_of_a_new_model():
    made = program(CLASSIFIER)
    new = made.new_parts(3, ("head",))
    assert new.keys() == {"head"}
    whole = made.init(3).params["head"]
    assert jax.tree.all(
        jax.tree.map(lambda a, b: bool((a == b).all()), new["head"], whole)
    )


def test_the_identity_follows_the_content_and_not_the_place(places, tmp_path):
    identities = {kind: origins.identity(places[kind]) for kind in KINDS}
    assert identities["xl phase"] == identities["xl checkpoint"]
    assert len(set(identities.values())) == 4
    for kind in ("hf", "t5x", "t5x today", "xl phase"):
        prefix, _, place = places[kind].partition(":")
        moved = tmp_path / kind.replace(" ", "")
        shutil.copytree(place, moved)
        assert origins.identity(f"{prefix}:{moved}") == identities[kind]
        changed = tmp_path / f"{moved.name}-changed"
        shutil.copytree(place, changed)
        largest = max(
            (one for one in changed.rglob("*") if one.is_file()),
            key=lambda one: one.stat().st_size,
        )
        largest.write_bytes(largest.read_bytes()[:-1] + b"x")
        assert origins.identity(f"{prefix}:{changed}") != identities[kind]


def test_an_id_of_the_hub_is_fetched_without_other_frameworks(
    places, tmp_path, monkeypatch
):
    asked = []
    folder = Path(places["hf"].removeprefix("hf:"))

    def snapshot(repository, *, revision, allow_patterns):
        asked.append((repository, revision, tuple(allow_patterns)))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.chdir(tmp_path)
    hub._fetched.cache_clear()
    assert hub.directory("google/mt5-small@main") == folder
    ((repository, revision, patterns),) = asked
    assert (repository, revision) == ("google/mt5-small", "main")
    assert not any(".bin" in one or ".h5" in one for one in patterns)
    hub._fetched.cache_clear()


def test_without_a_network_the_message_says_what_to_do(monkeypatch):
    def offline(*arguments, **options):
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    hub._fetched.cache_clear()
    with pytest.raises(InputError, match=r"no route.*name its folder"):
        origins.identity("hf:google/mt5-tiny")


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("hf:", "neither 'scratch' nor 'hf:"),
        ("tf:model", "or 'xl:"),
        ("t5x:nowhere", "no such folder"),
        ("t5x:s3://bucket/model", "neither a folder nor a gs://"),
        ("xl:nowhere", "no such folder"),
        ("xl:.", "no checkpoint"),
    ],
)
def test_a_place_that_is_none_is_refused(init, message):
    with pytest.raises(InputError, match=message):
        origins.identity(init)


def test_an_unfinished_phase_is_no_origin(tmp_path):
    (tmp_path / "phase.json").write_text("{}")
    with pytest.raises(InputError, match="not finished"):
        origins.identity(f"xl:{tmp_path}")


def test_a_t5x_checkpoint_is_no_xlmr(places):
    wanted = program(CLASSIFIER).abstract.params
    with pytest.raises(InputError, match="hold mT5, not XLMRClassifier"):
        origins.load(places["t5x"], CLASSIFIER.model, wanted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_heads": 2, "d_kv": 8}, "its num_heads is 2, but .* is 4"),
        ({"layer_norm_epsilon": 1e-5}, "its layer_norm_epsilon is 1e-05"),
        ({"feed_forward_proj": "relu"}, "feed_forward_proj 'relu'"),
        ({"model_type": "t5"}, "model_type 't5'"),
    ],
)
def test_weights_of_a_model_that_computes_something_else_are_refused(
    places, tmp_path, change, message
):
    """Though every tensor has the shape that is wanted."""
    copy = tmp_path / "copy"
    shutil.copytree(places["hf"].removeprefix("hf:"), copy)
    path = copy / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    wanted = program(TEXT_TO_TEXT).abstract.params
    with pytest.raises(InputError, match=rf"config\.json.*{message}"):
        origins.load(f"hf:{copy}", TEXT_TO_TEXT.model, wanted)


def test_dropout_and_pooling_are_the_studys_own(reference):
    config = huggingface.read_config(reference / "xlmr_classifier")
    config = dataclasses.replace(
        config, dropout_rate=0.3, pooling="compared_sentences"
    )
    model = XLMRClassifier(config, 3)
    wanted = {"encoder": huggingface.abstract_params(model)["encoder"]}
    place = f"hf:{reference / 'xlmr_classifier'}"
    assert origins.load(place, model, wanted).missing == ()


def test_a_dual_encoder_starts_from_its_scale_too(reference, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(reference / "xlmr_retriever", copy)
    model = XLMRRetriever(huggingface.read_config(copy))
    wanted = huggingface.abstract_params(model)
    before = origins.identity(f"hf:{copy}")
    (copy / "dual_encoder.json").write_text('{"scale": 1.5}')
    found = origins.load(f"hf:{copy}", model, wanted)
    assert found.params["head"]["scale"] == 1.5
    assert (found.missing, found.unused) == ((), ())
    origins._digest.cache_clear()
    assert origins.identity(f"hf:{copy}") != before
    for damaged in ("{}", '{"scale": "x"}', '{"scale": NaN}', "["):
        (copy / "dual_encoder.json").write_text(damaged)
        with pytest.raises(InputError, match=r"dual_encoder\.json"):
            origins.load(f"hf:{copy}", model, wanted)


def test_specs_with_a_foreign_bucket_are_read_beside_their_file(
    places, tmp_path
):
    """Public checkpoints name a bucket of their writer's."""
    from flax import serialization

    copy = tmp_path / "copy"
    shutil.copytree(places["t5x"].removeprefix("t5x:"), copy)
    content = serialization.msgpack_restore((copy / "checkpoint").read_bytes())
    for spec in _specs(content["optimizer"]["target"]):
        spec["kvstore"] |= {"driver": "gcs", "bucket": "t5x-dummy-bucket"}
        spec["kvstore"]["path"] = f"elsewhere/{spec['kvstore']['path']}/"
    scale = content["optimizer"]["target"]["encoder"]["encoder_norm"]
    expected = small_models.params(TEXT_TO_TEXT)
    # And a small array may stand in the file itself.
    scale["scale"] = expected["encoder"]["encoder_norm"]["scale"]
    (copy / "checkpoint").write_bytes(serialization.msgpack_serialize(content))
    wanted = program(TEXT_TO_TEXT).abstract.params
    found = origins.load(f"t5x:{copy}", TEXT_TO_TEXT.model, wanted).params
    assert jax.tree.all(
        jax.tree.map(lambda a, b: bool((a == b).all()), found, expected)
    )


def _specs(tree: dict):
    if "driver" in tree:
        yield tree
    else:
        for one in tree.values():
            yield from _specs(one)


def test_a_sharded_torch_file_holds_the_same(reference, tmp_path):
    torch = pytest.importorskip("torch")
    from xltransfer.models.mt5 import MT5
    from xltransfer.pretrained import huggingface

    model = MT5(huggingface.read_config(reference / "mt5"))
    tensors = torch.load(reference / "mt5.bin", weights_only=True)
    index = {}
    for number, (name, tensor) in enumerate(tensors.items()):
        index[name] = f"pytorch_model-0000{number % 2}.bin"
        tensors[name] = tensor.clone()
    for shard in set(index.values()):
        content = {n: t for n, t in tensors.items() if index[n] == shard}
        torch.save(content, tmp_path / shard)
    (tmp_path / "pytorch_model.bin.index.json").write_text(
        json.dumps({"weight_map": index})
    )
    a = huggingface.load(tmp_path, model).params
    b = huggingface.load(reference / "mt5", model).params
    assert jax.tree.all(jax.tree.map(np.array_equal, a, b))
