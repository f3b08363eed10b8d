"""Goes on after damage, where a person wants to see all of it.

A source raises at the first damaged line, sentence or other part. Inside
`collected` it leaves that out instead, and what it would have raised is kept.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from xltransfer.errors import InputError

_FOUND: ContextVar[list[InputError] | None] = ContextVar("found", default=None)

# In place of a damaged example's fields, so that parallel files keep in step.
DAMAGED: dict[str, Any] = {}


def sound(
    examples: Iterable[tuple[str, Any]],
) -> Iterator[tuple[str, Any]]:
    """Leaves out what is damaged."""
    return (one for one in examples if one[1] is not DAMAGED)


@contextmanager
def collected() -> Iterator[list[InputError]]:
    """Collects damage while it is open; examples with it are `DAMAGED`."""
    found: list[InputError] = []
    token = _FOUND.set(found)
    try:
        yield found
    finally:
        _FOUND.reset(token)


def examples(
    items: Iterable[tuple[str, Any]], read: Callable[[Any, str], Any]
) -> Iterator[tuple[str, Any]]:
    """Yields `where, read(item, where)`; damage is as this module has it."""
    for where, item in items:
        try:
            fields = read(item, where)
        except InputError as error:
            found = _FOUND.get()
            if found is None:
                raise
            found.append(error)
            fields = DAMAGED
        yield where, fields
