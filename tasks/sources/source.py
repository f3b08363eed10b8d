"""What every source of raw examples offers."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tasks.sources.content import archive
from xltransfer.errors import InputError


class Source(Protocol):
    """Raw examples in a fixed order, as text fields with canonical names."""

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        """Returns the files that are read; none for a generator."""

    def digest(self, data_dir: Path | None) -> str:
        """Returns the SHA-256, in hex, of all that decides what is read."""

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        """Returns the files that are not there."""

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """Yields `('path:line', fields)`; raises InputError at damage."""


class FileSource:
    """What sources of files share. A subclass names its `paths`.

    Paths are relative to the data directory; `a.zip!b.tsv` is a member of an
    archive (see `content`).
    """

    paths: tuple[str, ...]

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        return tuple(
            Path(archive(str(place))) for place in self.places(data_dir)
        )

    def places(self, data_dir: Path | None) -> tuple[Path, ...]:
        """Returns what is read: files, or members of archives."""
        if data_dir is None:
            raise InputError(
                f"{self.paths[0]} lies in a data directory and none is given: "
                "pass --data-dir or set XLTRANSFER_DATA_DIR."
            )
        return tuple(Path(data_dir) / path for path in self.paths)

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        return tuple(p for p in self.files(data_dir) if not p.is_file())

    def digest(self, data_dir: Path | None) -> str:
        # repr: another column or another selection of lines is other data.
        whole = hashlib.sha256(repr(self).encode())
        for path in self.files(data_dir):
            try:
                content = path.read_bytes()
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}.") from error
            whole.update(hashlib.sha256(content).digest())
        return whole.hexdigest()
