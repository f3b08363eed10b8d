"""Who works on what, in a folder that several workers share.

Claims on a folder are the files `claims/1`, `claims/2`, …, of which the one with
the highest number counts. To claim is to create the next number, and the file
system lets one worker alone do that (`O_EXCL`, also on NFS and Cloud Storage
FUSE). No claim is ever removed or renamed, so none can be taken for another: the
number is the token by which a worker finds out that it has lost its claim.

A claim is free again where it was given back, where its process is dead, as
far as the same host can tell, and where it shows no sign of life for a lease.
The holder gives signs by adding to its file; an observer measures by its own
clock how long the file has stayed as it is, so that no two clocks are compared.

What takes long to write carries the claim's number in its name and gets its
right one by one renaming, after a last check (`phase_folder`). What cannot be
closed is the moment between a check and the small file written after it. A
holder that is stopped for a lease exactly there writes late; it writes what the
other one does, since a phase's parameters follow from its identity.
"""

import contextlib
import dataclasses
import errno
import functools
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

NAME = "claims"
LEASE = 120.0
# Signs of life within a lease.
_SIGNS = 6
_SIGN, _END = b".", b"\nend\n"
_POLL = 0.5


class ClaimLost(Exception):
    """Another worker has taken over; whoever sees this writes nothing more."""


@dataclasses.dataclass(frozen=True)
class Holder:
    """A process, wherever it runs.

    Attributes:
      host: its name.
      system: what else tells two systems with that name apart: the boot and
        the namespace of process ids.
      pid: its process id there.
      started: when it began, as its system counts; ids are used again.
      lease: seconds without a sign after which it counts as dead.
    """

    host: str
    system: str
    pid: int
    started: str
    lease: float

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    @property
    def is_dead(self) -> bool:
        """Whether it is known to have ended; never of another system."""
        if (self.host, self.system) != _system():
            return False
        return _started(self.pid) != self.started


class Claims:
    """What a worker claims, and has seen of other workers' claims."""

    def __init__(self, lease: float = LEASE):
        self._lease = lease
        # By folder: the claim and its size, and when that was first seen.
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}

    def take(self, folder: Path) -> "Claim | None":
        """Claims a folder, which must exist; None where another one holds it.

        A claim is to be entered, or it will not show signs of life.
        """
        (folder / NAME).mkdir(exist_ok=True)
        number = _latest(folder)
        if number and not self._is_free(folder, number):
            return None
        path = folder / NAME / str(number + 1)
        holder = dataclasses.asdict(_myself(self._lease))
        if not _created(path, f"{json.dumps(holder)}\n".encode()):
            return None
        return Claim(folder, number + 1, self._lease)

    def _is_free(self, folder: Path, number: int) -> bool:
        text = _read(folder, number)
        holder = _holder(text)
        if text.endswith(_END) or (holder and holder.is_dead):
            return True
        now, sign = time.monotonic(), (number, len(text))
        seen, since = self._seen.get(folder, (None, now))
        if seen != sign:
            self._seen[folder] = sign, now
            return False
        return now - since > (holder.lease if holder else self._lease)


class Claim:
    """A folder that this worker holds, while entered."""

    def __init__(self, folder: Path, number: int, lease: float):
        self.folder, self.number = folder, number
        self._path = folder / NAME / str(number)
        self._lease = lease
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def check(self) -> None:
        """Raises ClaimLost where another worker has taken over."""
        # Listed, since the absence of a single name may be cached.
        latest = _latest(self.folder)
        if latest != self.number:
            raise ClaimLost(
                f"{self.folder.name}: claim {self.number} was taken over"
                if latest
                else f"{self.folder}: removed while it was worked on"
            )

    def __enter__(self) -> "Claim":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()
        self._add(_END)

    def _live(self) -> None:
        while not self._ended.wait(self._lease / _SIGNS):
            self._add(_SIGN)

    def _add(self, text: bytes) -> None:
        # A folder that is gone, or cannot be reached now, is found by `check`.
        with contextlib.suppress(OSError):
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(file, text)
            finally:
                os.close(file)


@dataclasses.dataclass(frozen=True)
class Assumed:
    """Stands for a claim where this process need not hold one.

    Since nobody else works there, or since the first process of its worker
    holds it, under that number.
    """

    number: int = 0

    def check(self) -> None:
        """Nothing can be lost."""


NOBODY_ELSE = Assumed()


@contextlib.contextmanager
def alone(folder: Path, lease: float = LEASE) -> Iterator[Claim]:
    """Waits until nobody else holds a folder, makes it, and holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = Claims(lease)
    while (claim := mine.take(folder)) is None:
        time.sleep(_POLL)
    with claim:
        yield claim


def holder(folder: Path) -> Holder | None:
    """Returns who holds a folder, so far as one look can tell."""
    number = _latest(folder)
    if not number:
        return None
    text = _read(folder, number)
    found = _holder(text)
    if text.endswith(_END) or (found and found.is_dead):
        return None
    return found


def _created(path: Path, text: bytes) -> bool:
    """Makes a file, unless another worker has."""
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            os.write(file, text)
        finally:
            os.close(file)
    except OSError as error:
        # Cloud Storage FUSE asks the bucket only when a file is closed.
        if error.errno in (errno.EEXIST, errno.ESTALE):
            return False
        raise
    return True


def _latest(folder: Path) -> int:
    """Returns the highest number, 0 where there was never a claim."""
    try:
        names = os.listdir(folder / NAME)
    except FileNotFoundError:
        return 0
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _read(folder: Path, number: int) -> bytes:
    try:
        return (folder / NAME / str(number)).read_bytes()
    except FileNotFoundError:
        return b""


def _holder(text: bytes) -> Holder | None:
    """Returns who wrote a claim, None where it is not written to its end."""
    try:
        return Holder(**json.loads(text.partition(b"\n")[0]))
    except ValueError:
        return None


def _myself(lease: float) -> Holder:
    pid = os.getpid()
    return Holder(*_system(), pid, _started(pid), lease)


@functools.cache
def _system() -> tuple[str, str]:
    """Returns the host's name, and which boot and namespace of it this is."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    try:
        known = f"{boot.read_text().strip()} {os.readlink(space)}"
    except OSError:
        known = ""
    return socket.gethostname(), known


def _started(pid: int) -> str:
    """Returns when a process began, "" where there is none of that id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    try:
        # The 22nd field; the second one, the name, may hold brackets.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return "unknown"
    state, since = fields.split()[0], fields.split()[19]
    return "" if state == "Z" else since
