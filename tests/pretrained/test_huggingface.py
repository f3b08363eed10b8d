"""Weights written by Hugging Face are read whole, or refused by name."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5
from xltransfer.models.xlmr import XLMRClassifier, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import XLMRMultipleChoice
from xltransfer.pretrained import huggingface

FILE = "model.safetensors"
WORDS = "roberta.embeddings.word_embeddings.weight"


@pytest.fixture
def folder(reference, tmp_path):
    """A masked LM's folder that a test may damage."""
    copy = tmp_path / "weights"
    shutil.copytree(reference / "xlmr_masked_lm", copy)
    return copy


def test_a_round_trip_gives_the_file_back(folder):
    model = _masked_lm(folder)
    loaded = huggingface.load(folder, model)
    assert (loaded.missing, loaded.unused) == ((), ())
    exported, stored = (
        huggingface.export(loaded.params, model),
        load_file(folder / FILE),
    )
    assert exported.keys() == stored.keys()
    for name, tensor in stored.items():
        np.testing.assert_array_equal(exported[name], tensor)


def test_shards_and_a_torch_file_hold_the_same(reference, tmp_path):
    config = huggingface.read_config(reference / "mt5")
    shutil.copy(reference / "mt5.bin", tmp_path / "pytorch_model.bin")
    sharded = huggingface.load(reference / "mt5", MT5(config))
    torch_file = huggingface.load(tmp_path, MT5(config))
    assert torch_file.unused == sharded.unused == ()
    a, b = (
        huggingface.export(x.params, MT5(config)) for x in (sharded, torch_file)
    )
    assert not np.array_equal(a["lm_head.weight"], a["shared.weight"])
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


def test_another_head_is_unused_and_ours_missing(folder):
    model = XLMRClassifier(huggingface.read_config(folder), 3)
    loaded = huggingface.load(folder, model)
    assert loaded.params.keys() == {"encoder"}
    assert loaded.missing == (
        "classifier.dense.bias",
        "classifier.dense.weight",
        "classifier.out_proj.bias",
        "classifier.out_proj.weight",
    )
    assert loaded.unused == (
        "lm_head.bias",
        "lm_head.dense.bias",
        "lm_head.dense.weight",
        "lm_head.layer_norm.bias",
        "lm_head.layer_norm.weight",
    )


def test_a_head_not_asked_for_is_left_out(reference):
    folder = reference / "xlmr_classifier"
    model = XLMRClassifier(huggingface.read_config(folder), 2)
    loaded = huggingface.load(folder, model, head=False)
    assert loaded.params.keys() == {"encoder"}
    assert loaded.missing == ()
    with pytest.raises(InputError, match=r"out_proj\.weight .*\[3, 32\]"):
        huggingface.load(folder, model)


def test_a_pooler_is_not_a_head(folder):
    # Published files of the masked LM hold one that nothing has trained.
    pooler = {
        "roberta.pooler.dense.weight": np.ones((32, 32), np.float32),
        "roberta.pooler.dense.bias": np.ones(32, np.float32),
    }
    _rewrite(folder, lambda stored: stored | pooler)
    model = XLMRMultipleChoice(huggingface.read_config(folder))
    loaded = huggingface.load(folder, model)
    assert loaded.params.keys() == {"encoder"}
    assert loaded.missing == (
        "classifier.bias",
        "classifier.weight",
        *sorted(pooler),
    )
    assert loaded.unused[-2:] == tuple(sorted(pooler))


def test_names_without_the_prefix_are_found(folder):
    _rewrite(
        folder,
        lambda stored: {
            name.removeprefix("roberta."): x
            for name, x in stored.items()
            if name.startswith("roberta.")
        },
    )
    model = _masked_lm(folder)
    assert huggingface.load(folder, model).params.keys() == {"encoder"}


def test_half_precision_becomes_float32(folder):
    _rewrite(
        folder,
        lambda stored: {n: x.astype(np.float16) for n, x in stored.items()},
    )
    params = huggingface.load(folder, _masked_lm(folder)).params
    assert params["head"]["bias"].dtype == np.float32


def test_bfloat16_becomes_float32(folder):
    torch = pytest.importorskip("torch")
    from safetensors import torch as safetensors_torch

    stored = safetensors_torch.load_file(folder / FILE)
    halved = {name: x.to(torch.bfloat16) for name, x in stored.items()}
    safetensors_torch.save_file(halved, folder / FILE)
    params = huggingface.load(folder, _masked_lm(folder)).params
    expected = halved["lm_head.bias"].float().numpy()
    np.testing.assert_array_equal(params["head"]["bias"], expected)


def test_a_repeated_tied_tensor_is_accepted_only_when_equal(folder):
    tied = "lm_head.decoder.weight"
    _rewrite(folder, lambda stored: stored | {tied: stored[WORDS].copy()})
    assert huggingface.load(folder, _masked_lm(folder)).unused == ()
    _rewrite(folder, lambda stored: stored | {tied: stored[WORDS] + 1})
    with pytest.raises(InputError, match=f"{tied} differs from {WORDS}"):
        huggingface.load(folder, _masked_lm(folder))


def test_a_missing_tensor_is_named(folder):
    _rewrite(folder, lambda stored: _without(stored, WORDS))
    with pytest.raises(InputError, match=f"missing: {WORDS}"):
        huggingface.load(folder, _masked_lm(folder))


def test_half_a_head_is_refused(folder):
    _rewrite(folder, lambda stored: _without(stored, "lm_head.bias"))
    with pytest.raises(InputError, match=r"missing: lm_head\.bias"):
        huggingface.load(folder, _masked_lm(folder))


def test_a_wrong_shape_is_named_as_the_file_has_it(folder):
    name = "roberta.encoder.layer.1.intermediate.dense.weight"
    _rewrite(folder, lambda stored: stored | {name: stored[name][:40].copy()})
    expected = rf"{name} has shape \[40, 32\]; the model expects \[48, 32\]"
    with pytest.raises(InputError, match=expected):
        huggingface.load(folder, _masked_lm(folder))


def test_integers_are_refused(folder):
    _rewrite(
        folder, lambda stored: stored | {WORDS: stored[WORDS].astype(np.int8)}
    )
    with pytest.raises(InputError, match=f"{WORDS} holds int8"):
        huggingface.load(folder, _masked_lm(folder))


@pytest.mark.parametrize("kept", [0, 4, 500, -1])
def test_a_truncated_file_is_refused(folder, kept):
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[:kept])
    with pytest.raises(InputError, match=f"{FILE}: not a whole safetensors"):
        huggingface.load(folder, _masked_lm(folder))


def test_a_truncated_torch_file_is_refused(reference, tmp_path):
    model = MT5(huggingface.read_config(reference / "mt5"))
    whole = (reference / "mt5.bin").read_bytes()
    (tmp_path / "pytorch_model.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"pytorch_model\.bin: not readable"):
        huggingface.load(tmp_path, model)


def test_a_torch_file_with_code_is_not_executed(reference, tmp_path):
    torch = pytest.importorskip("torch")
    model = MT5(huggingface.read_config(reference / "mt5"))
    torch.save(
        {"shared.weight": _Trap(tmp_path / "sprung")},
        tmp_path / "pytorch_model.bin",
    )
    with pytest.raises(InputError, match="not readable"):
        huggingface.load(tmp_path, model)
    assert not (tmp_path / "sprung").exists()


class _Trap:
    """Makes a folder when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.path),)


def test_a_lost_shard_is_refused(reference, tmp_path):
    copy = tmp_path / "weights"
    shutil.copytree(reference / "mt5", copy)
    lost = min(copy.glob("model-*.safetensors"))
    lost.unlink()
    with pytest.raises(InputError, match=lost.name):
        huggingface.load(copy, MT5(huggingface.read_config(copy)))


def test_a_shard_outside_the_folder_is_refused(reference, tmp_path):
    model = MT5(huggingface.read_config(reference / "mt5"))
    index = {"weight_map": {"shared.weight": "../model.safetensors"}}
    (tmp_path / f"{FILE}.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="lies elsewhere"):
        huggingface.load(tmp_path, model)


def test_an_empty_folder_is_refused(reference, tmp_path):
    model = MT5(huggingface.read_config(reference / "mt5"))
    with pytest.raises(InputError, match=r"no model\.safetensors"):
        huggingface.load(tmp_path, model)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model_type", "xlm-mlm"),
        ("position_embedding_type", "relative_key"),
        ("is_decoder", True),
        ("tie_word_embeddings", False),
        ("classifier_dropout", 0.3),
        ("hidden_act", "relu"),
        ("type_vocab_size", 2),
    ],
)
def test_a_model_that_computes_something_else_is_refused(folder, field, value):
    _edit_config(folder, {field: value})
    with pytest.raises(InputError, match=f"{field} {value!r}"):
        huggingface.read_config(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("feed_forward_proj", "relu"),
        ("scalable_attention", True),
        ("decoder_start_token_id", 2),
    ],
)
def test_a_t5_that_is_no_mt5_is_refused(reference, tmp_path, field, value):
    shutil.copy(reference / "mt5" / "config.json", tmp_path)
    _edit_config(tmp_path, {field: value})
    with pytest.raises(InputError, match=f"{field} {value!r}"):
        huggingface.read_config(tmp_path)


def test_a_umt5_that_is_tied_is_refused(reference, tmp_path):
    """Its logits are divided by sqrt(d_model); nothing said means tied."""
    shutil.copy(reference / "umt5" / "config.json", tmp_path)
    assert huggingface.read_config(tmp_path).relpos_per_layer
    for tied in (True, None):
        _edit_config(tmp_path, {"tie_word_embeddings": tied})
        with pytest.raises(InputError, match="tie_word_embeddings True"):
            huggingface.read_config(tmp_path)
    # The encoder alone has no logits.
    _edit_config(tmp_path, {"architectures": ["UMT5EncoderModel"]})
    assert huggingface.read_config(tmp_path).relpos_per_layer


def test_a_config_without_a_size_is_refused(folder):
    _edit_config(folder, {"hidden_size": None})
    with pytest.raises(InputError, match="no field 'hidden_size'"):
        huggingface.read_config(folder)


def test_a_damaged_config_is_refused(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json: not valid JSON"):
        huggingface.read_config(folder)
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json: no such file"):
        huggingface.read_config(folder)


def test_the_compute_type_is_the_callers(folder):
    config = huggingface.read_config(folder)
    half = huggingface.read_config(folder, dtype="bfloat16")
    assert half == replace(config, dtype="bfloat16")


def _masked_lm(folder):
    return XLMRMaskedLM(huggingface.read_config(folder))


def _rewrite(folder, change):
    save_file(change(load_file(folder / FILE)), folder / FILE)


def _without(stored, name):
    return {n: x for n, x in stored.items() if n != name}


def _edit_config(folder, changes):
    path = folder / "config.json"
    fields = json.loads(path.read_text()) | changes
    kept = {name: x for name, x in fields.items() if x is not None}
    path.write_text(json.dumps(kept))
