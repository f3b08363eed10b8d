"""Studies that several processes carry out together, each with a device.

A process alone that has as many devices is what they are held against.
"""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import ports
import pytest
from command import TINY, Command
from killing import lines, numbers, saved

from xltransfer.hosts import LOST_CODE
from xltransfer.interruption import EXIT_CODE

# One phase, which is evaluated in one language.
ONE = (
    "--gin.Study.pretrain=None",
    "--gin.Study.intermediates={'none': None}",
    "--gin.Study.controls={}",
    "--gin.Target.evaluation='miniature_nli.en'",
)


class Crew:
    """Processes that belong together, and what they print."""

    def __init__(self, command: Command, size: int, out: Path, *arguments):
        port = ports.free()
        self.processes = [
            command.start(
                *("run", TINY, "--out", out),
                *("--coordinator", f"localhost:{port}"),
                *("--processes", size, "--process", number),
                *(
                    given[number] if isinstance(given, list) else given
                    for given in arguments
                ),
                stream=subprocess.PIPE,
            )
            for number in range(size)
        ]

    def ended(self) -> list[tuple[int, str, str]]:
        """Returns every process's exit code and what it printed."""
        said = [one.communicate(timeout=600) for one in self.processes]
        return [
            (one.returncode, *texts)
            for one, texts in zip(self.processes, said, strict=True)
        ]


def assert_same(alone: Path, together: Path) -> None:
    """Losses within 1e-6, and the same checkpoints, files and results."""
    folders = sorted(path.name for path in (alone / "phases").iterdir())
    assert folders == sorted(p.name for p in (together / "phases").iterdir())
    for name in folders:
        one, other = (out / "phases" / name for out in (alone, together))
        for a, b in zip(numbers(one), numbers(other), strict=True):
            assert a.keys() == b.keys() and a["step"] == b["step"]
            for key, value in a.items():
                assert b[key] == pytest.approx(value, rel=1e-6), key
        first, second = saved(one), saved(other)
        assert first.keys() == second.keys()
        for key, leaf in first.items():
            # A key's bias moves all logits of a query alike: its gradient is
            # rounding, which Adam makes steps of.
            near = 1e-4 if "['key']['bias']" in key else 1e-5
            np.testing.assert_allclose(second[key], leaf, atol=near)
        records = [
            json.loads((each / "done.json").read_text())
            for each in (one, other)
        ]
        assert records[0]["rules"] == records[1]["rules"]
    for path in (alone / "phases").rglob("test-*.tsv"):
        twin = together / path.relative_to(alone)
        assert twin.read_bytes() == path.read_bytes()
    table = (alone / "results.csv").read_text()
    assert (together / "results.csv").read_text() == table


def assert_all_well(ended: list[tuple[int, str, str]]) -> None:
    """All ended well, and the first process alone has shown anything."""
    assert [code for code, *_ in ended] == [0] * len(ended), ended
    assert "results.csv" in ended[0][1]
    for _, out, _ in ended[1:]:
        # Gloo, which connects them, says so by itself.
        said = [one for one in out.splitlines() if "[Gloo]" not in one]
        assert said == []


def test_two_processes_do_what_one_does(command, tmp_path):
    command.run("run", TINY, "--out", tmp_path / "alone", *ONE, devices=2)
    crew = Crew(command, 2, tmp_path / "two", *ONE)
    assert_all_well(crew.ended())
    assert_same(tmp_path / "alone", tmp_path / "two")
    # Nothing is left of what they agreed by.
    assert not [p for p in (tmp_path / "two").iterdir() if p.name[0] == "."]


@pytest.mark.slow
def test_four_processes_do_what_one_does_with_every_kind_of_phase(
    command, tmp_path
):
    fsdp = "--gin.Partitioning.fsdp=2"
    alone = tmp_path / "alone"
    command.run("run", TINY, "--out", alone, fsdp, devices=4)
    crew = Crew(command, 4, tmp_path / "four", fsdp)
    assert_all_well(crew.ended())
    assert_same(alone, tmp_path / "four")


def test_processes_that_differ_stop_with_the_difference(command, tmp_path):
    seeds = [f"--gin.Study.seeds=({number + 1},)" for number in range(2)]
    out = tmp_path / "out"
    for code, _, err in Crew(command, 2, out, *ONE, seeds).ended():
        assert code == 2
        assert "processes 1 differ from process 0" in err
        assert re.search(r'^-.*"seed": 1', err, re.MULTILINE)
        assert re.search(r'^\+.*"seed": 2', err, re.MULTILINE)
    assert not (out / "phases").exists()


@pytest.mark.slow
def test_processes_that_do_not_share_a_folder_are_told_so(command, tmp_path):
    outs = ["--out", [tmp_path / "here", tmp_path / "there"]]
    crew = Crew(command, 2, tmp_path / "here", *ONE, *outs)
    for code, _, err in crew.ended():
        assert code == 2 and "processes 1 do not see" in err


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_process_that_is_left_alone_ends_and_the_study_goes_on(
    command, tmp_path, killed
):
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert_all_well(Crew(command, 2, whole, *ONE).ended())
    crew = Crew(command, 2, out, *ONE)
    until(crew, lambda: lines(out) >= 3)
    crew.processes[killed].kill()
    code, _, err = crew.ended()[1 - killed]
    assert code != 0
    assert "lost another" in err or "another task died" in err
    assert code in (LOST_CODE, -signal.SIGABRT)
    assert_all_well(Crew(command, 2, out, *ONE).ended())
    assert_same(whole, out)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [0, 1])
def test_all_stop_after_the_same_update_when_one_is_asked_to(
    command, tmp_path, asked
):
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert_all_well(Crew(command, 2, whole, *ONE).ended())
    crew = Crew(command, 2, out, *ONE)
    until(crew, lambda: lines(out) >= 1)
    crew.processes[asked].terminate()
    ended = crew.ended()
    assert [code for code, *_ in ended] == [EXIT_CODE] * 2, ended
    assert "goes on" in ended[0][2]
    assert_all_well(Crew(command, 2, out, *ONE).ended())
    assert_same(whole, out)


def until(crew: Crew, condition) -> None:
    while not condition():
        assert all(one.poll() is None for one in crew.processes)
        time.sleep(0.001)
