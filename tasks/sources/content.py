"""The bytes of a file, of a gzip file, or of one member of a zip archive."""

import gzip
import zipfile
import zlib
from pathlib import Path

from xltransfer.errors import InputError, nearest

# Between an archive and its member, as in `data.zip!folder/a.tsv`.
MEMBER = ".zip!"
# The largest official file, MultiNLI's, has half of that.
MOST_BYTES = 2**30


def archive(place: str) -> str:
    """Returns the file that a place lies in: its archive, or itself."""
    return _parted(place)[0]


def content(place: Path, most: int = MOST_BYTES) -> bytes:
    """Returns what stands at a place, unpacked in memory and never to disk.

    Args:
      place: a file; `.gz` is unpacked; `archive.zip!member` names a member.
      most: bytes that it may have, unpacked.

    Raises:
      InputError: for a missing or damaged file, a member that is not there,
        and more bytes than that.
    """
    path, member = _parted(str(place))
    try:
        if member:
            found = _member(path, member, most)
        elif path.endswith(".gz"):
            with gzip.open(path) as file:
                found = file.read(most + 1)
        else:
            with open(path, "rb") as file:
                found = file.read(most + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        # An encrypted member; an unknown compression; a broken directory.
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(
            f"{place}: damaged: {error}. Download the file again."
        ) from error
    except OSError as error:
        why = error.strerror or f"damaged: {error}"
        raise InputError(f"{place}: {why}.") from error
    if len(found) > most:
        raise InputError(f"{place}: more than {most} bytes.")
    return found


def _parted(place: str) -> tuple[str, str]:
    path, separator, member = place.partition(MEMBER)
    return path + separator.removesuffix("!"), member


def _member(path: str, member: str, most: int) -> bytes:
    with zipfile.ZipFile(path) as opened:
        if member not in opened.namelist():
            raise InputError(
                f"{path}: no member {member!r}."
                f"{nearest(member, opened.namelist())}"
            )
        with opened.open(member) as file:
            return file.read(most + 1)
