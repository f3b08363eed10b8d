"""Reads and names weights in Hugging Face's directory layout.

A directory holds `config.json` and either `model.safetensors`, its shards with
`model.safetensors.index.json`, or `pytorch_model.bin`, whole or sharded alike
(read without unpickling code, and only where PyTorch is installed).
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict

from xltransfer.errors import InputError, nearest
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.pretrained import names, weight_files
from xltransfer.pretrained.stored import Loaded
from xltransfer.pretrained.stored import load as load_stored
from xltransfer.pretrained.weight_files import read_json

Params = dict[str, Any]
Model = XLMRClassifier | XLMRMaskedLM | MT5


def read_config(
    directory: Path, dtype: str = "float32"
) -> XLMRConfig | MT5Config:
    """Returns the `XLMRConfig` or `MT5Config` of `config.json`.

    Raises:
      InputError: when the file is missing or damaged, or describes a model
        that computes something else.
    """
    path = Path(directory) / "config.json"
    fields = read_json(path)
    readers = {"xlm-roberta": _xlmr_config, "mt5": _mt5_config}
    family = fields.get("model_type")
    if family not in readers:
        raise InputError(
            f"{path}: model_type {family!r} is none of {sorted(readers)}."
            f"{nearest(str(family), readers)}"
        )
    try:
        return readers[family](fields, path, dtype)
    except KeyError as error:
        raise InputError(f"{path}: no field {error.args[0]!r}") from None


def _xlmr_config(fields: Mapping, path: Path, dtype: str) -> XLMRConfig:
    _require(fields, path, "hidden_act", "gelu")
    _require(fields, path, "type_vocab_size", 1)
    _require(fields, path, "position_embedding_type", "absolute")
    return XLMRConfig(
        vocab_size=fields["vocab_size"],
        hidden_size=fields["hidden_size"],
        num_layers=fields["num_hidden_layers"],
        num_heads=fields["num_attention_heads"],
        mlp_size=fields["intermediate_size"],
        max_positions=fields["max_position_embeddings"],
        dropout_rate=fields.get("hidden_dropout_prob", 0.1),
        attention_dropout_rate=fields.get("attention_probs_dropout_prob", 0.1),
        layer_norm_epsilon=fields["layer_norm_eps"],
        pad_id=fields.get("pad_token_id", 1),
        initializer_range=fields.get("initializer_range", 0.02),
        dtype=dtype,
    )


def _mt5_config(fields: Mapping, path: Path, dtype: str) -> MT5Config:
    _require(fields, path, "feed_forward_proj", "gated-gelu")
    layers = fields["num_layers"]
    return MT5Config(
        vocab_size=fields["vocab_size"],
        emb_dim=fields["d_model"],
        num_heads=fields["num_heads"],
        num_encoder_layers=layers,
        num_decoder_layers=fields.get("num_decoder_layers") or layers,
        head_dim=fields["d_kv"],
        mlp_dim=fields["d_ff"],
        dropout_rate=fields.get("dropout_rate", 0.1),
        relpos_buckets=fields.get("relative_attention_num_buckets", 32),
        relpos_max_distance=fields.get("relative_attention_max_distance", 128),
        layer_norm_epsilon=fields.get("layer_norm_epsilon", 1e-6),
        dtype=dtype,
    )


def _require(fields: Mapping, path: Path, field: str, value: object) -> None:
    if fields.get(field, value) != value:
        raise InputError(
            f"{path}: {field} {fields[field]!r} is not supported, only "
            f"{value!r}"
        )


def load(
    directory: Path,
    model: Model,
    *,
    head: bool = True,
    abstract: Params | None = None,
) -> Loaded:
    """Reads the parameters of `model` from a Hugging Face directory.

    Args:
      directory: holds the weights, as the module's docstring says.
      model: gives the expected names and shapes.
      head: whether to look for the task head. A file without one is no error;
        `Loaded.params` then lacks `head`, to be initialised anew.
      abstract: shapes and shardings of the parameters wanted, in place of all
        of the model's as NumPy arrays.

    Raises:
      InputError: when a file is missing, damaged or truncated; when a tensor
        of the model is missing, has another shape or is no float; when the
        file holds an output layer that XLM-R would tie to its embedding.
    """
    stored = weight_files.open_directory(Path(directory))
    wanted = abstract_params(model) if abstract is None else abstract
    if not head:
        wanted = {name: x for name, x in wanted.items() if name != "head"}
    table = _stored_table(table_of(model), stored)
    return load_stored(
        directory, stored, table, wanted, _copies_of(model, head)
    )


def export(params: Params, model: Model) -> dict[str, np.ndarray]:
    """Returns the parameters under Hugging Face's names and layout."""
    flat = flatten_dict(nn.meta.unbox(params), sep="/")
    return {
        tensor.name: _turned(np.asarray(flat[path]), tensor)
        for path, tensor in table_of(model).items()
    }


def digest(directory: Path) -> str:
    """Returns the SHA-256, in hex, of a directory's weights.

    Raises:
      InputError: when there are none, or they cannot be read.
    """
    files = sorted(
        path
        for pattern in ("*.safetensors", "pytorch_model*.bin")
        for path in Path(directory).glob(pattern)
    )
    if not files:
        raise InputError(f"{directory}: no safetensors or pytorch_model.bin")
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        whole.update(path.name.encode() + content)
    return whole.hexdigest()


def table_of(model: Model) -> names.Table:
    """The names of all of the model's parameters."""
    match model:
        case XLMRClassifier():
            head = names.xlmr_classification_head()
            return names.xlmr_encoder(model.config) | head
        case XLMRMaskedLM():
            head = names.xlmr_masked_lm_head()
            return names.xlmr_encoder(model.config) | head
        case MT5():
            return names.mt5(model.config)


def _stored_table(table: names.Table, stored: Iterable[str]) -> names.Table:
    prefix = names.XLMR_PREFIX
    if any(name.startswith(prefix) for name in stored):
        return table
    return {
        path: names.Tensor(t.name.removeprefix(prefix), t.transposed)
        for path, t in table.items()
    }


def abstract_params(model: Model) -> Params:
    """Returns shapes and types of all of the model's parameters."""
    variables = jax.eval_shape(
        lambda: model.init(
            jax.random.key(0), *model.sample_inputs(), deterministic=True
        )
    )
    return nn.meta.unbox(variables["params"])


def _turned(array: np.ndarray, tensor: names.Tensor) -> np.ndarray:
    return array.T if tensor.transposed else array


def _copies_of(model: Model, head: bool) -> dict[str, str]:
    match model:
        case XLMRMaskedLM() if head:
            return names.XLMR_MASKED_LM_COPIES
        case MT5():
            return names.MT5_COPIES
        case _:
            return {}
