"""A worker is stopped after any check of its claim, and wakes too late."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from command import TINY

from xltransfer import configuration, phase, phase_folder, study
from xltransfer.claims import Assumed, Claim, ClaimLost
from xltransfer.interruption import Interrupted
from xltransfer.workspace import Workspace

FIRST, SECOND = 1, 2
# Small files that are written right after the check: what came late may be in.
LATE = ("metrics.jsonl", "phase.json", "events.")


class Stopped(Claim):
    """One that is taken over, and given back, after a certain check."""

    def __init__(self, folder: Path, last: int, done: Path):
        super().__init__(folder, FIRST, lease=60)
        self._left, self._done = last, done

    def check(self) -> None:
        if self._left < 0:
            raise ClaimLost
        if self._left == 0:
            finish(self._done, self.folder)
        self._left -= 1


def finish(done: Path, folder: Path) -> None:
    """Does what another worker does: goes on from there, to the end."""
    phase_folder.take_over(folder, Assumed(SECOND))
    shutil.rmtree(phase_folder.checkpoints(folder, SECOND), ignore_errors=True)
    shutil.copytree(done, folder, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def one() -> phase.Phase:
    found, _ = configuration.load(TINY, ())
    return list(study.cells(found))[-1].phase


@pytest.fixture(scope="module")
def place(command):
    found, _ = configuration.load(TINY, ())

    def place(out: Path) -> Workspace:
        made = found.partitioning, found.execution
        return Workspace(out, command.cache, None, *made)

    return place


@pytest.fixture(scope="module")
def begun(one, place, tmp_path_factory) -> Path:
    """The folder of the phase as somebody left it after two updates."""

    def stop(step: int, metrics: object) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    where = place(tmp_path_factory.mktemp("begun"))
    with pytest.raises(Interrupted):
        phase.run(one, where, stop)
    return where.directory(one)


@pytest.fixture(scope="module")
def done(one, place, tmp_path_factory) -> Path:
    """The folder of the phase that nobody disturbed."""
    where = place(tmp_path_factory.mktemp("done"))
    phase.run(one, where, lambda *_: None)
    return where.directory(one)


def contents(folder: Path) -> dict[str, bytes]:
    """Returns all files but those that may come late."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(LATE)
    }


# It begins; it takes what checkpoints there are; updates 3, 4, 5 and 6 are
# logged; the states after 3, 4 and 6 are saved; it ends.
CHECKS = range(1 + 1 + 4 + 3 + 1)
# Taking, saving, ending.
SHORT = (1, 5, 9)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(n, marks=() if n in SHORT else pytest.mark.slow)
        for n in CHECKS
    ],
)
def test_who_wakes_after_another_one_ended_its_phase_changes_nothing(
    last, one, place, begun, done, tmp_path
):
    where = place(tmp_path)
    folder = where.directory(one)
    shutil.copytree(begun, folder)
    claim = Stopped(folder, last, done)
    # Orbax may be the first to miss its folder, by exceptions of many kinds.
    with pytest.raises((ClaimLost, OSError, ValueError)):
        phase.run(one, where, lambda *_: None, claim=claim)
    with pytest.raises(ClaimLost):
        claim.check()
    phase_folder.discard(folder, FIRST)
    assert contents(folder) == contents(done)


def test_checkpoints_that_were_written_late_are_nobodys(tmp_path):
    for number in (1, 3):
        (phase_folder.checkpoints(tmp_path, number) / "5").mkdir(parents=True)
    (phase_folder.checkpoints(tmp_path, 3) / "6").mkdir()
    phase_folder.take_over(tmp_path, Assumed(4))
    names = {str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")}
    assert names == {"checkpoints.4", "checkpoints.4/5", "checkpoints.4/6"}
    # Who had an earlier number takes nothing from a later one.
    phase_folder.take_over(tmp_path, Assumed(3))
    assert (tmp_path / "checkpoints.4").exists()
