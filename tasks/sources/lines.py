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
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.") from error
    content = content.removeprefix(_BYTE_ORDER_MARK)
    if not content.strip():
        raise InputError(f"{path}:1: the file is empty.")
    text = _decoded(path, content)
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return text.removesuffix("\n").split("\n")


def _decoded(path: Path, content: bytes) -> str:
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
