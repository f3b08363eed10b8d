import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from xltransfer import claims
from xltransfer.claims import ClaimLost, Claims

# Long beside what a test takes, short beside what it may take.
LEASE = 1.5


@pytest.fixture
def elsewhere(monkeypatch):
    """Makes every other worker look as if it ran on another host."""

    def elsewhere() -> None:
        monkeypatch.setattr(claims, "_system", lambda: ("elsewhere", "boot"))

    return elsewhere


def hold(folder: Path) -> subprocess.Popen:
    """Starts a process that claims a folder, says so, and sleeps."""
    program = f"""
import pathlib, time
from xltransfer.claims import Claims
with Claims({LEASE}).take(pathlib.Path({str(folder)!r})):
    print("held", flush=True)
    time.sleep(600)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen, number: int = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.wait()
    process.stdout.close()


def test_one_worker_holds_a_folder_until_it_gives_it_back(tmp_path):
    with Claims().take(tmp_path) as first:
        assert Claims().take(tmp_path) is None
        assert claims.holder(tmp_path).pid == os.getpid()
        first.check()
    assert claims.holder(tmp_path) is None
    second = Claims().take(tmp_path)
    assert (first.number, second.number) == (1, 2)


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO])
def test_the_loser_may_learn_of_it_only_when_it_closes_the_file(
    tmp_path, monkeypatch, number
):
    """As on Cloud Storage FUSE; any other failure stays one."""
    close = os.close

    def fail(file: int) -> None:
        close(file)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "close", fail)
        if number == errno.ESTALE:
            assert Claims().take(tmp_path) is None
        else:
            with pytest.raises(OSError, match="Input/output error"):
                Claims().take(tmp_path)


def test_a_claim_is_given_back_when_its_work_fails(tmp_path):
    with pytest.raises(RuntimeError), Claims().take(tmp_path):
        raise RuntimeError
    assert Claims().take(tmp_path) is not None


def test_of_many_that_claim_at_once_one_gets_it(tmp_path):
    start = threading.Barrier(16)
    found = []

    def take():
        mine = Claims()
        start.wait()
        found.append(mine.take(tmp_path))

    threads = [threading.Thread(target=take) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(one is not None for one in found) == 1


def add_one(folder: Path, times: int) -> None:
    """Counts up a file that only who holds its folder may touch."""
    for _ in range(times):
        with claims.alone(folder):
            path = folder / "count"
            count = int(path.read_text()) if path.exists() else 0
            time.sleep(0.001)
            path.write_text(str(count + 1))


def test_processes_that_take_turns_lose_no_update(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "_POLL", 0.001)
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=add_one, args=(tmp_path, 20)) for _ in range(3)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    assert (tmp_path / "count").read_text() == "60"


def test_a_dead_process_of_this_host_frees_its_claim_at_once(tmp_path):
    process = hold(tmp_path)
    assert claims.holder(tmp_path).pid == process.pid
    assert Claims(3600).take(tmp_path) is None
    end(process)
    assert claims.holder(tmp_path) is None
    assert Claims(3600).take(tmp_path).number == 2


def test_another_process_with_the_dead_ones_id_does_not_hold_its_claim(
    tmp_path, monkeypatch
):
    with Claims().take(tmp_path):
        # The same id, begun at another time.
        monkeypatch.setattr(claims, "_started", lambda pid: "later")
        assert Claims().take(tmp_path) is not None


def test_a_dead_process_of_another_host_frees_its_claim_after_a_lease(
    tmp_path, elsewhere
):
    process = hold(tmp_path)
    elsewhere()
    end(process)
    observer, began = Claims(LEASE), time.monotonic()
    while observer.take(tmp_path) is None:
        time.sleep(0.05)
    assert time.monotonic() - began >= LEASE
    # Nobody knows from one look.
    assert Claims(LEASE).take(tmp_path) is None


def test_a_living_process_keeps_its_claim_beyond_the_lease(tmp_path, elsewhere):
    process = hold(tmp_path)
    elsewhere()
    observer, began = Claims(LEASE), time.monotonic()
    while time.monotonic() < began + 2 * LEASE:
        assert observer.take(tmp_path) is None
        time.sleep(0.05)
    end(process)


def test_the_lease_is_the_holders_own(tmp_path, elsewhere):
    process = hold(tmp_path)
    elsewhere()
    end(process)
    observer, began = Claims(3600), time.monotonic()
    while observer.take(tmp_path) is None and time.monotonic() < began + 60:
        time.sleep(0.05)
    assert LEASE <= time.monotonic() - began < 60


def test_clocks_that_disagree_change_nothing(tmp_path, elsewhere):
    process = hold(tmp_path)
    elsewhere()
    path = tmp_path / "claims" / "1"
    for when in (0, 2**32):
        os.utime(path, (when, when))
        assert Claims(LEASE).take(tmp_path) is None
    end(process)


def test_who_was_stopped_for_a_lease_finds_its_claim_taken(tmp_path, elsewhere):
    with Claims(LEASE).take(tmp_path) as stopped:
        # As if the whole process had been.
        stopped._ended.set()
        elsewhere()
        observer = Claims(LEASE)
        while (taken := observer.take(tmp_path)) is None:
            stopped.check()
            time.sleep(0.05)
        with pytest.raises(ClaimLost, match="claim 1 was taken over"):
            stopped.check()
        with taken:
            # A late sign of life goes to its own file and takes nothing back.
            stopped._add(b".")
            taken.check()
    assert claims.holder(tmp_path) is None


def test_a_folder_that_was_removed_is_lost(tmp_path):
    folder = tmp_path / "phase"
    folder.mkdir()
    with Claims().take(folder) as mine:
        (folder / "claims" / "1").unlink()
        (folder / "claims").rmdir()
        with pytest.raises(ClaimLost, match="removed while"):
            mine.check()
    assert not (folder / "claims").exists()


def test_a_claim_that_is_only_half_written_is_respected(tmp_path):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "1").write_text('{"host": "a')
    observer, began = Claims(LEASE), time.monotonic()
    assert observer.take(tmp_path) is None
    while observer.take(tmp_path) is None:
        time.sleep(0.05)
    assert time.monotonic() - began >= LEASE
