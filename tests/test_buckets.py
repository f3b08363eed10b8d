"""`gs://` addresses, with a `gcsfuse` that mounts folders of this machine."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from command import TINY

from xltransfer import buckets, contents
from xltransfer.errors import InputError

# A bucket is a folder of $BUCKETS; what is asked for is written down.
STAND_IN = """#!/bin/sh
echo "$@" >>"$BUCKETS/calls"
folder=
while [ $# -gt 2 ]; do
  case "$1" in
    --only-dir) folder="$2"; shift 2 ;;
    *) shift ;;
  esac
done
if [ ! -d "$BUCKETS/$1" ]; then
  echo "mounting"
  echo "Error: bucket $1 doesn't exist"
  exit 1
fi
mkdir -p "$BUCKETS/$1/$folder"
exec mount --bind "$BUCKETS/$1/$folder" "$2"
"""


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Where mounts lie."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "xltransfer"


@pytest.fixture
def cloud(tmp_path, home, monkeypatch):
    """The folder whose folders are buckets; everything is given back."""
    root, programs = tmp_path / "cloud", tmp_path / "programs"
    for one in (root, programs):
        one.mkdir()
    _mount_another_device(root)
    (root / "mine").mkdir()
    path = programs / buckets.PROGRAM
    path.write_text(STAND_IN)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("BUCKETS", str(root))
    yield root
    mounts = [one for one in (home / "buckets").glob("*") if one.is_mount()]
    for one in (*mounts, root):
        subprocess.run(["umount", str(one)], check=True)


def _mount_another_device(place: Path) -> None:
    """Python knows a mount by its device alone."""
    if shutil.which("mount") is None or os.geteuid():
        pytest.skip("the stand-in for Cloud Storage FUSE mounts as root only")
    command = ["mount", "-t", "tmpfs", "none", str(place)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


def calls(cloud: Path) -> list[str]:
    return (cloud / "calls").read_text().splitlines()


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
    assert (cloud / "mine" / "a" / "b" / "file").read_text() == "text"
    assert "--only-dir a/b mine" in calls(cloud)[-1]


def test_a_whole_bucket_is_a_folder_too(cloud):
    (buckets.local("gs://mine") / "file").touch()
    assert (cloud / "mine" / "file").exists()
    assert "--only-dir" not in calls(cloud)[-1]


def test_a_folder_is_mounted_once_whoever_asks(cloud):
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(buckets.local, ["gs://mine/a"] * 8))
    assert len(places) == len(calls(cloud)) == 1


def test_folders_within_each_other_are_mounts_beside_each_other(cloud):
    outer, inner = map(buckets.local, ("gs://mine/a", "gs://mine/a/b"))
    assert inner.parent == outer.parent
    (inner / "file").touch()
    assert (outer / "b" / "file").exists()


def test_what_others_write_is_seen_and_what_is_kept_lies_on_the_disk(
    cloud, home
):
    buckets.local("gs://mine/a")
    buckets.local("gs://mine/a", kept=True)
    plain, kept = calls(cloud)
    assert "--metadata-cache-ttl-secs=0" in plain
    assert "--cache-dir" not in plain
    assert f"--cache-dir={home / 'files'}" in kept
    assert "--metadata-cache-ttl-secs=0" in kept


def test_a_study_lives_in_a_bucket(cloud, command, finished):
    (cloud / "mine" / "caches").mkdir()
    place = ("--out", "gs://mine/study", "--cache-dir", "gs://mine/caches")
    shutil.copytree(
        command.cache, cloud / "mine" / "caches", dirs_exist_ok=True
    )
    command.run("run", TINY, *place)
    study = cloud / "mine" / "study"
    mine, known = (one / "results.csv" for one in (study, finished[0]))
    assert mine.read_bytes() == known.read_bytes()
    records = sorted(study.glob("phases/*/done.json"))
    written = [one.stat().st_mtime_ns for one in records]
    command.run("run", TINY, *place)
    assert written == [one.stat().st_mtime_ns for one in records]
    command.run("report", "gs://mine/study")
    assert (study / "report" / "report.html").exists()


def test_a_checkpoint_in_a_bucket_can_be_named(cloud, finished):
    shutil.copytree(finished[0], cloud / "mine" / "study")
    phase = next((finished[0] / "phases").iterdir()).name
    address = f"gs://mine/study/phases/{phase}"
    found = contents.read(contents.prefixed(address))
    assert found.config.vocab_size == 600
