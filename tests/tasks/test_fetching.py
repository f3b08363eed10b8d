"""Interrupted, lying and forgetful servers, all on the loopback."""

import errno
import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server import Server

from tasks import fetching
from tasks.fetching import CHUNK, Fetcher
from xltransfer.errors import InputError

CONTENT = bytes(range(256)) * 1200  # Several chunks.
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def server():
    with Server({"/a/file.bin": CONTENT}).running() as server:
        yield server


@pytest.fixture
def fetch(server, tmp_path):
    """Fetches the file with pauses that take no time; returns its content."""

    def fetch(digest: str | None = SHA256, **options) -> bytes:
        waits: list[float] = []
        fetcher = Fetcher(wait=waits.append, **options)
        path = tmp_path / "file.bin"
        found = fetcher.fetch(f"{server.address}/a/file.bin", path, digest)
        assert found == SHA256
        assert [one.name for one in tmp_path.iterdir()] == ["file.bin"]
        return path.read_bytes()

    return fetch


def ranges(server: Server) -> list[str | None]:
    return [asked for _, asked in server.asked]


def test_a_file_comes_whole_and_nothing_else_is_left(server, fetch):
    assert fetch() == CONTENT
    assert ranges(server) == [None]


def test_a_dropped_connection_goes_on_where_it_stopped(server, fetch):
    server.drops = [2 * CHUNK, CHUNK]
    assert fetch() == CONTENT
    assert ranges(server) == [None, "bytes=131072-", "bytes=196608-"]


def test_another_run_goes_on_where_the_last_one_gave_up(server, fetch):
    server.drops = [2 * CHUNK, 0, 0]
    with pytest.raises(InputError, match="the same command goes on"):
        fetch(attempts=2)
    server.drops.clear()
    assert fetch() == CONTENT
    assert ranges(server)[-1] == "bytes=131072-"


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drops=st.lists(st.integers(1, 200_000), max_size=4))
def test_wherever_it_is_cut_the_file_is_the_same(server, tmp_path, drops):
    server.drops = list(drops)
    fetcher = Fetcher(wait=lambda _: None)
    path = tmp_path / "cut.bin"
    fetcher.fetch(f"{server.address}/a/file.bin", path, SHA256)
    assert path.read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_all_of_it_again(server, fetch):
    server.ranges = False
    server.drops = [2 * CHUNK]
    assert fetch() == CONTENT


def test_another_part_than_was_asked_for_is_not_taken(server, fetch):
    server.ranges = "wrong"
    server.drops = [2 * CHUNK]
    assert fetch() == CONTENT
    assert ranges(server) == [None, "bytes=131072-", None]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_strong_tag_it_starts_again(server, fetch, tag):
    server.tag = tag
    server.drops = [2 * CHUNK]
    assert fetch() == CONTENT
    assert ranges(server) == [None, None]


def test_a_version_that_changed_meanwhile_is_fetched_anew(server, fetch):
    server.files["/a/file.bin"] = b"old" * 100_000
    server.drops = [CHUNK, 0]
    with pytest.raises(InputError):
        fetch(attempts=1)
    server.files["/a/file.bin"], server.tag = CONTENT, '"two"'
    server.drops.clear()
    assert fetch() == CONTENT
    assert ranges(server)[-1] == "bytes=65536-"


def test_more_than_there_is_on_the_server_is_thrown_away(
    server, fetch, tmp_path
):
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    (tmp_path / "file.bin.part.json").write_text('{"version": "\\"one\\""}')
    assert fetch() == CONTENT
    assert ranges(server) == [f"bytes={len(CONTENT) + 4}-", None]


def test_a_damaged_note_of_the_version_is_no_obstacle(fetch, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"x")
    (tmp_path / "file.bin.part.json").write_text("{")
    assert fetch() == CONTENT


def test_a_busy_server_is_asked_again_after_longer_and_longer(server, tmp_path):
    server.statuses = [503, 429, 500]
    waits: list[float] = []
    fetcher = Fetcher(wait=waits.append)
    fetcher.fetch(f"{server.address}/a/file.bin", tmp_path / "f", SHA256)
    assert waits == [2, 4, 8]


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "not there any more"), (403, "forbidden"), (401, "login")],
)
def test_a_refusal_is_not_repeated(server, fetch, status, message):
    server.statuses = [status]
    with pytest.raises(InputError, match=message):
        fetch()
    assert len(server.asked) == 1


def test_a_wrong_digest_removes_the_file_and_says_both(server, fetch, tmp_path):
    server.files["/a/file.bin"] = CONTENT[:-1] + b"?"
    with pytest.raises(InputError, match=SHA256):
        fetch()
    assert list(tmp_path.iterdir()) == []


def test_a_publishers_md5_is_checked_too(fetch, tmp_path):
    assert fetch(f"md5:{hashlib.md5(CONTENT).hexdigest()}") == CONTENT
    with pytest.raises(InputError, match="md5:0"):
        fetch("md5:0")


def test_a_told_length_that_is_too_long_ends_after_some_attempts(server, fetch):
    server.length = len(CONTENT) + 10
    server.ranges = False
    with pytest.raises(InputError, match="2 times in a row"):
        fetch(attempts=2)


def test_without_a_told_length_the_digest_finds_a_cut_file(server, fetch):
    server.length = 0
    assert fetch() == CONTENT
    server.drops = [2 * CHUNK]
    with pytest.raises(InputError, match="It was removed"):
        fetch()


def test_a_server_that_is_not_there_is_named(tmp_path):
    fetcher = Fetcher(wait=lambda _: None, attempts=2)
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1.*refused"):
        fetcher.fetch("http://127.0.0.1:1/x", tmp_path / "x", None)


def test_what_is_no_address_is_named(tmp_path):
    with pytest.raises(InputError, match="no address"):
        Fetcher().fetch("file:///etc/passwd", tmp_path / "x", None)


def test_a_mirror_stands_in_for_every_host():
    located = Fetcher("http://mirror/base/").located
    assert (
        located("https://a.org/b/c.zip") == "http://mirror/base/a.org/b/c.zip"
    )


def test_a_disk_that_will_not_hold_it_is_told_beforehand(
    server, fetch, monkeypatch
):
    class Usage:
        free = 1000

    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(InputError, match="room for 1000"):
        fetch()


def test_a_disk_that_is_full_while_writing_is_told(server, fetch, monkeypatch):
    def full(*unused: object, **named: object):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching.Path, "open", full)
    with pytest.raises(InputError, match="no room is left"):
        fetch()
