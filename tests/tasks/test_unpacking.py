"""Hostile and damaged archives, each made here."""

import bz2
import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.unpacking import Limits, members
from xltransfer.errors import InputError

FILES = {"a.txt": b"one\n" * 50, "b/c.txt": b"two\n" * 50}


def tar(path: Path, *infos: tuple[tarfile.TarInfo, bytes]) -> Path:
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}
    with tarfile.open(path, mode.get(path.suffix, "w")) as archive:
        for info, content in infos:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def plain(name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd"
    return info, content if kind == tarfile.REGTYPE else b""


def zipped(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def read(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    return {one.name: b"".join(one.chunks) for one in members(path, limits)}


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_tars_of_all_kinds_give_their_files(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    tar(
        path,
        plain("b", kind=tarfile.DIRTYPE),
        *map(plain, FILES, FILES.values()),
    )
    assert read(path) == FILES


def test_a_zip_gives_its_files(tmp_path):
    path = zipped(tmp_path / "x.zip", ("b/", b""), *FILES.items())
    assert read(path) == FILES


@pytest.mark.parametrize(("opener", "suffix"), [(gzip, "gz"), (bz2, "bz2")])
def test_a_compressed_file_is_one_member(tmp_path, opener, suffix):
    path = tmp_path / f"data.json.{suffix}"
    path.write_bytes(opener.compress(b"{}"))
    assert read(path) == {"data.json": b"{}"}


def test_a_member_that_is_not_read_is_skipped(tmp_path):
    path = tar(tmp_path / "x.tar.gz", *map(plain, FILES, FILES.values()))
    assert [one.name for one in members(path)] == list(FILES)


NAMES = [
    "/etc/passwd",
    "../up.txt",
    "a/../../up.txt",
    "..",
    "a\\..\\..\\up.txt",
    "C:up.txt",
    "a\x07b",
    "n" * 300,
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path, make, name):
    entry = plain(name) if make is tar else (name, b"x")
    path = make(tmp_path / "hostile", entry)
    with pytest.raises(InputError, match="no path inside a folder"):
        read(path)


def test_a_name_cut_by_nul_is_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", ("good.txtAevil", b"x"))
    path.write_bytes(path.read_bytes().replace(b"txtA", b"txt\0"))
    with pytest.raises(InputError, match="no path inside a folder"):
        read(path)


def test_a_folder_that_leaves_the_folder_is_refused(tmp_path):
    for path in (
        tar(tmp_path / "x.tar", plain("../up", kind=tarfile.DIRTYPE)),
        zipped(tmp_path / "x.zip", ("../up/", b"")),
    ):
        with pytest.raises(InputError, match="no path inside a folder"):
            read(path)


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    with pytest.raises(InputError, match="a link, a device"):
        read(tar(tmp_path / "x.tar", plain("evil", kind=kind)))


def test_a_link_in_a_zip_is_refused(tmp_path):
    with pytest.raises(InputError, match="a link, a device"):
        read(zipped(tmp_path / "x.zip", (link("evil"), b"/etc/passwd")))


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path, make):
    entry = plain("a") if make is tar else ("a", b"x")
    with pytest.raises(InputError, match="two members named 'a'"):
        read(make(tmp_path / "x", entry, entry))


def test_an_encrypted_member_is_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", ("a", b"x"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="encrypted"):
        read(path)


SMALL = {"ratio": 20, "slack": 1000}


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "gz", "tar.bz2"])
def test_a_bomb_is_stopped_early(tmp_path, kind):
    zeros = b"\0" * 10_000_000
    path = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        zipped(path, ("zeros", zeros))
    elif kind == "gz":
        path.write_bytes(gzip.compress(zeros))
    else:
        tar(path, plain("zeros", zeros))
    came = 0
    with pytest.raises(InputError, match="far more than a data set"):
        for member in members(path, Limits(**SMALL)):
            for chunk in member.chunks:
                came += len(chunk)
    assert came <= 2_000_000


def test_a_bomb_that_is_only_skipped_is_stopped_too(tmp_path):
    path = tar(tmp_path / "x.tar.gz", plain("zeros", b"\0" * 10_000_000))
    with pytest.raises(InputError, match="far more than a data set"):
        list(members(path, Limits(**SMALL)))


def test_a_bomb_in_a_tar_header_is_stopped(tmp_path):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 10_000_000
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf() + b"\0" * 10_000_000))
    with pytest.raises(InputError, match="far more than a data set"):
        read(path, Limits(**SMALL))


def test_very_many_members_are_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", *((f"{i}", b"") for i in range(30)))
    with pytest.raises(InputError, match="too many members"):
        read(path, Limits(members=20))


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><p>Log in</p>"])
def test_a_page_in_place_of_an_archive_is_named(tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no archive"):
        read(path)


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damage_is_named_or_changes_nothing(tmp_path, suffix, data):
    # Zip and the compressions carry checksums: what is read is right.
    path = tmp_path / f"x.{suffix}"
    if suffix == "zip":
        zipped(path, *FILES.items())
    else:
        tar(path, *map(plain, FILES, FILES.values()))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        found = read(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert set(found.values()) <= set(FILES.values())
