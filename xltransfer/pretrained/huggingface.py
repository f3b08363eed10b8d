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

from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.pretrained import (
    architectures,
    configurations,
    names,
    weight_files,
)
from xltransfer.pretrained.architectures import Model
from xltransfer.pretrained.stored import Loaded
from xltransfer.pretrained.stored import load as load_stored
from xltransfer.pretrained.weight_files import read_json

Params = dict[str, Any]

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin", names.SCALE_FILE)


def read_config(
    directory: Path, dtype: str = "float32"
) -> XLMRConfig | MT5Config:
    """Returns the `XLMRConfig` or `MT5Config` of `config.json`.

    Raises:
      InputError: when the file is missing or damaged, or describes a model
        that computes something else.
    """
    path = Path(directory) / "config.json"
    return configurations.parse(read_json(path), path, dtype)


def check_config(directory: Path, model: Model) -> None:
    """Refuses a directory whose `config.json` describes another model.

    Raises:
      InputError: naming the field that differs.
    """
    path = Path(directory) / "config.json"
    configurations.check_same(read_config(directory), model.config, path)


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
    stored |= weight_files.open_scale(Path(directory))
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
        path for pattern in _WEIGHTS for path in Path(directory).glob(pattern)
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
    return architectures.of_model(model).names(model.config)


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


def _copies_of(model: Model, head: bool) -> Mapping[str, str]:
    """A head's tensors mean nothing to whoever wants none of them."""
    has_head = any(path.startswith("head/") for path in table_of(model))
    if has_head and not head:
        return {}
    return architectures.of_model(model).copies
