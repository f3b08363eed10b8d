"""Configuration -> canonical JSON -> hash: what makes two runs the same."""

import dataclasses
import hashlib
import json
import math
from typing import Any

from xltransfer.errors import InputError

Plain = None | bool | int | float | str | list | dict


def canonical(value: Any, where: str = "configuration") -> Plain:
    """Returns a value as plain JSON data; dataclasses carry their name.

    Args:
      value: dataclasses, mappings with text keys, sequences and scalars.
      where: the path to the value, for the message.

    Raises:
      InputError: naming the path of anything else (a function, an array, a
        NaN): it could differ between two runs and leave no trace.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{where}: {value} is no number to configure with.")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [
            canonical(one, f"{where}[{number}]")
            for number, one in enumerate(value)
        ]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
        }
        return {"class": type(value).__name__} | canonical(fields, where)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {
            key: canonical(one, f"{where}.{key}") for key, one in value.items()
        }
    raise InputError(
        f"{where}: {value!r} ({type(value).__name__}) cannot be part of a "
        "run's identity."
    )


def digest(plain: Plain) -> str:
    """Returns the identity of canonical data: 16 hexadecimal digits."""
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
