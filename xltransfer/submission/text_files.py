"""Text and JSON from anyone, read so that every fault has its line."""

import io
import json
import re
from pathlib import Path
from typing import Any

from xltransfer.errors import InputError

_BYTE_ORDER_MARK = "\ufeff"


def read_text(path: Path) -> str:
    """Reads a UTF-8 file.

    Raises:
      InputError: for a file that is missing, unreadable, no UTF-8, or holds a
        NUL character or a byte order mark.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}.") from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(content[: error.start].decode("utf-8"))
        raise InputError(
            f"{path}:{line}: invalid UTF-8: {error.reason}."
        ) from error
    if text.startswith(_BYTE_ORDER_MARK):
        raise InputError(
            f"{path}:1: starts with a byte order mark; save as plain UTF-8."
        )
    if "\0" in text:
        line = _line(text[: text.index("\0")])
        raise InputError(f"{path}:{line}: holds a NUL character.")
    return text


def lines(text: str) -> list[str]:
    """Returns lines without outer white space, parted as Python's files are.

    That is at line feed, carriage return and both, but not at the other
    characters that `str.splitlines` knows.
    """
    return [line.strip() for line in io.StringIO(text, newline=None)]


def json_object(path: Path, text: str, first: int = 1) -> dict[str, Any]:
    """Parses a JSON object that has no key twice.

    Args:
      path: for messages.
      text: the JSON.
      first: the line of the file where the text starts.

    Raises:
      InputError: naming the file and line.
    """
    try:
        found = json.loads(text, object_pairs_hook=_unique)
    except _DuplicateKey as error:
        raise InputError(
            f"{place(path, text, error.key, 1, first)}: {error.key!r} stands "
            "twice in one object; which one counts?"
        ) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}:{error.lineno + first - 1}: no valid JSON: {error.msg}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}:{first}: no valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(
            f"{path}:{first}: expected a JSON object, not {_kind(found)}."
        )
    return found


def place(
    path: Path, text: str, key: str, occurrence: int = 0, first: int = 1
) -> str:
    """Returns `path:line` of a key in a JSON text, or the path alone.

    Args:
      path: for messages.
      text: the JSON.
      key: which is looked for as Python writes it, with escapes and without.
      occurrence: 0 for the first one.
      first: the line of the file where the text starts.
    """
    written = {json.dumps(key, ensure_ascii=one) for one in (True, False)}
    pattern = "(?:" + "|".join(map(re.escape, sorted(written))) + r")\s*:"
    found = list(re.finditer(pattern, text))
    if occurrence >= len(found):
        return str(path)
    start = found[occurrence].start()
    return f"{path}:{_line(text[:start]) + first - 1}"


class _DuplicateKey(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(key)
        found[key] = value
    return found


def _line(before: str) -> int:
    """Returns the number of the line that starts or goes on after a text."""
    return len(re.findall(r"\r\n|\r|\n", before)) + 1


def _kind(value: object) -> str:
    return {list: "a list", str: "a text"}.get(type(value), "a single value")
