"""Do the values of a configuration have the types that their fields declare?

Gin binds whatever is written: `steps = 'many'`, `seeds = (1)`. Found here,
such a value is named before anything is trained.
"""

import dataclasses
import functools
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union

from xltransfer.errors import InputError

# Resolved once for each class: a plan makes thousands of instances.
_hints = functools.cache(typing.get_type_hints)
_PREFIX = re.compile(r"\b(typing|collections\.abc|xltransfer\.[\w.]+)\.")


def check(value: Any, where: str | None = None) -> None:
    """Checks a dataclass, and the dataclasses that it holds.

    Args:
      value: an instance of a dataclass with resolvable type hints.
      where: what the message calls it; by default its class.

    Raises:
      InputError: naming the field, its value and its type.
    """
    where = where or type(value).__name__
    hints = _hints(type(value))
    for field in dataclasses.fields(value):
        name, found = f"{where}.{field.name}", getattr(value, field.name)
        if not _fits(found, hints[field.name]):
            raise InputError(
                f"{name} is {_shown(found)}, but must be "
                f"{_named(hints[field.name])}."
            )
        for path, part in _parts(found, name):
            check(part, path)


def check_least(value: Any, **least: int) -> None:
    """Refuses fields of a dataclass that are below their least value."""
    for name, lowest in least.items():
        found = getattr(value, name)
        if found < lowest:
            raise InputError(
                f"{type(value).__name__}.{name} is {found}; the least is "
                f"{lowest}."
            )


def _parts(value: Any, where: str) -> list[tuple[str, Any]]:
    """Returns the dataclasses in a value, with the path to each."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(where, value)]
    items: list[tuple[Any, Any]] = []
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, tuple):
        items = list(enumerate(value))
    return [
        found
        for key, part in items
        for found in _parts(part, f"{where}[{key!r}]")
    ]


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in arguments)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and _fit_items(value, arguments)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(key, arguments[0]) and _fits(one, arguments[1])
            for key, one in value.items()
        )
    if hint in (int, float):
        numbers = int if hint is int else int | float
        return isinstance(value, numbers) and not isinstance(value, bool)
    if hint is Any:
        return True
    if getattr(hint, "_is_protocol", False):
        return dataclasses.is_dataclass(value) and not isinstance(value, type)
    return not isinstance(hint, type) or isinstance(value, hint)


def _fit_items(value: tuple, arguments: tuple) -> bool:
    if arguments[-1:] == (...,):
        return all(_fits(one, arguments[0]) for one in value)
    return len(value) == len(arguments) and all(map(_fits, value, arguments))


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) < 80 else f"{type(value).__name__}(…)"


def _named(hint: Any) -> str:
    return (
        hint.__name__ if isinstance(hint, type) else _PREFIX.sub("", str(hint))
    )
