"""One file from an address: resumed, retried, checked, and there at once.

What has come so far lies beside the file's place, as `<name>.part`, with the
server's word for this version of it, so that another run goes on.
"""

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xltransfer.errors import InputError

if TYPE_CHECKING:
    import requests

CHUNK = 1 << 16
TIMEOUTS = (10.0, 60.0)  # Seconds to connect, and between two bytes.
# Attempts in a row that bring nothing.
ATTEMPTS = 5
LONGEST_WAIT = 60.0
# The server may be busy; all other errors will be the same next time.
_RETRIED = (408, 425, 429, 500, 502, 503, 504)
_MEANINGS = {
    401: "it wants a login: fetch it by hand",
    403: "it is forbidden: fetch it by hand, or give a mirror",
    404: "it is not there any more: give a mirror, or fetch it by hand",
    410: "it is not there any more: give a mirror, or fetch it by hand",
}

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Fetcher:
    """How files are fetched.

    Attributes:
      mirror: an address under which `host/path` lies in place of
        `https://host/path`; empty: the addresses themselves.
      attempts: how many attempts in a row may bring nothing.
      wait: sleeps so many seconds.
      progress: is told the bytes that are there, and of how many.
    """

    mirror: str = ""
    attempts: int = ATTEMPTS
    wait: Callable[[float], None] = time.sleep
    progress: Progress = lambda done, total: None

    def fetch(self, address: str, path: Path, digest: str | None) -> str:
        """Fetches a file to `path`, whole or not at all.

        Args:
          address: http or https.
          path: where it goes; its folder exists.
          digest: `sha256:…` or `md5:…` that it must have, where known.

        Returns:
          Its SHA-256, as `sha256:…`.

        Raises:
          InputError: for an address that gives nothing, a connection that
            keeps dropping, a full disk and another digest.
        """
        with disk_errors_named(path.parent):
            return self._fetch(self.located(address), _Part(path), digest)

    def _fetch(self, where: str, part: "_Part", digest: str | None) -> str:
        failed = 0
        while failed < self.attempts:
            if failed:
                self.wait(min(2.0**failed, LONGEST_WAIT))
            before = part.size
            reason = self._attempt(where, part)
            if reason is None:
                return part.finish(where, digest)
            failed = 1 if part.size > before else failed + 1
        raise InputError(
            f"{where}: {reason}, {self.attempts} times in a row. What has come "
            "is kept: the same command goes on."
        )

    def located(self, address: str) -> str:
        """Returns where an address is looked for."""
        if not self.mirror:
            return address
        return f"{self.mirror.rstrip('/')}/{address.partition('://')[2]}"

    def _attempt(self, where: str, part: "_Part") -> str | None:
        """Goes on; returns why it stopped, or None at the end."""
        import requests

        try:
            with requests.get(
                where,
                headers=part.headers(),
                stream=True,
                timeout=TIMEOUTS,
            ) as response:
                return self._read(where, response, part)
        except requests.exceptions.RequestException as error:
            if isinstance(error, ValueError):
                raise InputError(f"{where}: no address: {error}.") from error
            return f"the connection failed ({_innermost(error)})"

    def _read(
        self, where: str, response: "requests.Response", part: "_Part"
    ) -> str | None:
        status = response.status_code
        if status == 416:
            # Nothing after what is there: it is another version, or whole.
            part.forget()
            return "the server has another version"
        if status in _RETRIED:
            return f"the server answers {status}"
        if status not in (200, 206):
            raise InputError(
                f"{where}: the server answers {status}: "
                f"{_MEANINGS.get(status, response.reason)}."
            )
        if status == 206 and not part.is_continued_by(response):
            part.forget()
            return "the server sent another part than was asked for"
        total = part.begin(response)
        _check_room(where, part, total)
        with part.file.open("ab") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                self.progress(file.tell(), total)
        if total is not None and part.size != total:
            if part.size > total:
                part.forget()
            return f"{part.size} bytes came, of {total}"
        return None


class _Part:
    """What has come of a file, and which version of it that is."""

    def __init__(self, path: Path):
        self._path = path
        self.file = path.with_name(f"{path.name}.part")
        self._version = path.with_name(f"{path.name}.part.json")

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def headers(self) -> dict[str, str]:
        """Asks for the rest, if the server still has the same version."""
        headers = {"Accept-Encoding": "identity"}
        version = self._known_version()
        if self.size and version:
            headers |= {"Range": f"bytes={self.size}-", "If-Range": version}
        elif self.size:
            self.forget()
        return headers

    def is_continued_by(self, response: "requests.Response") -> bool:
        return _range(response)[0] == self.size

    def begin(self, response: "requests.Response") -> int | None:
        """Makes ready for a response; returns the whole length, if told."""
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        if response.status_code == 206:
            total = _range(response)[1]
        else:
            self.forget()
        is_plain = "Content-Encoding" not in response.headers
        self._remember(response if is_plain else None)
        # What is unpacked on the way is longer than was told.
        return total if is_plain else None

    def forget(self) -> None:
        self.file.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def finish(self, where: str, expected: str | None) -> str:
        """Checks the digest and puts the file in its place."""
        found = file_digest(self.file)
        if expected and not expected.startswith("sha256:"):
            compared = file_digest(self.file, expected.partition(":")[0])
        else:
            compared = found
        if expected and compared != expected:
            self.forget()
            raise InputError(
                f"{where}: the file has the digest {compared}, expected "
                f"{expected}. It was removed: it is damaged or another version."
            )
        os.replace(self.file, self._path)
        self.forget()
        return found

    def _remember(self, response: "requests.Response | None") -> None:
        headers = response.headers if response else {}
        tag = headers.get("ETag", "")
        # A weak tag is no promise that the bytes are the same.
        version = tag if tag.startswith('"') else ""
        version = version or headers.get("Last-Modified", "")
        self._version.write_text(json.dumps({"version": version}))

    def _known_version(self) -> str:
        try:
            return str(json.loads(self._version.read_text())["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Returns `algorithm:hex` of a file."""
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"


@contextmanager
def disk_errors_named(folder: Path) -> Iterator[None]:
    """Turns a full or unwritable disk into an InputError that says so."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(
                f"{where}: no room is left on the disk. Make some: the same "
                "command goes on."
            ) from error
        raise InputError(f"{where}: {error.strerror or error}.") from error


def _check_room(where: str, part: _Part, total: int | None) -> None:
    free = shutil.disk_usage(part._path.parent).free
    if total is not None and total - part.size > free:
        raise InputError(
            f"{where}: {total - part.size} bytes are to come, but the disk of "
            f"{part._path.parent} has room for {free}."
        )


def _range(response: "requests.Response") -> tuple[int | None, int | None]:
    """Returns start and whole length of `Content-Range: bytes 5-9/10`."""
    text = response.headers.get("Content-Range", "")
    span, _, total = text.removeprefix("bytes ").partition("/")
    start = span.partition("-")[0]
    return (
        int(start) if start.isdigit() else None,
        int(total) if total.isdigit() else None,
    )


def _innermost(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__
