"""Text files as lines, with damage reported where it lies."""

from pathlib import Path

from xltransfer.errors import InputError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def lines(path: Path) -> list[str]:
    """Returns the lines of a UTF-8 file, without line ends and byte order mark.

    Only a line feed (with or without a carriage return) ends a line: the other
    line separators of Unicode do occur inside sentences. Raises InputError,
    with file and line, for a missing or empty file, bytes that are no UTF-8 and
    NUL characters.
    """
    text = decoded(path, content(path))
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return text.removesuffix("\n").split("\n")


def content(path: Path) -> bytes:
    """Returns the bytes of a file; raises InputError where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.") from error


def decoded(path: Path | str, content: bytes) -> str:
    """Returns UTF-8 as text, without a byte order mark.

    Raises InputError, with `path` and line, for nothing but space, bytes that
    are no UTF-8 and NUL characters.
    """
    content = content.removeprefix(_BYTE_ORDER_MARK)
    if not content.strip():
        raise InputError(f"{path}:1: the file is empty.")
    nul = content.find(b"\0")
    if nul >= 0:
        raise InputError(
            f"{path}:{_line(content, nul)}: a NUL character. "
            "Is this a text file, and in UTF-8?"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(content, error.start)
        raise InputError(
            f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8. "
            "Convert the file to UTF-8."
        ) from error


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1
