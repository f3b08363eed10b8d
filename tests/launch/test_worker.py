"""What runs on a worker, with a stand-in for the installed `xltransfer`."""

import os
import subprocess
import time
from pathlib import Path

import pytest

WORKER = Path(__file__).parent.parent.parent / "launch" / "worker.sh"
# Says what it was called with; on SIGTERM it saves, as the real one does.
STUDY = """#!/bin/bash
trap 'echo saved; exit 75' TERM
echo "arguments: $*"
echo "$XLTRANSFER_COORDINATOR $XLTRANSFER_COMPILATION_CACHE"
[[ "$2" != short.gin ]] || exit 3
while :; do sleep 0.05; done
"""


class Worker:
    """A home folder in which everything is installed."""

    def __init__(self, home: Path):
        self.home, self.place = home, home / "xltransfer"
        program = self.place / "venv" / "bin" / "xltransfer"
        for folder in (program.parent, self.place / "code"):
            folder.mkdir(parents=True)
        program.write_text(STUDY)
        program.chmod(0o755)

    def does(self, *arguments: str) -> str:
        done = subprocess.run(
            [WORKER, *arguments],
            env={**os.environ, "HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def state(self) -> str:
        return self.does("state").split(maxsplit=2)[2].strip()

    def wait(self, state: str) -> None:
        until = time.monotonic() + 30
        while self.state != state:
            assert time.monotonic() < until, self.state
            time.sleep(0.05)


@pytest.fixture
def worker(tmp_path) -> Worker:
    made = Worker(tmp_path)
    yield made
    made.does("stop")


def test_a_study_is_started_once_and_stopped_after_saving(worker):
    assert worker.state == "absent"
    worker.does("start", "my.gin", "--gin.Study.seeds=(1, 2)")
    assert worker.state == "running"
    before = (worker.place / "pid").read_text()
    worker.does("start", "my.gin")
    assert (worker.place / "pid").read_text() == before
    worker.does("stop")
    worker.wait("exit 75")
    log = (worker.place / "run.log").read_text()
    place = worker.place
    assert log.splitlines()[:2] == [
        "arguments: run my.gin --gin.Study.seeds=(1, 2) "
        f"--out {place}/study --cache-dir {place}/cache",
        f"auto {place}/study/compiled",
    ]
    assert "saved" in log


def test_a_study_that_ended_can_be_started_anew(worker):
    worker.does("start", "short.gin")
    worker.wait("exit 3")
    logs = list((worker.place / "study" / "logs").iterdir())
    assert len(logs) == 1 and "arguments: run" in logs[0].read_text()
    assert "arguments: run" in worker.does("tail")
    worker.does("start", "my.gin")
    assert worker.state == "running"


def test_following_ends_with_the_study(worker):
    worker.does("start", "short.gin")
    assert "arguments: run short.gin" in worker.does("follow")


def test_official_files_are_named_where_they_were_copied(worker):
    (worker.place / "data").mkdir()
    worker.does("start", "short.gin")
    worker.wait("exit 3")
    log = (worker.place / "run.log").read_text()
    assert f"--data-dir {worker.place}/data" in log
