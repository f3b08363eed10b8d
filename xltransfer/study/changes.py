"""Settings of a phase that differ from what it is otherwise trained with."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from xltransfer.errors import InputError, nearest
from xltransfer.specification import Training

# A field of `Training`, dotted where it lies deeper (`optimizer.frozen`,
# `lengths.tokens`) -> its value.
Changes = Mapping[str, Any]


def changed(training: Training, changes: Changes) -> Training:
    """Returns a training with some of its settings replaced.

    Raises:
      InputError: for a field that there is not, or a value that it cannot have.
    """
    return _changed(training, changes, "Training") if changes else training


def _changed(value: Any, changes: Changes, where: str) -> Any:
    """All at once, since two settings may need each other."""
    inner: dict[str, dict[str, Any]] = {}
    for name, new in changes.items():
        first, _, rest = name.partition(".")
        inner.setdefault(first, {})[rest] = new
    known = _parts(value)
    for name in inner:
        if name not in known:
            raise InputError(
                f"{where} has no {name!r} to be changed.{nearest(name, known)}"
            )
    replaced = {
        name: new[""]
        if "" in new
        else _changed(known[name], new, f"{where}.{name}")
        for name, new in inner.items()
    }
    if dataclasses.is_dataclass(value):
        return dataclasses.replace(value, **replaced)
    return tuple((known | replaced).items())


def _parts(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value):
        return {
            one.name: getattr(value, one.name)
            for one in dataclasses.fields(value)
        }
    is_pairs = isinstance(value, tuple) and all(
        isinstance(one, tuple) for one in value
    )
    return dict(value) if is_pairs else {}
