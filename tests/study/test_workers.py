"""Several processes of the real command line on one folder."""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command import TINY, Command
from killing import assert_same_study

from xltransfer import claims


def start(command: Command, out: Path, *options: str) -> subprocess.Popen:
    return command.start(
        "run", TINY, "--out", out, *options, stream=subprocess.PIPE
    )


def end(process: subprocess.Popen, code: int = 0) -> None:
    out, err = process.communicate(timeout=600)
    assert process.returncode == code, out + err


def written(out: Path) -> dict[Path, int]:
    """Returns when each file of the phases was written."""
    return {
        path: path.stat().st_mtime_ns
        for path in (out / "phases").rglob("*")
        if path.is_file()
        and path.parent.name != claims.NAME
        # Closing its own file of curves, a worker writes what it had to.
        and not path.name.startswith("events.")
    }


def trainings(out: Path) -> list[int]:
    """Counts how often the training of each phase began: a file each time."""
    folders = (out / "phases").iterdir()
    return sorted(len(list(one.glob("events.*"))) for one in folders)


def is_training(out: Path, pid: int) -> bool:
    """Tells whether a process is in the middle of a phase."""
    for path in (out / "phases").glob("*/metrics.jsonl"):
        holder = claims.holder(path.parent)
        is_done = (path.parent / "done.json").exists()
        if holder and holder.pid == pid and not is_done:
            return True
    return False


def stop_in_a_phase(
    process: subprocess.Popen, out: Path, delay: float = 0
) -> None:
    """Stops a process in the middle of a phase, however fast it is.

    Args:
      process: a worker.
      out: the study's folder.
      delay: seconds that it trains on; less where that is its end.
    """
    while True:
        assert process.poll() is None
        if is_training(out, process.pid):
            time.sleep(delay)
            process.send_signal(signal.SIGSTOP)
            # Seen before, it may have come to the end of the phase meanwhile.
            if is_training(out, process.pid):
                return
            process.send_signal(signal.SIGCONT)
            delay = 0
        time.sleep(0.001)


def kill_one_of_two(command: Command, out: Path, delay: float = 0) -> None:
    """Two workers begin; one is killed in a phase, the other one ends it all."""
    killed, other = start(command, out), start(command, out)
    stop_in_a_phase(killed, out, delay)
    killed.kill()
    end(killed, -signal.SIGKILL)
    end(other)
    # All but the one phase that was cut short were begun once.
    assert trainings(out) == [1, 1, 1, 1, 2]


def test_one_of_two_workers_is_killed_and_every_phase_is_done_once(
    finished, command, tmp_path
):
    out = tmp_path / "shared"
    kill_one_of_two(command, out)
    assert_same_study(finished[0], out)


@pytest.mark.slow
def test_one_of_two_workers_is_killed_ten_times(finished, command, tmp_path):
    rng = random.Random(2026)
    for number in range(10):
        out = tmp_path / str(number)
        kill_one_of_two(command, out, delay=rng.random() * 0.02)
        assert_same_study(finished[0], out)


@pytest.mark.slow
def test_a_worker_that_was_stopped_for_a_lease_writes_nothing_more(
    finished, command, tmp_path
):
    out, lease = tmp_path / "shared", "--gin.Execution.lease=2"
    stopped = start(command, out, lease)
    stop_in_a_phase(stopped, out)
    # It lives, so that a lease must pass; then the other one does everything.
    end(start(command, out, lease))
    assert trainings(out) == [1, 1, 1, 1, 2]
    before = written(out)
    stopped.send_signal(signal.SIGCONT)
    end(stopped)
    assert written(out) == before
    assert_same_study(finished[0], out)
