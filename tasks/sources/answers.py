"""Values of parsed JSON, checked, for questions and their answers."""

from collections.abc import Sequence
from typing import Any

from xltransfer.errors import InputError, nearest

# What a message shows of a value that does not fit.
_SHOWN = 60


def field(found: Any, key: str, where: str) -> Any:
    """Returns a value of a JSON object; raises InputError without it."""
    if not isinstance(found, dict):
        raise InputError(
            f"{where}: {shown(found)}, expected an object with {key!r}."
        )
    if key not in found:
        raise InputError(f"{where}: no key {key!r}.{nearest(key, found)}")
    return found[key]


def listed(value: Any, key: str, where: str) -> list:
    """Returns a list; raises InputError for anything else."""
    if not isinstance(value, list):
        raise InputError(f"{where}: {key!r} is {shown(value)}, not a list.")
    return value


def text(value: Any, key: str, where: str) -> str:
    """Returns a text that has a form in UTF-8; raises InputError otherwise."""
    if not isinstance(value, str):
        raise InputError(f"{where}: {key!r} is {shown(value)}, not a text.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where}: {key!r} holds half a character (a lone surrogate) at "
            f"{error.start}."
        ) from error
    return value


def number(value: Any, key: str, where: str) -> int:
    """Returns a whole number; raises InputError for anything else."""
    # JSON's true is an int in Python.
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(
            f"{where}: {key!r} is {shown(value)}, not a whole number."
        )
    return value


def identity(found: Any, keys: Sequence[str], where: str) -> str:
    """Returns an id, text or number, under the first of the keys there is."""
    key = next((k for k in keys if isinstance(found, dict) and k in found), "")
    value = field(found, key or keys[0], where)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if text(value, key, where) == "":
        raise InputError(f"{where}: {key!r} is empty.")
    return value


def gold(answer: Any, where: str) -> tuple[str, int]:
    """Returns the text and the first character of a SQuAD answer."""
    return (
        text(field(answer, "text", where), "text", where),
        number(field(answer, "answer_start", where), "answer_start", where),
    )


def shown(value: Any) -> str:
    """Returns a value as a message shows it, cut short."""
    written = repr(value)
    return written if len(written) <= _SHOWN else f"{written[:_SHOWN]}…"
