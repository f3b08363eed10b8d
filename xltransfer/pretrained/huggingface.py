"""Reads and names weights in Hugging Face's directory layout.

A directory holds `config.json` and either `model.safetensors`, its shards with
`model.safetensors.index.json`, or `pytorch_model.bin` (read without unpickling
code, and only where PyTorch is installed).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors import SafetensorError, safe_open

from xltransfer.errors import InputError
from xltransfer.models.embedders import (
    MT5Embedder,
    XLMRDualEncoder,
    XLMREmbedder,
)
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import (
    XLMRMultipleChoice,
    XLMRSpanFinder,
    XLMRTagger,
)
from xltransfer.pretrained import configurations, names

Params = dict[str, Any]
XLMRModel = (
    XLMRClassifier
    | XLMRMaskedLM
    | XLMRMultipleChoice
    | XLMRTagger
    | XLMRSpanFinder
    | XLMREmbedder
    | XLMRDualEncoder
)
Model = XLMRModel | MT5 | MT5Embedder


@dataclass(frozen=True)
class Loaded:
    """What a directory gave.

    `params` is a nested dict of float32 NumPy arrays; it has no `head` when
    the file has none or none was asked for. `missing` and `unused` are tensor
    names of the file's.
    """

    params: Params
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def read_config(
    directory: Path, dtype: str = "float32"
) -> XLMRConfig | MT5Config:
    """Returns the `XLMRConfig` or `MT5Config` of `config.json`.

    Raises:
      InputError: when the file is missing or damaged, or describes a model
        that computes something else.
    """
    path = Path(directory) / "config.json"
    fields = _read_json(path)
    return configurations.parse(fields, path, dtype)


def load(directory: Path, model: Model, *, head: bool = True) -> Loaded:
    """Reads the parameters of `model` from a Hugging Face directory.

    Args:
      directory: holds the weights, as the module's docstring says.
      model: gives the expected names and shapes.
      head: whether to look for the task head. A file without one is no error;
        `Loaded.params` then lacks `head`, to be initialised anew.

    Raises:
      InputError: when a file is missing, damaged or truncated; when a tensor
        of the model is missing, has another shape or is no float; when the
        file holds an output layer that XLM-R would tie to its embedding.
    """
    stored = _open(Path(directory))
    table = _stored_table(table_of(model), stored)
    wanted = {
        path: tensor
        for path, tensor in table.items()
        if head or not _in_head(path)
    }
    missing = {
        path: t.name for path, t in wanted.items() if t.name not in stored
    }
    missing |= _head_without_output(wanted, missing)
    _check_missing(directory, wanted, missing)
    shapes = _shapes(model)
    params = {
        tuple(path.split("/")): _read(directory, stored, tensor, shapes[path])
        for path, tensor in wanted.items()
        if path not in missing
    }
    used = {t.name for path, t in wanted.items() if path not in missing}
    used |= _verified_copies(directory, stored, _copies_of(model, head))
    return Loaded(
        params=unflatten_dict(params),
        missing=tuple(sorted(missing.values())),
        unused=tuple(sorted(set(stored) - used)),
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
        case MT5():
            return names.mt5(model.config)
        case MT5Embedder():
            return names.mt5_encoder(model.config)
        case _:
            return names.xlmr_encoder(model.config) | _xlmr_head(model)


def _xlmr_head(model: XLMRModel) -> names.Table:
    match model:
        case XLMRClassifier():
            return names.xlmr_classification_head()
        case XLMRMaskedLM():
            return names.xlmr_masked_lm_head()
        case XLMRMultipleChoice():
            return names.xlmr_choice_head()
        case XLMRTagger():
            return names.xlmr_tagging_head()
        case XLMRSpanFinder():
            return names.xlmr_span_head()
        case XLMRDualEncoder():
            return names.xlmr_scale_head()
        case XLMREmbedder():
            return {}


def _stored_table(table: names.Table, stored: Iterable[str]) -> names.Table:
    prefix = names.XLMR_PREFIX
    if any(name.startswith(prefix) for name in stored):
        return table
    return {
        path: names.Tensor(t.name.removeprefix(prefix), t.transposed)
        for path, t in table.items()
    }


def _in_head(path: str) -> bool:
    return path.startswith("head/")


def _head_without_output(wanted: names.Table, missing: dict) -> dict[str, str]:
    """A head of which the file has the pooler only, which is not trained."""
    head = {path: t.name for path, t in wanted.items() if _in_head(path)}
    own = {path for path in head if not path.startswith("head/pooler/")}
    return head if own <= missing.keys() else {}


def _check_missing(directory: Path, wanted: names.Table, missing: dict) -> None:
    whole_head = {path for path in wanted if _in_head(path)}
    if whole_head <= missing.keys():
        missing = {p: n for p, n in missing.items() if p not in whole_head}
    if missing:
        raise InputError(
            f"{directory}: tensors missing: {', '.join(sorted(missing.values()))}"
        )


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    variables = jax.eval_shape(
        lambda: model.init(
            jax.random.key(0), *model.sample_inputs(), deterministic=True
        )
    )
    params = nn.meta.unbox(variables["params"])
    return {
        path: leaf.shape for path, leaf in flatten_dict(params, sep="/").items()
    }


def _read(
    directory: Path,
    stored: Mapping[str, Callable[[], np.ndarray]],
    tensor: names.Tensor,
    shape: tuple[int, ...],
) -> np.ndarray:
    array = _turned(stored[tensor.name](), tensor)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise InputError(
            f"{directory}: tensor {tensor.name} holds {array.dtype}, no floats"
        )
    if array.shape != shape:
        found, expected = (
            list(s[::-1] if tensor.transposed else s)
            for s in (array.shape, shape)
        )
        raise InputError(
            f"{directory}: tensor {tensor.name} has shape {found}; the model "
            f"expects {expected}"
        )
    return array.astype(np.float32)


def _turned(array: np.ndarray, tensor: names.Tensor) -> np.ndarray:
    return array.T if tensor.transposed else array


def _copies_of(model: Model, head: bool) -> dict[str, str]:
    match model:
        case XLMRMaskedLM() if head:
            return names.XLMR_MASKED_LM_COPIES
        case MT5():
            return names.MT5_COPIES
        case MT5Embedder():
            return names.MT5_ENCODER_COPIES
        case _:
            return {}


def _verified_copies(
    directory: Path, stored: Mapping, copies: Mapping[str, str]
) -> set[str]:
    present = {
        copy: original
        for copy, original in copies.items()
        if copy in stored and original in stored
    }
    for copy, original in present.items():
        if not np.array_equal(stored[copy](), stored[original]()):
            raise InputError(
                f"{directory}: tensor {copy} differs from {original}, to "
                "which the model ties it"
            )
    return set(present)


def _open(directory: Path) -> dict[str, Callable[[], np.ndarray]]:
    """Maps the name of each stored tensor to its reader."""
    for name, reader in (
        ("model.safetensors", _safetensors),
        ("model.safetensors.index.json", _sharded_safetensors),
        ("pytorch_model.bin", _torch_file),
    ):
        if (directory / name).is_file():
            return reader(directory / name)
    raise InputError(
        f"{directory}: no model.safetensors, model.safetensors.index.json or "
        "pytorch_model.bin"
    )


def _safetensors(path: Path) -> dict[str, Callable[[], np.ndarray]]:
    try:
        file = safe_open(path, framework="numpy")
        stored = file.keys()
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a whole safetensors file ({error}); fetch it again"
        ) from None
    return {name: lambda name=name: file.get_tensor(name) for name in stored}


def _sharded_safetensors(index: Path) -> dict[str, Callable[[], np.ndarray]]:
    shards = _read_json(index).get("weight_map")
    if not isinstance(shards, dict):
        raise InputError(f"{index}: no field 'weight_map'")
    readers = {}
    for shard in sorted(set(shards.values())):
        if Path(shard).name != shard:
            raise InputError(f"{index}: shard {shard!r} lies elsewhere")
        readers |= _safetensors(index.parent / shard)
    if lost := sorted(shards.keys() - readers.keys()):
        raise InputError(f"{index}: in no shard: {', '.join(lost)}")
    return readers


def _torch_file(path: Path) -> dict[str, Callable[[], np.ndarray]]:
    try:
        import torch
    except ImportError:
        raise InputError(
            f"{path}: reading it needs PyTorch; install torch, or fetch "
            "model.safetensors instead"
        ) from None
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # PyTorch has no common type for what a damaged file can raise.
        raise InputError(f"{path}: not readable ({error})") from None
    return {
        name: lambda tensor=tensor: tensor.float().numpy()
        for name, tensor in tensors.items()
    }


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error})") from None
