"""Readers of weight files: safetensors and PyTorch's, single or sharded.

Files are opened again for every tensor: what stays mapped of a file would
count as memory of the process until its end.
"""

import functools
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from xltransfer.errors import InputError
from xltransfer.pretrained import names
from xltransfer.pretrained.stored import Index, Stored

# NumPy's names of safetensors' types.
_TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I8": "int8",
}
Reader = Callable[[Path], dict[str, Stored]]


def open_directory(directory: Path) -> dict[str, Stored]:
    """Returns the tensors of a Hugging Face directory, by name.

    Raises:
      InputError: when there are no weights, or a file is damaged.
    """
    for name, reader in _READERS.items():
        if (directory / name).is_file():
            return reader(directory / name)
    raise InputError(f"{directory}: no {', no '.join(_READERS)}")


def open_scale(directory: Path) -> dict[str, Stored]:
    """Returns the scale that lies beside a dual encoder's tensors, if any.

    Raises:
      InputError: when its file is damaged.
    """
    path = directory / names.SCALE_FILE
    if not path.is_file():
        return {}
    scale = read_json(path).get(names.SCALE)
    if not isinstance(scale, float) or not math.isfinite(scale):
        raise InputError(f"{path}: {names.SCALE} is {scale!r}, no number")
    array = np.asarray(scale, np.float32)
    return {
        names.SCALE: Stored(
            str(path), names.SCALE, (), "float32", lambda index: array[index]
        )
    }


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
      InputError: when there is none.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: not a JSON object")
    return found


def _safetensors(path: Path) -> dict[str, Stored]:
    try:
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  no mapping
            return {
                name: _safetensor(path, name, one)
                for name, one in slices.items()
            }
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a whole safetensors file ({error}); fetch it again"
        ) from None


def _safetensor(path: Path, name: str, found: Any) -> Stored:
    def read(index: Index) -> np.ndarray:
        with safe_open(path, framework="numpy") as file:
            return file.get_slice(name)[index]

    dtype = str(found.get_dtype())
    shape = tuple(found.get_shape())
    return Stored(str(path), name, shape, _TYPES.get(dtype, dtype), read)


def _torch_file(path: Path) -> dict[str, Stored]:
    try:
        import torch
    except ImportError:
        raise InputError(
            f"{path}: reading it needs PyTorch; install torch, or fetch "
            "model.safetensors instead"
        ) from None
    try:
        # Files from before PyTorch 1.6 are no archives and cannot be mapped.
        mapped = zipfile.is_zipfile(path)
        tensors = torch.load(
            path, map_location="cpu", weights_only=True, mmap=mapped
        )
    except Exception as error:
        # PyTorch has no common type for what a damaged file can raise.
        text = str(error).split("\n")[0][:200]
        raise InputError(f"{path}: not readable ({text})") from None
    if not isinstance(tensors, dict):
        raise InputError(f"{path}: not readable (no mapping of tensors)")
    return {
        str(name): _torch_tensor(path, str(name), tensor)
        for name, tensor in tensors.items()
    }


def _torch_tensor(path: Path, name: str, tensor: Any) -> Stored:
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise InputError(f"{path}: {name} is no tensor")
    if tensor.layout != torch.strided or tensor.is_quantized:
        raise InputError(f"{path}: tensor {name} is sparse or quantized")
    return Stored(
        str(path),
        name,
        tuple(tensor.shape),
        str(tensor.dtype).removeprefix("torch."),
        lambda index: tensor[index].float().numpy(),
    )


def _sharded(reader: Reader, index: Path) -> dict[str, Stored]:
    shards = read_json(index).get("weight_map")
    if not isinstance(shards, dict):
        raise InputError(f"{index}: no field 'weight_map'")
    found = {}
    for shard in sorted(set(map(str, shards.values()))):
        if Path(shard).name != shard:
            raise InputError(f"{index}: shard {shard!r} lies elsewhere")
        if not (index.parent / shard).is_file():
            raise InputError(f"{index}: shard {shard} is not there")
        found[shard] = reader(index.parent / shard)
    lost = sorted(n for n, shard in shards.items() if n not in found[shard])
    if lost:
        raise InputError(f"{index}: not in their shards: {', '.join(lost)}")
    return {
        name: one for shard in found.values() for name, one in shard.items()
    }


_READERS: dict[str, Reader] = {
    "model.safetensors": _safetensors,
    "model.safetensors.index.json": functools.partial(_sharded, _safetensors),
    "pytorch_model.bin": _torch_file,
    "pytorch_model.bin.index.json": functools.partial(_sharded, _torch_file),
}
