"""Text files as lines, with damage reported where it lies."""

from pathlib import Path

from tasks.sources.content import content
from xltransfer.errors import InputError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def lines(path: Path) -> list[str]:
    """Returns the lines of a UTF-8 file, without line ends and byte order mark.

    Only a line feed (with or without a carriage return) ends a line: the other
    line separators of Unicode do occur inside sentences. Raises InputError as
    `text` does.
    """
    return text(path).removesuffix("\n").split("\n")


def text(path: Path) -> str:
    """Returns a UTF-8 file whole, its lines ended by line feeds.

    Raises InputError, with file and line, for a missing, empty or damaged file
    (see `content`), bytes that are no UTF-8 and NUL characters.
    """
    found = decoded(path, content(path))
    if "\r" in found:
        found = found.replace("\r\n", "\n").removesuffix("\r")
    return found


def decoded(path: Path | str, found: bytes) -> str:
    """Returns UTF-8 as text, without a byte order mark.

    Raises InputError, with `path` and line, for nothing but space, bytes that
    are no UTF-8 and NUL characters.
    """
    found = found.removeprefix(_BYTE_ORDER_MARK)
    if not found.strip():
        raise InputError(f"{path}:1: the file is empty.")
    nul = found.find(b"\0")
    if nul >= 0:
        raise InputError(
            f"{path}:{_line(found, nul)}: a NUL character. "
            "Is this a text file, and in UTF-8?"
        )
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(found, error.start)
        raise InputError(
            f"{path}:{line}: byte 0x{found[error.start]:02x} is not UTF-8. "
            "Convert the file to UTF-8."
        ) from error


def _line(found: bytes, position: int) -> int:
    return found.count(b"\n", 0, position) + 1
