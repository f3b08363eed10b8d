"""Reads mT5 checkpoints that T5X wrote.

Two layouts (t5x/checkpoints.py): the legacy one of the public checkpoints, a
msgpack file `checkpoint` beside one zarr folder per array; and today's, the
folder `state` with all arrays in one OCDBT database. A place is a folder or a
`gs://` address. T5X minimal's parameter names are our own.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts
from flax import linen as nn
from flax import serialization
from flax.traverse_util import flatten_dict

from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5Config
from xltransfer.pretrained import names
from xltransfer.pretrained.huggingface import abstract_params
from xltransfer.pretrained.stored import (
    Loaded,
    Params,
    Stored,
    readable,
)
from xltransfer.pretrained.stored import (
    load as load_stored,
)

LEGACY_FILE = "checkpoint"
# Where T5X keeps parameters, of all that it saves.
_TARGET = re.compile(r"(?:optimizer\.)?target\.")


def load(
    place: str, model: nn.Module, abstract: Params | None = None
) -> Loaded:
    """Reads the parameters of `model`.

    Args:
      place: the checkpoint: `checkpoint_1000000`, say.
      model: gives the expected names and shapes.
      abstract: shapes and shardings of the parameters wanted, in place of all
        of the model's as NumPy arrays.

    Raises:
      InputError: as `stored.load` does, and for a model that is no mT5.
    """
    if not isinstance(model.config, MT5Config):
        raise InputError(
            f"{place}: T5X checkpoints hold mT5, not {type(model).__name__}."
        )
    stored = open_checkpoint(place)
    wanted = abstract_params(model) if abstract is None else abstract
    table = {path: names.Tensor(path) for path in flatten_dict(wanted, sep="/")}
    return load_stored(place, stored, table, wanted, {})


def open_checkpoint(place: str) -> dict[str, Stored]:
    """Returns the parameters of a checkpoint, by our path of each.

    Raises:
      InputError: when there is no checkpoint, or it is damaged.
    """
    files = _files(place)
    with readable(place):
        header = files.read(LEGACY_FILE).result()
    if header.state == "value":
        return _legacy(place, header.value)
    for folder in ("state/", ""):
        with readable(place):
            found = files.read(f"{folder}manifest.ocdbt").result()
        if found.state == "value":
            return _database(place, folder)
    raise InputError(
        f"{place}: no T5X checkpoint: neither a file `{LEGACY_FILE}` nor a "
        "folder `state` with manifest.ocdbt"
    )


def read_config(place: str, stored: Mapping[str, Stored]) -> MT5Config:
    """Returns the sizes that a checkpoint's shapes tell.

    Raises:
      InputError: when a tensor that tells them is missing or misshapen.
    """

    def shape(path: str) -> tuple[int, int]:
        if path not in stored:
            raise InputError(f"{place}: tensors missing: {path}")
        found = stored[path].shape
        if len(found) != 2 or not all(found):
            raise InputError(
                f"{place}: tensor {path} has shape {list(found)}, not two sizes"
            )
        return found

    vocab_size, emb_dim = shape("token_embedder/embedding")
    heads, buckets = shape("encoder/relpos_bias/rel_embedding")
    _, width = shape("encoder/layers_0/attention/query/kernel")
    _, mlp_dim = shape("encoder/layers_0/mlp/wi_0/kernel")
    return MT5Config(
        vocab_size=vocab_size,
        emb_dim=emb_dim,
        num_heads=heads,
        num_encoder_layers=_layers(stored, "encoder"),
        num_decoder_layers=_layers(stored, "decoder"),
        head_dim=width // heads,
        mlp_dim=mlp_dim,
        relpos_buckets=buckets,
    )


def digest(place: str) -> str:
    """Returns the SHA-256, in hex, of what the parameters are read from.

    Raises:
      InputError: when there is no checkpoint, or it cannot be read.
    """
    open_checkpoint(place)
    files, found = _files(place), hashlib.sha256()
    with readable(place):
        for key in sorted(files.list().result()):
            if re.match(rb"checkpoint$|target\.|state/|manifest|d/|ocdbt", key):
                content = files.read(key).result().value
                found.update(key + hashlib.sha256(content).digest())
    return found.hexdigest()


def _layers(stored: Mapping[str, Stored], stack: str) -> int:
    pattern = re.compile(rf"{stack}/layers_(\d+)/")
    found = {int(one[1]) for one in map(pattern.match, stored) if one}
    return len(found)


def _files(place: str) -> ts.KvStore:
    with readable(place):
        return ts.KvStore.open(_base(place)).result()


def _base(place: str) -> dict[str, Any] | str:
    if place.startswith("gs://"):
        return place.rstrip("/") + "/"
    if "://" in place:
        raise InputError(f"{place}: neither a folder nor a gs:// address.")
    folder = Path(place)
    if not folder.is_dir():
        raise InputError(f"{place}: there is no such folder.")
    return {"driver": "file", "path": f"{folder.absolute()}/"}


def _legacy(place: str, header: bytes) -> dict[str, Stored]:
    with readable(f"{place}/{LEGACY_FILE}"):
        # Arrays and numbers only: Flax's extension types name no code.
        content = serialization.msgpack_restore(header)
        target = flatten_dict(content["optimizer"]["target"], is_leaf=_is_spec)
    files, arrays, inline = _files(place), {}, {}
    for path, leaf in target.items():
        name = "/".join(path)
        if isinstance(leaf, np.ndarray):
            inline[name] = leaf
        else:
            arrays[name] = files.spec() / f"{_folder(place, name, leaf)}/"
    opened = _opened(place, {n: ("zarr", spec) for n, spec in arrays.items()})
    return opened | {
        name: Stored(
            f"{place}/{LEGACY_FILE}",
            name,
            array.shape,
            array.dtype.name,
            lambda index, array=array: array[index],
        )
        for name, array in inline.items()
    }


def _is_spec(path: tuple, leaf: Any) -> bool:
    """Flax's flatten_dict would take a TensorStore spec apart as well."""
    del path
    return "driver" in leaf


def _folder(place: str, name: str, spec: Any) -> str:
    """Returns the array's folder, of which only the last name is trusted.

    A spec written elsewhere may carry a bucket's name and folders of its own.
    """
    where = f"{place}/{LEGACY_FILE}: {name}"
    if not isinstance(spec, dict):
        raise InputError(f"{where} is no array and says of no folder")
    store = spec.get("kvstore")
    path = (store if isinstance(store, dict) else spec).get("path")
    folder = Path(str(path or "")).name
    if not folder.startswith("target."):
        raise InputError(f"{where} lies in {path!r}, which is no `target.…`")
    return folder


def _database(place: str, folder: str) -> dict[str, Stored]:
    base = (_files(place).spec() / folder).to_json()
    spec = {"driver": "ocdbt", "base": base}
    where = f"{place}/{folder}"
    with readable(where):
        keys = [
            key.decode()
            for key in ts.KvStore.open(spec).result().list().result()
        ]
    arrays = {}
    for key in keys:
        array, _, file = key.rpartition("/")
        driver = {".zarray": "zarr", "zarr.json": "zarr3"}.get(file)
        if driver and _TARGET.match(array):
            name = _TARGET.sub("", array, count=1).replace(".", "/")
            arrays[name] = (
                driver,
                ts.KvStore.Spec({**spec, "path": f"{array}/"}),
            )
    return _opened(where, arrays)


def _opened(
    place: str, arrays: Mapping[str, tuple[str, ts.KvStore.Spec]]
) -> dict[str, Stored]:
    """Opens all arrays at once: each takes a round trip to `gs://`."""
    opening = {
        name: ts.open(
            {
                "driver": driver,
                "kvstore": spec.to_json(),
                # A lost file would else be read as zeros.
                "fill_missing_data_reads": False,
            },
            open=True,
            read=True,
        )
        for name, (driver, spec) in arrays.items()
    }
    found = {}
    for name, future in opening.items():
        with readable(f"{place}: tensor {name}"):
            found[name] = _stored(place, name, future.result())
    return found


def _stored(place: str, name: str, array: ts.TensorStore) -> Stored:
    return Stored(
        place,
        name,
        tuple(array.shape),
        array.dtype.numpy_dtype.name,
        lambda index: array[index].read().result(),
    )
