"""Every scenario ends in a running study or with a reason; `Cloud.ended`
asserts of each that nothing is left running unsaid."""

import os
import signal
import time

import pytest
from clouds import LOST, STUDY, WHERE

QUOTA = (
    "ERROR: (gcloud.compute.tpus.queued-resources.create) Quota limit "
    "'TPUV5sLitepodPerProjectPerZoneForTPUAPI' has been exceeded."
)


def test_a_study_runs_to_its_end_and_the_slice_is_given_back(cloud):
    ended = cloud.run()
    assert ended.code == 0 and ended.state == "ABSENT"
    assert "step 1 of 2" in ended.out
    assert "nothing is left running" in ended.err
    steps = [
        "buckets describe gs://bucket ",
        "queued-resources create tiny .*--node-id=tiny",
        "tpu-vm scp .* tiny:xltransfer.tar.gz .*--worker=all",
        "tpu-vm ssh tiny .*--worker=all .*worker.sh install",
        f"tpu-vm ssh tiny .*--worker=all .*worker.sh start {STUDY}",
        "tpu-vm ssh tiny .*--worker=0 .*worker.sh follow",
        "queued-resources delete tiny .*--force",
    ]
    assert [ended.count(step) for step in steps] == [1] * len(steps)


@pytest.mark.slow
def test_a_slice_that_is_to_be_kept_is_kept(cloud):
    ended = cloud.run("--keep")
    assert ended.code == 0 and ended.state == "ACTIVE"
    assert "costs money until" in ended.err


def test_several_slices_are_asked_for_as_one_and_each_is_set_up(cloud):
    ended = cloud.run("--slices", "2", "--spot")
    assert ended.code == 0
    assert ended.count("create .*--spot --node-count=2 --node-prefix=tiny") == 1
    for node in ("tiny-0", "tiny-1"):
        assert ended.count(f"ssh {node} .*--worker=all .*worker.sh start") == 1
    assert ended.count("worker.sh follow") == 1


def test_without_quota_the_reason_is_told(cloud):
    cloud.plays({"when": "create", "err": QUOTA, "code": 1})
    ended = cloud.run()
    assert ended.code == 1 and ended.state == "ABSENT"
    assert "TPUV5sLitepodPerProject" in ended.err and "Ask for quota" in (
        ended.err
    )
    assert "nothing is left running" in ended.err


@pytest.mark.slow
def test_a_request_that_was_made_although_create_failed_is_withdrawn(cloud):
    cloud.plays(
        {"when": "create", "err": QUOTA, "code": 1, "becomes": "FAILED"}
    )
    ended = cloud.run()
    assert ended.code == 1 and ended.state == "ABSENT"


def test_a_slice_of_another_one_is_not_deleted(cloud):
    cloud.plays(
        {
            "when": "create",
            "err": "ERROR: tiny already exists",
            "code": 1,
            "becomes": "ACTIVE",
        }
    )
    ended = cloud.run()
    assert ended.code == 1 and ended.state == "ACTIVE"
    assert not ended.count("queued-resources delete")
    assert ended.count("worker.sh") == 0


def test_without_capacity_the_request_is_withdrawn(cloud):
    cloud.plays({"when": "create", "becomes": "WAITING_FOR_RESOURCES"})
    ended = cloud.run("--wait", "0")
    assert ended.code == 1 and ended.state == "ABSENT"
    assert "WAITING_FOR_RESOURCES" in ended.err and "capacity" in ended.err
    assert "Another zone" in ended.err


def test_a_request_that_fails_is_told_with_the_services_reason(cloud):
    reason = "There is no more capacity in the zone europe-west4-b"
    cloud.plays(
        {"when": "create", "becomes": "FAILED"},
        {"when": "failedData", "out": reason},
    )
    ended = cloud.run()
    assert ended.code == 1 and ended.state == "ABSENT"
    assert reason in ended.err and "Another zone" in ended.err


@pytest.mark.slow
def test_a_slice_that_is_waited_for_is_used_once_it_is_there(cloud):
    cloud.plays(
        {"when": "create", "becomes": "WAITING_FOR_RESOURCES"},
        {
            "when": "describe .*state.state",
            "after": 3,
            "times": 1,
            "out": "PROVISIONING",
            "becomes": "ACTIVE",
        },
    )
    ended = cloud.run()
    assert ended.code == 0 and "WAITING_FOR_RESOURCES" in ended.err
    assert ended.count("worker.sh start") == 1


def test_a_preempted_study_is_started_anew_with_the_same_command(cloud):
    cloud.plays(
        {"when": "worker.sh follow", "times": 2, "becomes": "SUSPENDED"}
    )
    ended = cloud.run("--spot")
    assert ended.code == 0 and ended.state == "ABSENT"
    assert ended.count("queued-resources create .*--spot") == 3
    starts = [call for call in ended.calls if "worker.sh start" in call]
    assert len(starts) == 3 and len(set(starts)) == 1
    assert ended.err.count("was preempted") == 2


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("tpu-vm scp", marks=pytest.mark.slow),
        "install",
        pytest.param("worker.sh start", marks=pytest.mark.slow),
    ],
)
def test_a_slice_that_is_preempted_while_it_is_set_up_is_renewed(cloud, step):
    cloud.plays(
        {"when": step, "times": 1, "code": 255, "becomes": "SUSPENDING"}
    )
    ended = cloud.run("--spot")
    assert ended.code == 0
    assert ended.count("queued-resources create") == 2


def test_a_study_that_dies_of_preemption_is_not_taken_for_failed(cloud):
    cloud.plays(
        {
            "when": "worker.sh state",
            "times": 1,
            "out": "worker host-0 running\nworker host-1 exit 75",
        },
        {
            "when": "describe .*state.state",
            # Absent, active twice, and once more before it is known.
            "after": 4,
            "times": 1,
            "out": "SUSPENDED",
            "becomes": "SUSPENDED",
        },
    )
    ended = cloud.run("--spot")
    assert ended.code == 0
    assert ended.count("queued-resources create") == 2


@pytest.mark.slow
def test_a_preempted_slice_that_cannot_be_deleted_is_named(cloud):
    cloud.plays(
        {"when": "follow", "becomes": "SUSPENDED"},
        {"when": "delete", "err": "ERROR: internal", "code": 1},
    )
    ended = cloud.run()
    assert ended.code == 1 and "cannot be deleted" in ended.err
    assert "may still be there and cost money" in ended.err


def test_installing_is_tried_twice(cloud):
    cloud.plays({"when": "worker.sh install", "times": 1, "code": 1})
    ended = cloud.run()
    assert ended.code == 0 and ended.count("worker.sh install") == 2


def test_one_worker_that_cannot_be_installed_ends_it_with_its_reason(cloud):
    reason = "host-3: No matching distribution found"
    cloud.plays({"when": "install", "err": reason, "code": 1})
    ended = cloud.run()
    assert ended.code == 1 and ended.state == "ABSENT"
    assert f"could not be installed: {reason}" in ended.err
    assert ended.count("worker.sh start") == 0


def test_a_study_that_fails_shows_its_log_and_ends_with_its_code(cloud):
    cloud.plays(
        {
            "when": "worker.sh state",
            "out": "worker host-0 running\nworker host-1 exit 2",
        },
        {"when": "worker.sh tail", "out": "host-1: error: no such file"},
    )
    ended = cloud.run()
    assert ended.code == 2 and ended.state == "ABSENT"
    assert "no such file" in ended.err and "exit code 2" in ended.err
    # The other worker waits for the one that failed.
    assert ended.count("worker.sh stop") == 1


def test_a_network_that_comes_back_costs_nothing(cloud):
    cloud.plays(
        {"when": "worker.sh follow", "times": 1, **LOST},
        {"when": "describe .*state.state", "after": 2, "times": 3, **LOST},
    )
    ended = cloud.run()
    assert ended.code == 0 and ended.count("queued-resources create") == 1
    assert ended.count("worker.sh start") == 1


@pytest.mark.parametrize("after", [1, 2])
def test_a_network_that_stays_lost_ends_with_what_may_cost_money(cloud, after):
    cloud.plays(
        {"when": "install" if after == 2 else "follow", **LOST},
        {"when": "describe .*state.state|delete", "after": after, **LOST},
    )
    ended = cloud.run()
    assert ended.code == 69 and ended.state == "ACTIVE"
    assert "network is lost" in ended.err
    assert "may still be there and cost money" in ended.err
    assert "attach tiny" in ended.err
    cloud.plays()
    assert cloud.does("attach", "tiny").code == 0
    assert cloud.state == "ABSENT"


def test_without_a_network_nothing_is_started(cloud):
    cloud.plays({"when": "describe tiny", **LOST})
    ended = cloud.run()
    assert ended.code == 69 and not ended.count("create")


@pytest.mark.parametrize(
    "number",
    [signal.SIGHUP, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
)
def test_a_dropped_terminal_leaves_the_study_alone(cloud, number):
    cloud.plays({"when": "worker.sh follow", "times": 1, "hang": 60})
    process = cloud.start("run", "tiny", *WHERE, "--", STUDY)
    while not any("worker.sh follow" in call for call in cloud.calls):
        assert process.poll() is None
        time.sleep(0.05)
    # As a terminal does: to all of its processes.
    os.killpg(process.pid, number)
    ended = cloud.ended(process)
    assert ended.code == 130 and ended.state == "ACTIVE"
    assert "goes on" in ended.err and "attach tiny" in ended.err
    attached = cloud.does("attach", "tiny")
    assert attached.code == 0 and attached.state == "ABSENT"
    assert attached.count("worker.sh start") == 1


def test_a_terminal_that_was_dropped_before_the_start_starts_later(cloud):
    cloud.plays(
        {"when": "create", "becomes": "WAITING_FOR_RESOURCES"},
        {"when": "describe .*state.state", "after": 1, **LOST},
    )
    assert cloud.run().code == 69
    (cloud.folder / "state").write_text("ACTIVE")
    cloud.plays(
        {"when": "worker.sh state", "times": 1, "out": "worker host-0 absent"}
    )
    attached = cloud.does("attach", "tiny")
    assert attached.code == 0
    assert attached.count("worker.sh install") == 1
    assert attached.count("worker.sh start") == 1


def test_a_slice_that_somebody_deleted_is_not_asked_for_again(cloud):
    cloud.plays({"when": "worker.sh follow", "becomes": "ABSENT"})
    ended = cloud.run()
    assert ended.code == 1 and "somebody deleted it" in ended.err
    assert ended.count("queued-resources create") == 1


def test_a_stopped_study_keeps_its_slice_and_says_so(cloud):
    cloud.plays({"when": "worker.sh state", "out": "worker host-0 exit 75"})
    ended = cloud.run()
    assert ended.code == 75 and ended.state == "ACTIVE"
    assert "was stopped; it is saved in gs://bucket/study" in ended.err
    stopped = cloud.does("stop", "tiny")
    assert stopped.code == 0 and stopped.count("worker.sh stop") == 1
    assert cloud.does("delete", "tiny").state == "ABSENT"


@pytest.mark.slow
def test_deleting_is_tried_until_it_is_done(cloud):
    cloud.run("--keep")
    cloud.plays({"when": "delete", "times": 2, "code": 1})
    assert cloud.does("delete", "tiny").code == 0
    assert cloud.state == "ABSENT"


def test_a_study_that_is_done_on_a_slice_that_stays_is_no_success(cloud):
    cloud.plays({"when": "delete", "err": "ERROR: denied", "code": 1})
    ended = cloud.run()
    assert ended.code == 1 and "the study is done" in ended.err
    assert "may still be there and cost money" in ended.err


def test_deleting_that_fails_says_so(cloud):
    cloud.run("--keep")
    cloud.plays({"when": "delete", "err": "ERROR: denied", "code": 1})
    ended = cloud.does("delete", "tiny")
    assert ended.code == 1 and "deleting failed: ERROR: denied" in ended.err
