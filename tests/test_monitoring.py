import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from xltransfer.data.loader import Packed
from xltransfer.monitoring import Monitor

BATCH = Packed(
    {"tokens": np.zeros((2, 8))}, rows=2, examples=3, tokens=12, places=16
)
VALUES = {
    "loss": 1.0,
    "accuracy": 0.5,
    "learning_rate": 1e-3,
    "gradient_norm": 2.0,
}


def write(folder: Path, first: int, steps: range) -> None:
    with Monitor(folder, first) as monitor:
        for step in steps:
            monitor.count(BATCH)
            monitor.write(step, VALUES | {"loss": float(step)})


def lines(folder: Path) -> list[dict]:
    text = (folder / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def scalars(folder: Path, monkeypatch) -> dict[str, list[tuple[int, float]]]:
    """Reads a folder as TensorBoard does, by its reader that needs no
    TensorFlow."""
    notf = types.ModuleType("tensorboard.compat.notf")
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", notf)
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(one.step, one.value) for one in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_a_line_has_the_values_and_the_rates(tmp_path):
    write(tmp_path, 0, range(1, 3))
    first, second = lines(tmp_path)
    assert first["step"] == 1 and second["step"] == 2
    assert {name: first[name] for name in VALUES} == VALUES
    # 12 of 16 places hold a token.
    assert first["padding_share"] == 0.25
    ratio = first["tokens_per_second"] / first["examples_per_second"]
    assert ratio == pytest.approx(12 / 3)


def test_rates_are_those_since_the_last_line(tmp_path):
    with Monitor(tmp_path, 0) as monitor:
        monitor.count(BATCH)
        monitor.write(1, {})
        full = Packed({}, rows=2, examples=1, tokens=16, places=16)
        monitor.count(full)
        monitor.write(2, {})
        # A second line at one step has nothing new to tell of rates.
        monitor.write(2, {"dev": 50.0})
        # Both batches: 28 of 32 places.
        assert monitor.summary()["padding_share"] == 0.125
    assert lines(tmp_path)[1]["padding_share"] == 0.0
    assert lines(tmp_path)[2] == {"step": 2, "dev": 50.0}


def test_going_on_drops_the_lines_after_the_checkpoint(tmp_path):
    write(tmp_path, 0, range(1, 6))
    write(tmp_path, 3, range(4, 7))
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_a_last_line_cut_short_is_survived(tmp_path):
    write(tmp_path, 0, range(1, 4))
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    write(tmp_path, 2, range(3, 5))
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3, 4]


def test_a_phase_that_goes_on_after_its_last_step_has_no_rates(tmp_path):
    with Monitor(tmp_path, 6) as monitor:
        assert set(monitor.summary()) == {"seconds"}


def test_tensorboard_reads_what_was_written(tmp_path, monkeypatch):
    write(tmp_path, 0, range(1, 4))
    found = scalars(tmp_path, monkeypatch)
    assert set(found) - {"device_memory_gib"} == {
        *VALUES,
        "examples_per_second",
        "tokens_per_second",
        "padding_share",
        "step_seconds",
        "input_share",
        "compute_share",
        "evaluation_share",
        "checkpoint_share",
        "host_memory_gib",
    }
    assert found["loss"] == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_tensorboard_sees_every_step_once_after_going_on(tmp_path, monkeypatch):
    write(tmp_path, 0, range(1, 6))
    write(tmp_path, 3, range(4, 7))
    loss = scalars(tmp_path, monkeypatch)["loss"]
    assert sorted(loss) == [(step, float(step)) for step in range(1, 7)]


def test_time_is_told_apart_by_what_it_was_spent_on(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    with Monitor(tmp_path, 0) as monitor:
        with monitor.spent("input"):
            now[0] += 2
        with monitor.spent("evaluation"):
            now[0] += 1
        monitor.count(BATCH)
        now[0] += 5
        line = monitor.write(1, {})
    assert line["step_seconds"] == 8.0
    assert line["input_share"] == 2 / 8 and line["evaluation_share"] == 1 / 8
    assert line["checkpoint_share"] == 0 and line["compute_share"] == 5 / 8


def test_a_process_that_does_not_lead_writes_nothing(tmp_path):
    with Monitor(tmp_path, 0, writes=False) as monitor:
        monitor.count(BATCH)
        assert monitor.write(1, {})["padding_share"] == 0.25
        assert monitor.summary()["padding_share"] == 0.25
    assert list(tmp_path.iterdir()) == []
