"""Downloads -> files in the data directory, each there whole or not at all."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tasks import downloads, unpacking
from tasks.downloads import Download, Place, Resource
from tasks.fetching import Fetcher, disk_errors_named
from xltransfer.errors import InputError

RECORD = "downloads.json"
# What is on its way. Files move from here to their places.
WORKING = ".downloads"


@dataclass(frozen=True)
class Installer:
    """Fetches downloads into a data directory.

    Attributes:
      data_dir: the folder; made where there is none.
      fetcher: how addresses are read.
      tell: is told what happens, a line at a time.
      limits: what an archive may hold.
    """

    data_dir: Path
    fetcher: Fetcher = field(default_factory=Fetcher)
    tell: Callable[[str], None] = print
    limits: Callable[[], unpacking.Limits] = unpacking.Limits

    def install(self, download: Download) -> None:
        """Fetches what is missing of a download.

        Files that are there already stay as they are. An address is fetched
        once; its digest is recorded, and checked when it is fetched again.

        Raises:
          InputError: where something must be done by hand, and for whatever
            keeps a file from coming.
        """
        if download.by_hand:
            raise InputError(
                f"{download.name} cannot be fetched: {download.by_hand} "
                f"See {download.url} (licence: {download.licence})."
            )
        for resource in download.resources:
            if self._is_there(resource):
                self.tell(f"{download.name}: has {resource.address}")
            else:
                self.tell(f"{download.name}: fetches {resource.address}")
                with disk_errors_named(self.data_dir):
                    self._install(resource)
        if download.then:
            self.tell(f"{download.name}: {download.then}")

    def is_there(self, download: Download) -> bool:
        """Tells whether nothing of a download is missing."""
        return bool(download.resources) and all(
            map(self._is_there, download.resources)
        )

    def _is_there(self, resource: Resource) -> bool:
        if resource.path and not resource.convert:
            return (self.data_dir / resource.path).is_file()
        known = self._record().get(resource.address, {})
        files = known.get("files", [])
        return bool(files) and all(
            (self.data_dir / name).is_file() for name in files
        )

    def _install(self, resource: Resource) -> None:
        working = self.data_dir / WORKING / _key(resource.address)
        working.mkdir(parents=True, exist_ok=True)
        fetched = working / (resource.address.rsplit("/", 1)[-1] or "file")
        known = self._record().get(resource.address, {}).get("digest")
        expected = downloads.digest(resource.address) or known
        digest = self.fetcher.fetch(resource.address, fetched, expected)
        staged = working / "staged"
        shutil.rmtree(staged, ignore_errors=True)
        files = sorted(self._stage(resource, fetched, staged))
        self._move(staged, files)
        self._write_record(resource.address, digest, files)
        shutil.rmtree(working)
        _remove_empty(working.parent)

    def _stage(
        self, resource: Resource, fetched: Path, staged: Path
    ) -> set[str]:
        """Unpacks and converts; returns the places of what is staged."""
        if not resource.places:
            if resource.convert is None:
                _put(staged, resource.path, _content(fetched))
                return {resource.path}
            return _put_converted(
                staged,
                resource.convert(fetched.read_bytes(), resource.path),
            )
        unused = {place.pattern for place in resource.places}
        files: set[str] = set()
        for name, member in self._members(fetched, staged):
            place, path = _place(resource.places, name)
            if place is None:
                continue
            unused.discard(place.pattern)
            if place.convert:
                content = b"".join(member.chunks)
                new = _put_converted(staged, place.convert(content, path))
            else:
                _put(staged, path, member.chunks)
                new = {path}
            if new & files:
                raise InputError(f"{fetched}: two members for {new & files}.")
            files |= new
        if unused:
            raise InputError(
                f"{fetched}: nothing in it is named like {min(unused)!r}. Is "
                "it another version?"
            )
        return files

    def _members(
        self, fetched: Path, staged: Path
    ) -> Iterator[tuple[str, unpacking.Member]]:
        """Yields members, those of archives in archives as `outer!inner`."""
        limits = self.limits()
        for member in unpacking.members(fetched, limits):
            if not member.name.endswith(unpacking.NESTED):
                yield member.name, member
                continue
            inner = staged.with_name("inner") / Path(member.name).name
            _write(inner, member.chunks)
            for one in unpacking.members(inner, limits):
                yield f"{member.name}!{one.name}", one
            inner.unlink()

    def _move(self, staged: Path, files: list[str]) -> None:
        for name in files:
            place = self.data_dir / name
            if place.exists():
                self.tell(f"{place} is there already and stays as it is")
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged / name, place)

    def _record(self) -> dict:
        path = self.data_dir / RECORD
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_text())
            assert isinstance(found, dict)
        except (ValueError, AssertionError) as error:
            raise InputError(
                f"{path}: no valid record of downloads; delete it."
            ) from error
        return found

    def _write_record(
        self, address: str, digest: str, files: list[str]
    ) -> None:
        record = self._record()
        record[address] = {"digest": digest, "files": files}
        partial = self.data_dir / f".{RECORD}.part"
        partial.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
        os.replace(partial, self.data_dir / RECORD)


def _place(places: tuple[Place, ...], name: str) -> tuple[Place | None, str]:
    for place in places:
        match = re.fullmatch(place.pattern, name)
        if match:
            return place, match.expand(place.path)
    return None, ""


def _put_converted(staged: Path, files: dict[str, bytes]) -> set[str]:
    for name, content in files.items():
        _put(staged, name, iter([content]))
    return set(files)


def _put(staged: Path, name: str, chunks: Iterator[bytes]) -> None:
    path = staged / name
    if not path.resolve().is_relative_to(staged.resolve()):
        raise InputError(f"{name} lies outside of the data directory.")
    _write(path, chunks)


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(unpacking.CHUNK):
            yield chunk


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
