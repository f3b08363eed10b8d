"""Archives, one member after the other, with nothing hostile in them.

No member is written here; names are checked all the same, so that whoever uses
one as a path stays in the folder. Sizes are counted as bytes come, not as the
archive tells.
"""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from xltransfer.errors import InputError

CHUNK = 1 << 20
_SINGLE = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
NESTED = (".tar.gz", ".tgz", ".tar.bz2", ".tar", ".zip")


@dataclass
class Limits:
    """What an archive may hold. `size` and `members` are used up.

    Attributes:
      size: bytes of all members together, unpacked.
      ratio: how many times its own size an archive may become; text rarely
        packs to a thirtieth.
      slack: bytes that are free of the ratio.
      members: how many members.
    """

    size: int = 1 << 36
    ratio: int = 200
    slack: int = 1 << 26
    members: int = 200_000


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name, and its content as it comes."""

    name: str
    chunks: Iterator[bytes]


def members(path: Path, limits: Limits | None = None) -> Iterator[Member]:
    """Yields the files of a zip, tar (gz, bz2, xz) or compressed file.

    A member's content must be read before the next member is asked for; what
    is left of it is skipped. A compressed file that is no archive is one
    member, named as the file without its last suffix.

    Raises:
      InputError: for what is no archive, is damaged, is encrypted, is larger
        than the limits, has two members of one name, or has members that are
        no plain files or have names that leave the folder.
    """
    budget = _Budget(path, limits or Limits())
    with _damage_named(path):
        seen: set[str] = set()
        for name, chunks in _opened(path, budget):
            _check_name(path, name)
            budget.count_member()
            if name in seen:
                raise InputError(f"{path}: two members named {name!r}.")
            seen.add(name)
            yield Member(name, chunks)


def _opened(
    path: Path, budget: "_Budget"
) -> Iterator[tuple[str, Iterator[bytes]]]:
    if zipfile.is_zipfile(path):
        yield from _zip_members(path, budget)
        return
    with path.open("rb") as file:
        start = file.read(512)
    magic = next((one for one in _SINGLE if start.startswith(one)), None)
    opener = _SINGLE[magic] if magic else open
    with opener(path, "rb") as file:
        is_tar = _is_tar_header(file.read(512))
    with opener(path, "rb") as file:
        stream = _Counted(file, budget)
        if is_tar:
            yield from _tar_members(path, stream)
        elif magic:
            yield path.stem, _chunks(path, stream)
        else:
            raise InputError(
                f"{path}: no archive: it begins with {start[:40]!r}. Did the "
                "server send a page in its place?"
            )


def _is_tar_header(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _zip_members(
    path: Path, budget: "_Budget"
) -> Iterator[tuple[str, Iterator[bytes]]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _unplain(path, info.filename)
            if info.flag_bits & 1:
                raise InputError(f"{path}: {info.filename!r} is encrypted.")
            # zipfile itself cuts names at NUL.
            if info.orig_filename != info.filename:
                raise _leaving(path, info.orig_filename)
            if info.is_dir():
                _check_name(path, info.filename.rstrip("/"))
                continue
            with archive.open(info) as file:
                yield info.filename, _chunks(path, _Counted(file, budget))


def _tar_members(
    path: Path, stream: "_Counted"
) -> Iterator[tuple[str, Iterator[bytes]]]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            if info.isdir():
                _check_name(path, info.name)
            elif info.isreg() and not info.issparse():
                yield info.name, _chunks(path, archive.extractfile(info))
            else:
                raise _unplain(path, info.name)
    # The compression's checksum stands behind all that tar reads.
    while stream.read(CHUNK):
        pass


class _Counted:
    """A stream whose bytes are counted, also those that are skipped."""

    def __init__(self, file: IO[bytes], budget: "_Budget"):
        self._file, self._budget = file, budget

    def read(self, size: int) -> bytes:
        found = self._file.read(size)
        self._budget.spend(len(found))
        return found


class _Budget:
    """What is left of the limits while an archive is read."""

    def __init__(self, path: Path, limits: Limits):
        self._path, self._limits = path, limits
        packed = path.stat().st_size
        self._most = min(limits.size, packed * limits.ratio + limits.slack)

    def count_member(self) -> None:
        self._limits.members -= 1
        if self._limits.members < 0:
            raise InputError(f"{self._path}: too many members.")

    def spend(self, size: int) -> None:
        self._most -= size
        self._limits.size -= size
        if self._most < 0 or self._limits.size < 0:
            raise InputError(
                f"{self._path}: it unpacks to far more than a data set does; "
                "stopped."
            )


def _chunks(path: Path, file: "IO[bytes] | _Counted") -> Iterator[bytes]:
    # Consumed outside of `members`, so damage is named here too.
    with _damage_named(path):
        while chunk := file.read(CHUNK):
            yield chunk


def _check_name(path: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    if (
        not name
        or name.startswith("/")
        or ".." in parts
        or any(char in name for char in "\\\0:")
        or any(ord(char) < 32 for char in name)
        or any(len(part.encode()) > 255 for part in parts)
    ):
        raise _leaving(path, name)


def _leaving(path: Path, name: str) -> InputError:
    return InputError(
        f"{path}: a member named {name!r}, which is no path inside a folder; "
        "nothing of this archive is used."
    )


def _unplain(path: Path, name: str) -> InputError:
    return InputError(
        f"{path}: {name!r} is a link, a device or the like, no file; nothing "
        "of this archive is used."
    )


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        NotImplementedError,
        UnicodeError,
        ValueError,
    ) as error:
        raise InputError(f"{path}: damaged archive: {error}.") from error
