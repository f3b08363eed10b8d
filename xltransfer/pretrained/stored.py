"""Tensors that lie in files, and their way to the devices.

A reader of a format gives a mapping from names to `Stored`; what is here
serves all of them. Tensors are read one after the other, and of each only the
parts that this host's devices hold.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from xltransfer.errors import InputError
from xltransfer.pretrained.names import Table, Tensor

Params = dict[str, Any]
Index = tuple[slice, ...]

_FLOATS = ("float64", "float32", "float16", "bfloat16")
# Rows of two tensors that are compared at a time.
_ROWS = 4096


@dataclass(frozen=True)
class Stored:
    """A tensor in a file, not yet read.

    Attributes:
      place: the file or folder, for messages.
      name: what the file calls it.
      shape: as stored.
      dtype: the type's name, as NumPy and JAX have it.
      read: gives the part at an index, one slice an axis, as an array.
    """

    place: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    read: Callable[[Index], np.ndarray]

    def __getitem__(self, index: Index) -> np.ndarray:
        """Reads a part.

        Raises:
          InputError: naming tensor and file, if it cannot be read.
        """
        with readable(f"{self.place}: tensor {self.name}"):
            return self.read(index)


@dataclass(frozen=True)
class Loaded:
    """What a checkpoint gave.

    `params` is a nested dict of float32 arrays; it has no `head` when the
    file has none or none was asked for. `missing` and `unused` are tensor
    names of the file's.
    """

    params: Params
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def load(
    where: object,
    stored: Mapping[str, Stored],
    table: Table,
    abstract: Params,
    copies: Mapping[str, str],
) -> Loaded:
    """Reads parameters, each straight to where it is wanted.

    Args:
      where: the checkpoint, for messages.
      stored: what it holds.
      table: the stored name of every parameter.
      abstract: shapes of the parameters wanted; those with a sharding become
        arrays on its devices, the others NumPy arrays.
      copies: tensors that a file may repeat, and those they must be equal to.

    Raises:
      InputError: naming tensors that are missing (but for a whole head), have
        another shape or hold no floats, or that cannot be read.
    """
    flat = flatten_dict(abstract, sep="/")
    order = {path: number for number, path in enumerate(table)}
    leaves = {path: flat[path] for path in sorted(flat, key=order.__getitem__)}
    missing = {
        path: table[path].name
        for path in leaves
        if table[path].name not in stored
    }
    missing |= _head_without_output(leaves, table, missing)
    _check_missing(where, leaves, missing)
    present = {
        path: leaf for path, leaf in leaves.items() if path not in missing
    }
    for path, leaf in present.items():
        _check(stored[table[path].name], table[path], leaf.shape)
    used = {table[path].name for path in present}
    used |= _verified_copies(stored, copies)
    params = {
        tuple(path.split("/")): _placed(
            stored[table[path].name], table[path].transposed, leaf
        )
        for path, leaf in present.items()
    }
    return Loaded(
        params=unflatten_dict(params),
        missing=tuple(sorted(missing.values())),
        unused=tuple(sorted(set(stored) - used)),
    )


@contextlib.contextmanager
def readable(what: str) -> Iterator[None]:
    """Turns what readers raise on damage, of many types, into one message."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"{what} cannot be read ({text}); fetch it again"
        ) from error


def whole(shape: tuple[int, ...]) -> Index:
    """Returns the index of all of an array."""
    return tuple(slice(0, size) for size in shape)


def _head_without_output(
    leaves: Mapping[str, Any], table: Table, missing: Mapping[str, str]
) -> dict[str, str]:
    """A head of which the file has the pooler only, which is not trained."""
    head = {p: table[p].name for p in leaves if p.startswith("head/")}
    own = {path for path in head if not path.startswith("head/pooler/")}
    return head if own <= missing.keys() else {}


def _check_missing(
    where: object, leaves: Mapping[str, Any], missing: dict[str, str]
) -> None:
    head = {path for path in leaves if path.startswith("head/")}
    if head <= missing.keys():
        missing = {p: n for p, n in missing.items() if p not in head}
    if missing:
        raise InputError(
            f"{where}: tensors missing: {', '.join(sorted(missing.values()))}"
        )


def _check(stored: Stored, tensor: Tensor, shape: tuple[int, ...]) -> None:
    where = f"{stored.place}: tensor {stored.name}"
    if stored.dtype not in _FLOATS:
        raise InputError(f"{where} holds {stored.dtype}, no floats")
    expected = shape[::-1] if tensor.transposed else shape
    if tuple(stored.shape) != tuple(expected):
        raise InputError(
            f"{where} has shape {list(stored.shape)}; the model expects "
            f"{list(expected)}"
        )


def _placed(
    stored: Stored, transposed: bool, leaf: jax.ShapeDtypeStruct
) -> np.ndarray | jax.Array:
    def part(index: Index) -> np.ndarray:
        # What has no axes comes as a number.
        array = np.asarray(stored[index[::-1] if transposed else index])
        array = array.T if transposed else array
        return array.astype(np.float32, copy=False)

    sharding = getattr(leaf, "sharding", None)
    if sharding is None:
        return part(whole(leaf.shape))
    # Devices that hold the same part share one reading of it.
    parts: dict[tuple, np.ndarray] = {}

    def shard(index: Index) -> np.ndarray:
        bounds = tuple(
            one.indices(size)[:2]
            for one, size in zip(index, leaf.shape, strict=True)
        )
        if bounds not in parts:
            parts[bounds] = part(tuple(slice(*pair) for pair in bounds))
        return parts[bounds]

    placed = jax.make_array_from_callback(leaf.shape, sharding, shard)
    # Else what is read could pile up on the host before it is copied.
    return placed.block_until_ready()


def _verified_copies(
    stored: Mapping[str, Stored], copies: Mapping[str, str]
) -> set[str]:
    present = {
        copy: original
        for copy, original in copies.items()
        if copy in stored and original in stored
    }
    for copy, original in present.items():
        if not _equal(stored[copy], stored[original]):
            raise InputError(
                f"{stored[copy].place}: tensor {copy} differs from "
                f"{original}, to which the model ties it"
            )
    return set(present)


def _equal(a: Stored, b: Stored) -> bool:
    if tuple(a.shape) != tuple(b.shape):
        return False
    indices = [whole(a.shape)]
    if a.shape:
        end, others = a.shape[0], indices[0][1:]
        indices = [
            (slice(row, min(row + _ROWS, end)), *others)
            for row in range(0, end, _ROWS)
        ]
    return all(np.array_equal(a[index], b[index]) for index in indices)
