"""The fields of an example, picked out of a JSON value by their paths.

A path is keys, separated by dots. Among them a number is a place in a list, and
`*` stands for all places: `question.choices.*.text` is a tuple of texts.
"""

import re
from typing import Any

from xltransfer.errors import InputError, nearest

_EACH = "*"
# JSON can write half of a surrogate pair, which is no character.
_HALF = re.compile("[\ud800-\udfff]")

Keys = tuple[tuple[str, str], ...]


def picked(
    found: Any, keys: Keys, integers: tuple[str, ...], where: str
) -> dict[str, Any]:
    """Returns the fields of one example.

    Args:
      found: a decoded JSON value.
      keys: pairs of field and path.
      integers: fields that may be whole numbers, which become their digits, or
        truth values, which become `True` and `False`.
      where: file and line, for messages.

    Raises:
      InputError: for a path that leads nowhere and a value of another type.
    """
    return {
        field: _value(found, path.split("."), (path, field in integers), where)
        for field, path in keys
    }


def part(found: Any, steps: list[str], path: str, where: str) -> Any:
    """Returns what a path without `*` leads to; see `picked`."""
    for step in steps:
        if isinstance(found, dict):
            if step not in found:
                raise InputError(
                    f"{where}: no key {step!r}{_of(path, step)}."
                    f"{nearest(step, found)}"
                )
            found = found[step]
        elif isinstance(found, list) and step.isdecimal():
            if int(step) >= len(found):
                raise InputError(
                    f"{where}: {len(found)} elements, too few for {path!r}."
                )
            found = found[int(step)]
        else:
            expected = "list" if step.isdecimal() else "JSON object"
            raise InputError(
                f"{where}: expected a {expected}{_of(path, step)}."
            )
    return found


def _value(
    found: Any, steps: list[str], wanted: tuple[str, bool], where: str
) -> str | tuple:
    path, is_integer = wanted
    if _EACH not in steps:
        return _text(part(found, steps, path, where), path, is_integer, where)
    place = steps.index(_EACH)
    elements = part(found, steps[:place], path, where)
    if not isinstance(elements, list):
        raise InputError(f"{where}: expected a list for {path!r}.")
    return tuple(
        _value(one, steps[place + 1 :], wanted, where) for one in elements
    )


def _text(found: Any, path: str, is_integer: bool, where: str) -> str:
    if is_integer and isinstance(found, int):
        return str(found)
    if not isinstance(found, str):
        hint = ""
        if isinstance(found, int):
            hint = " Where numbers are meant, list the field in `integers`."
        raise InputError(
            f"{where}: {path!r} is {found!r:.80}, not a text.{hint}"
        )
    if _HALF.search(found):
        raise InputError(f"{where}: {path!r} is no Unicode text: {found!r:.80}")
    return found


def _of(path: str, step: str) -> str:
    return "" if path == step else f" for {path!r}"
