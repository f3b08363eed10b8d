"""What is asked for wrongly, what is printed, and what costs money."""

import re
import shlex

import pytest
from clouds import LOST, STUDY, WHERE


def test_status_says_what_costs_money(cloud):
    cloud.run("--keep")
    cloud.plays({"when": "worker.sh state", "out": "worker host-0 running"})
    for state, said in (
        ("ACTIVE", "ACTIVE, study: running; costs money until"),
        ("WAITING_FOR_RESOURCES", "costs nothing until it is granted"),
        ("SUSPENDED", "costs nothing; tidy up"),
        ("ABSENT", "costs nothing"),
    ):
        (cloud.folder / "state").write_text(state)
        found = cloud.does("status")
        assert found.code == 0 and said in found.out
        assert f"tiny (1 x v5litepod-16, europe-west4-b): {state}" in found.out


def test_status_of_what_cannot_be_reached_says_that_it_may_cost(cloud):
    cloud.run("--keep")
    cloud.plays({"when": "describe", **LOST})
    assert "may cost money" in cloud.does("status", "tiny").out


def test_the_curves_are_forwarded(cloud):
    cloud.run("--keep")
    ended = cloud.does("tensorboard", "tiny", "6007")
    assert ended.count(
        "ssh tiny .*--worker=0 .*tensorboard .*--port=6007 -- "
        "-L 6007:localhost:6007"
    )


def test_a_bucket_in_which_folders_are_not_renamed_at_once_is_refused(cloud):
    cloud.plays({"when": "buckets describe", "out": ""})
    ended = cloud.run()
    assert ended.code == 1 and "--enable-hierarchical-namespace" in ended.err
    assert not ended.count("create")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which command"),
        (["launch"], "which command"),
        (["run"], "NAME ''"),
        (["run", "Tiny"], "NAME 'Tiny'"),
        (["run", "tiny", "--", STUDY], "--zone is missing"),
        (["run", "tiny", "--zone"], "--zone of what"),
        (["run", "tiny", "--fast", "--", STUDY], "what is --fast"),
        (["run", "tiny", *WHERE], "which STUDY.gin"),
        (["run", "tiny", *WHERE, "--", "absent.gin"], "not in commit"),
        (["run", "tiny", *WHERE, "--slices", "0", "--", STUDY], "--slices"),
        (["run", "tiny", *WHERE, "--wait", "1h", "--", STUDY], "--wait"),
        (["run", "tiny", *WHERE, "--bucket", "b", "--", STUDY], "--bucket"),
        (["run", "tiny", *WHERE, "--type", "v9-8", "--", STUDY], "--runtime"),
        (["run", "tiny", *WHERE, "--commit", "f00", "--", STUDY], "--commit"),
        (["attach"], "NAME ''"),
        (["delete", "unknown"], "'unknown' is not known"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_called(
    cloud, arguments, said
):
    ended = cloud.does(*arguments)
    assert ended.code == 2 and said in ended.err
    assert ended.calls == []


def test_a_dry_run_prints_the_very_commands_and_calls_none(cloud):
    dry = cloud.run("--dry-run", "--slices", "2", "--spot")
    assert dry.code == 0 and dry.calls == []
    real = cloud.run("--slices", "2", "--spot")
    printed = [" ".join(shlex.split(line)) for line in dry.out.splitlines()]
    assert list(map(comparable, printed)) == [
        comparable(f"gcloud {call}") for call in real.calls
    ]


def comparable(call: str) -> str:
    """The archive has a name of its own each time."""
    return re.sub(r"\S*/tmp\.\w+", "ARCHIVE", call).strip()


def test_a_dry_run_of_delete_deletes_nothing(cloud):
    cloud.run("--keep")
    ended = cloud.does("delete", "tiny", "--dry-run")
    assert "queued-resources delete tiny" in ended.out
    assert cloud.state == "ACTIVE" and not ended.count("delete")
