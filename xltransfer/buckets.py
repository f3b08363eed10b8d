"""Folders in Cloud Storage, as local ones.

A study's folder wants more than objects have: lines are added to files, folders
are renamed, and of several workers one alone may make a file (`claims`). Cloud
Storage FUSE offers that (https://cloud.google.com/storage/docs/cloud-storage-fuse),
so the folder of an address is mounted, and everything else sees a folder. The
mount stays for the commands after this one.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from xltransfer.errors import InputError

# As a path, `gs://bucket` has lost a slash.
_ADDRESS = re.compile(r"(\w{2,}):/+([^/]*)/*(.*?)/*")
PROGRAM = "gcsfuse"
# What other hosts write is seen at once; `xltransfer.claims` relies on that.
_FRESH = (
    "--implicit-dirs",
    "--metadata-cache-ttl-secs=0",
    "--metadata-cache-negative-ttl-secs=0",
)


def local(place: str | Path, *, kept: bool = False) -> Path:
    """Returns a folder, mounted first where it is in a bucket.

    Args:
      place: a path, or `gs://BUCKET/FOLDER`.
      kept: whether files that were read once are kept on the local disk, for
        what is read at random places and seldom written.

    Raises:
      InputError: for another kind of address or none, where Cloud Storage FUSE
        is not installed, and with what it says where it mounts nothing.
    """
    address = _ADDRESS.fullmatch(str(place))
    if address is None:
        return Path(place)
    scheme, bucket, folder = address.groups()
    if scheme != "gs" or not bucket:
        raise InputError(
            f"{scheme}://{bucket}: addresses are those of Cloud Storage, "
            "gs://BUCKET/FOLDER."
        )
    name = urllib.parse.quote(f"{bucket}/{folder}".rstrip("/"), safe="")
    mount = _home() / "buckets" / (f"{name}.kept" if kept else name)
    mount.mkdir(parents=True, exist_ok=True)
    with _alone(mount):
        if not os.path.ismount(mount):
            _mount(bucket, folder, mount, kept)
    return mount


def _mount(bucket: str, folder: str, mount: Path, kept: bool) -> None:
    address = f"gs://{bucket}/{folder}"
    if shutil.which(PROGRAM) is None:
        raise InputError(
            f"{address}: a bucket is mounted by Cloud Storage FUSE, but there "
            f"is no {PROGRAM} here. Install it "
            "(https://cloud.google.com/storage/docs/cloud-storage-fuse/install)"
            ", or copy the folder (gcloud storage rsync)."
        )
    options = [*_FRESH]
    if folder:
        options += ["--only-dir", folder]
    if kept:
        options += [
            f"--cache-dir={_home() / 'files'}",
            "--file-cache-max-size-mb=-1",
            "--file-cache-cache-file-for-range-read",
        ]
    # No pipe: what serves the mount may hold its end for good.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [PROGRAM, *options, bucket, str(mount)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        output.seek(0)
        lines = output.read().strip().splitlines()
    if done.returncode or not os.path.ismount(mount):
        said = lines[-1] if lines else "it said nothing"
        raise InputError(f"{address}: {PROGRAM} could not mount it: {said}")
    print(
        f"{address} is mounted; 'fusermount -u {mount}' gives it back.",
        file=sys.stderr,
    )


def _home() -> Path:
    """Returns the folder that desktops leave for what can be lost."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "xltransfer"


@contextlib.contextmanager
def _alone(mount: Path) -> Iterator[None]:
    """Holds a lock that processes of one system share."""
    with mount.with_name(f"{mount.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
