"""Forked workers, killed at ten moments of a study that takes no time."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import trivial
from trivial import Recorder

from xltransfer import study

# Of a phase; long beside what the parent needs to see that it has begun.
SECONDS = 0.05
# 1 + 2 seeds + 3 rows x 2 seeds.
PHASES = 1 + 2 + 3 * 2


class Diary:
    """A file in which all workers write down what they do, line by line."""

    def __init__(self, path: Path):
        self._path = path
        path.touch()

    def write(self, *words: object) -> None:
        with self._path.open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self._path.read_text().splitlines()]


def work(out: Path, diary: Diary) -> None:
    """What a worker's process does."""

    def training(one):
        diary.write("begun", os.getpid(), one.identity(None))
        time.sleep(SECONDS)
        diary.write("ended", os.getpid(), one.identity(None))

    with pytest.MonkeyPatch.context() as patch:
        trivial.install(patch, training)
        found = trivial.load("Study.seeds=(1, 2)")
        study.run(found, trivial.place(found, out), Recorder())


def in_the_middle(diary: Diary, least: int) -> set[int]:
    """Returns who is in a phase, once so many have been begun."""
    lines = diary.lines()
    last = {int(line[1]): line[0] for line in lines if len(line) == 3}
    if sum(line[0] == "begun" for line in lines) < least:
        return set()
    return {pid for pid, word in last.items() if word == "begun"}


def kill_one(
    workers: list[multiprocessing.Process], diary: Diary, least: int
) -> multiprocessing.Process:
    """Kills a worker in the middle of a phase; returns it."""
    while True:
        for one in workers:
            if one.pid in in_the_middle(diary, least):
                # It may have come to the end while it was looked at.
                os.kill(one.pid, signal.SIGSTOP)
                if one.pid in in_the_middle(diary, least):
                    os.kill(one.pid, signal.SIGKILL)
                    one.join(60)
                    return one
                os.kill(one.pid, signal.SIGCONT)
        assert any(one.is_alive() for one in workers)
        time.sleep(0.001)


def start(out: Path, diary: Diary) -> multiprocessing.Process:
    context = multiprocessing.get_context("fork")
    process = context.Process(target=work, args=(out, diary))
    process.start()
    return process


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """The study as one worker carries it out."""
    out = tmp_path_factory.mktemp("alone")
    process = start(out, Diary(out / "diary"))
    process.join(60)
    assert process.exitcode == 0
    return out


@pytest.mark.parametrize("kill", range(10))
def test_a_worker_killed_in_a_phase_leaves_it_to_the_other_one(
    kill, alone, tmp_path
):
    diary = Diary(tmp_path / "diary")
    workers = [start(tmp_path, diary), start(tmp_path, diary)]
    least = random.Random(kill).randint(1, PHASES - 2)
    killed = kill_one(workers, diary, least)
    (other,) = (one for one in workers if one is not killed)
    other.join(60)
    assert (killed.exitcode, other.exitcode) == (-signal.SIGKILL, 0)
    ended = Counter(line[2] for line in diary.lines() if line[0] == "ended")
    begun = Counter(line[2] for line in diary.lines() if line[0] == "begun")
    assert len(ended) == PHASES and set(ended.values()) == {1}
    assert sorted(begun.values()) == [1] * (PHASES - 1) + [2]
    for name in ("results.csv", "flags.json"):
        assert (tmp_path / name).read_bytes() == (alone / name).read_bytes()
