"""`gs://` addresses: Cloud Storage is a server of this machine.

`gcsfuse.py` mounts its buckets.
"""

import importlib.util
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from bucket_server import Server
from command import TINY

from xltransfer import buckets, contents
from xltransfer.claims import Claims
from xltransfer.errors import InputError

# Two phases, of which one starts from the other.
TWO = ("--gin.Study.intermediates={'none': None}", "--gin.Study.controls={}")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Where mounts lie."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "xltransfer"


@dataclass(frozen=True)
class Cloud:
    """A server's bucket, and with which arguments buckets were mounted."""

    server: Server
    log: Path

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()

    def content(self, name: str) -> bytes:
        return self.server.objects().content(name)


@pytest.fixture
def cloud(server, home, tmp_path, monkeypatch):
    """Cloud Storage and a `gcsfuse`; everything is given back."""
    if importlib.util.find_spec("fuse") is None:
        pytest.skip("mounting needs fuse-python: install '.[test]'")
    if os.geteuid() or not Path("/dev/fuse").exists():
        pytest.skip("mounting needs /dev/fuse and root")
    log, program = tmp_path / "calls", tmp_path / "programs" / buckets.PROGRAM
    program.parent.mkdir()
    mounts = shlex.join(
        [sys.executable, str(Path(__file__).with_name("gcsfuse.py"))]
    )
    program.write_text(f'#!/bin/sh\necho "$@" >>{log}\nexec {mounts} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SERVER", server.address)
    yield Cloud(server, log)
    for one in tmp_path.glob("*/xltransfer/buckets/*"):
        if one.is_mount():
            subprocess.run(["umount", str(one)], check=True)


@pytest.mark.parametrize("place", ["runs/mine", "/runs/mine", "x:/y", "gs:"])
def test_a_path_stays_as_it_is(place):
    assert buckets.local(place) == Path(place)


@pytest.mark.parametrize("address", ["s3://mine/study", "gs://", "gs:/"])
def test_another_kind_of_address_is_refused(address):
    with pytest.raises(InputError, match=r"Cloud Storage, gs://BUCKET/FOLDER"):
        buckets.local(address)


def test_without_the_program_it_says_what_to_do(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"gs://mine/a: .*no gcsfuse.*rsync"):
        buckets.local("gs://mine/a")


def test_what_cannot_be_mounted_is_said_in_its_words(cloud):
    with pytest.raises(InputError, match=r"gs://yours/a: .*yours doesn't exis"):
        buckets.local("gs://yours/a")


# `Path` takes one slash away before any parser sees the address.
@pytest.mark.parametrize(
    "address", ["gs://mine/a/b", "gs:/mine/a/b", "gs://mine/a/b/"]
)
def test_what_is_written_there_is_in_the_bucket(cloud, address):
    place = buckets.local(address)
    (place / "file").write_text("text")
    assert cloud.content("a/b/file") == b"text"
    assert "--only-dir a/b mine" in cloud.calls()[-1]


def test_a_whole_bucket_is_a_folder_too(cloud):
    (buckets.local("gs://mine") / "file").touch()
    assert cloud.content("file") == b""
    assert "--only-dir" not in cloud.calls()[-1]


def test_a_folder_is_mounted_once_whoever_asks(cloud):
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(buckets.local, ["gs://mine/a"] * 8))
    assert len(places) == len(cloud.calls()) == 1


def test_folders_within_each_other_are_mounts_beside_each_other(cloud):
    outer, inner = map(buckets.local, ("gs://mine/a", "gs://mine/a/b"))
    assert inner.parent == outer.parent
    (inner / "file").touch()
    assert cloud.content("a/b/file") == b""
    assert (outer / "b" / "file").exists()


def test_what_others_write_is_seen_and_what_is_kept_lies_on_the_disk(
    cloud, home
):
    buckets.local("gs://mine/a")
    buckets.local("gs://mine/a", kept=True)
    plain, kept = cloud.calls()
    assert "--metadata-cache-ttl-secs=0" in plain
    assert "--cache-dir" not in plain
    assert f"--cache-dir={home / 'files'}" in kept
    assert "--metadata-cache-ttl-secs=0" in kept


def test_of_two_hosts_one_alone_claims_a_folder(cloud, tmp_path, monkeypatch):
    """The other learns of it when it closes its file."""
    here = buckets.local("gs://mine/study")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    there = buckets.local("gs://mine/study")
    assert here != there
    close, taken = os.close, []

    def close_late(file: int) -> None:
        monkeypatch.setattr(os, "close", close)
        taken.append(Claims().take(there))
        close(file)

    monkeypatch.setattr(os, "close", close_late)
    assert Claims().take(here) is None
    with taken[0] as claim:
        assert Claims().take(here) is None
        claim.check()
    second = Claims().take(here)
    assert second.number == 2


def test_a_study_lives_in_a_bucket(cloud, command, finished):
    place = ("--out", "gs://mine/study", "--cache-dir", "gs://mine/caches")
    command.run("run", TINY, *place, *TWO)
    rows = cloud.content("study/results.csv").decode().splitlines()
    assert set(rows) < set(
        (finished[0] / "results.csv").read_text().split("\n")
    )
    study = buckets.local("gs://mine/study")
    records = sorted(study.glob("phases/*/done.json"))
    assert len(records) == 2
    written = [one.stat().st_mtime_ns for one in records]
    command.run("run", TINY, *place, *TWO)
    assert written == [one.stat().st_mtime_ns for one in records]
    command.run("report", "gs://mine/study")
    assert cloud.content("study/report/report.html")


def test_a_checkpoint_in_a_bucket_can_be_named(cloud, finished):
    cloud.server.put(finished[0], "study")
    phase = next((finished[0] / "phases").iterdir()).name
    address = f"gs://mine/study/phases/{phase}"
    found = contents.read(contents.prefixed(address))
    assert found.config.vocab_size == 600
