"""Writes mT5 checkpoints in T5X's legacy layout.

The layout of the public checkpoints (t5x/checkpoints.py, version 3): what is
no array in the msgpack file `checkpoint`, each parameter in a zarr folder of
its own. The optimiser's state is not written: T5X evaluates such a checkpoint,
and fine-tunes from it where only parameters are restored.
"""

from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts
from flax import serialization
from flax.traverse_util import flatten_dict, unflatten_dict

from xltransfer.pretrained.stored import Params
from xltransfer.pretrained.t5x import LEGACY_FILE

# Bytes of a chunk, about: what a reader of a part has to unpack at least.
_CHUNK = 1 << 26


def write(directory: Path, params: Params, step: int = 0) -> None:
    """Writes parameters, one after the other.

    Args:
      directory: an empty folder.
      params: of an `MT5`, float32.
      step: updates done, as T5X counts them.
    """
    specs = {}
    for path, array in flatten_dict(params).items():
        specs[path] = _write(directory, "target." + ".".join(path), array)
    state = {"step": np.int32(step), "param_states": {}}
    content = {
        "version": 3,
        "optimizer": {"state": state, "target": unflatten_dict(specs)},
    }
    header = serialization.msgpack_serialize(content)
    (directory / LEGACY_FILE).write_bytes(header)


def _write(directory: Path, name: str, array: Any) -> dict[str, Any]:
    """Writes an array's folder; returns its spec, relative to the checkpoint."""
    array = np.asarray(array, np.float32)
    metadata = {
        "compressor": {"id": "gzip", "level": 1},
        "dtype": "<f4",
        "shape": list(array.shape),
        "chunks": _chunks(array.shape),
    }
    spec = {"driver": "zarr", "metadata": metadata}
    place = {"driver": "file", "path": f"{directory.absolute() / name}/"}
    store = ts.open(
        {
            **spec,
            "kvstore": place,
            # Zeros too: a file that is not there is a file that was lost.
            "store_data_equal_to_fill_value": True,
        },
        create=True,
    ).result()
    store.write(array).result()
    return {**spec, "kvstore": {"driver": "file", "path": name}}


def _chunks(shape: tuple[int, ...]) -> list[int]:
    """Whole rows, as many as make a chunk."""
    if not shape:
        return []
    row = 4 * int(np.prod(shape[1:], dtype=np.int64))
    return [max(1, min(shape[0], _CHUNK // row)), *shape[1:]]
