"""What is proposed where a step does not fit, and what a report says of it."""

import dataclasses
import shlex
from pathlib import Path

import pytest
import small_models

from xltransfer import budget
from xltransfer.budget import Change, Line
from xltransfer.errors import InputError
from xltransfer.report.budget import launching, report
from xltransfer.topology.chips import CHIPS, Chip
from xltransfer.topology.machine import Machine
from xltransfer.topology.step import Step
from xltransfer.workspace import Execution, Workspace

# One byte a second for all that it does, so that seconds can be read off.
CHIP = Chip("toy", "toy", 1000, 1.0, 1.0, 1.0)
WORKSPACE = Workspace(
    Path("out"),
    Path("cache"),
    None,
    small_models.partitioning("data"),
    Execution(),
)


def step(temporary: int | None, **fields) -> Step:
    given = {
        "parameters": 100,
        "parameter_bytes": 400,
        "optimizer_bytes": 200,
        "batch_bytes": 0,
        "temporary_bytes": temporary,
        "needed": 0,
        "flops": 3.0,
        "memory_traffic": 2,
        "exchanged": (("all-reduce", 1_000_000),),
        "sent": 1.0,
        "largest_gather": 0,
        "chip": CHIP,
    }
    return Step(**given | fields)


def test_a_step_fits_where_its_sum_is_within_the_memory():
    assert step(400).fits and step(400).headroom == 0
    assert step(300).headroom == pytest.approx(0.1)
    assert step(401).fits is False
    given_up = step(None, needed=5000)
    assert given_up.fits is False and given_up.total_bytes == 5000
    assert step(400, chip=None).fits is None


def test_a_copy_that_is_saved_is_counted_where_it_is_more_than_a_step_takes():
    # 400 of parameters, 200 of state, and the like of them beside.
    assert step(300, saving_bytes=600).total_bytes == 1200
    assert step(900, saving_bytes=600).total_bytes == 1500


def test_the_longest_of_three_bounds_is_the_time():
    assert step(0).seconds == 3.0
    assert step(0, memory_traffic=7).seconds == 7.0
    assert step(0, sent=9.0).seconds == 9.0
    assert step(0, chip=None).seconds is None


def found(fits) -> Change | None:
    """Returns the remedy, of steps that fit under some workspaces."""
    return budget._remedy(
        WORKSPACE, lambda there: step(0 if fits(there) else 900)
    )


def test_fewer_examples_at_a_time_are_tried_first():
    change = found(lambda there: there.execution.microbatches >= 4)
    assert change.name == "Execution.microbatches = 4"


def test_then_less_is_kept_and_then_parameters_are_split():
    change = found(lambda there: there.partitioning.remat == "full")
    assert change.name == "Partitioning.remat = 'full'"
    change = found(lambda there: there.partitioning.fsdp == 8)
    assert dict(change.settings) == {
        "Partitioning.fsdp": 8,
        "Partitioning.data": -1,
        "Partitioning.remat": "full",
    }
    assert found(lambda there: False) is None


def test_a_batch_that_cannot_be_parted_is_not():
    def compiled(there: Workspace) -> Step:
        if there.execution.microbatches > 1:
            raise InputError("compared within a whole batch")
        return step(0)

    change = budget._remedy(WORKSPACE, compiled)
    assert change.name == "Partitioning.remat = 'full'"


def machine(chip: Chip | None) -> Machine:
    return Machine(
        "toy:2", tuple(WORKSPACE.partitioning.mesh.devices.flat), chip
    )


def test_a_report_gives_hours_and_cost():
    # 1,200 updates of 3 s are an hour; eight chips at 2 each are 16.
    line = Line("target x", step(300), 8, count=2, updates=1200, examples=6)
    text = "\n".join(report([line], machine(CHIP), price=2.0))
    assert "All updates: 1.000 h, 8.00 chip-hours, 16.00 at 2 each" in text
    assert "10%" in text and "compute" in text
    assert "all-reduce" in text


def test_a_report_shows_the_change_that_makes_it_fit():
    change = Change((("Partitioning.remat", "full"),), step(100))
    line = Line("target x", step(None, needed=5000), 8, 1, 10, 6, change)
    text = "\n".join(report([line], machine(CHIP), price=None))
    assert "does not fit" in text and "with Partitioning.remat" in text
    hopeless = dataclasses.replace(line, change=None)
    text = "\n".join(report([hopeless], machine(CHIP), price=None))
    assert "take more or larger chips" in text


def test_of_an_unknown_chip_no_time_is_given():
    line = Line("target x", step(0, chip=None), 8, 1, 10, 6)
    text = "\n".join(report([line], machine(None), price=2.0))
    assert "No time is given" in text and "at 2" not in text


def test_every_chip_is_known_by_one_kind():
    assert len({chip.kind for chip in CHIPS}) == len(CHIPS)


def test_the_command_to_run_it_has_every_change_that_makes_it_fit():
    wider = Change((("Execution.microbatches", 4),), step(100))
    less = Change(
        (("Execution.microbatches", 2), ("Partitioning.remat", "full")),
        step(100),
    )
    lines = [
        Line("target x", step(901), 8, 1, 10, 6, change)
        for change in (wider, None, less)
    ]
    devices = machine(None).devices * 4
    there = Machine("v5e:4x4*2", devices, CHIPS[1], slices=2)
    assert launching(lines, there, ["my study.gin"], data=True) == (
        "  ./launch_tpu.sh run NAME --zone ZONE --type v5litepod-16 --slices 2 "
        "--bucket gs://BUCKET/NAME --data gs://BUCKET/DATA -- 'my study.gin' "
        "--gin.Execution.microbatches=4 "
        """'--gin.Partitioning.remat='"'"'full'"'"''"""
    )


def test_the_command_binds_what_was_bound_and_then_what_makes_it_fit():
    change = Change((("Partitioning.remat", "full"),), step(100))
    line = Line("target x", step(901), 8, 1, 10, 6, change)
    there = Machine("v4-8", machine(None).devices[:4], CHIPS[0])
    asked = ["x.gin", "--gin.Study.seeds", "(1,)"]
    command = launching([line], there, asked, data=False)
    # As a shell takes it apart again.
    assert shlex.split(command)[-4:] == [
        *asked,
        "--gin.Partitioning.remat='full'",
    ]


def test_a_line_that_is_a_bound_is_marked_and_says_why():
    line = Line("target x", step(300), 8, 1, 10, 6, unread="no such file")
    text = "\n".join(report([line], machine(CHIP), price=None))
    assert "target x *" in text and "Among the reasons: no such file" in text
    there = Machine("v4-8", machine(None).devices[:4], CHIPS[0])
    command = launching([line], there, ["x.gin"], data=False)
    assert "--type v4-8" in command and "--data gs://BUCKET/DATA" in command
    read = dataclasses.replace(line, unread="")
    assert "--data" not in launching([read], there, ["x.gin"], data=False)
