import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command import TINY, Command
from jax.profiler import ProfileData
from killing import (
    assert_bitwise,
    assert_same_study,
    lines,
    saved,
    stop_when,
)

from xltransfer import configuration, phase, study
from xltransfer import workspace as workspaces
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.interruption import EXIT_CODE, Interrupted
from xltransfer.specification import Phase
from xltransfer.train import Program
from xltransfer.workspace import Workspace

# Within a process.


@pytest.fixture(scope="module")
def trained() -> Phase:
    """A target phase that starts from new parameters."""
    found, _ = configuration.load(TINY, ())
    return list(study.cells(found))[-1].phase


@pytest.fixture
def place(command, tmp_path):
    """Makes workspaces by name."""
    found, _ = configuration.load(TINY, ())

    def place(name: str = "out") -> Workspace:
        return Workspace(
            tmp_path / name,
            command.cache,
            None,
            found.partitioning,
            found.execution,
        )

    return place


def ignore(step: int, metrics: object) -> None:
    """Progress that nobody looks at."""


def stop_at(last: int) -> phase.Progress:
    def progress(step: int, metrics: object) -> None:
        if step == last:
            os.kill(os.getpid(), signal.SIGTERM)

    return progress


def test_a_phase_stopped_at_any_step_ends_where_the_unstopped_one_ends(
    trained, place
):
    # Checkpoints are due at steps 2, 3, 4 and 6; a stop at 1 and 5 saves too.
    phase.run(trained, place("whole"), ignore)
    for last in (1, 3, 5, 6):
        with pytest.raises(Interrupted, match=f"target at step {last}"):
            phase.run(trained, place(), stop_at(last))
        assert workspaces.finished(trained, place()) is None
    phase.run(trained, place(), ignore)
    directories = [place(one).directory(trained) for one in ("whole", "out")]
    assert_bitwise(*directories)


@pytest.mark.parametrize(
    ("scores", "patience", "expected"),
    [
        # Best, step selected, steps done. No gain at 3 and 4: stopped.
        ((50, 60, 60, 55, 99, 99), 2, (60, 2, 4)),
        ((50, 60, 55, 61, 60, 60), 2, (61, 4, 6)),
        ((50, 60, 55, 61, 60, 60), 0, (61, 4, 6)),
        # A score of 0 is a score.
        ((0, 0, 0, 0, 0, 0), 3, (0, 1, 4)),
    ],
)
def test_the_best_step_is_selected_and_patience_ends(
    trained, place, monkeypatch, scores, patience, expected
):
    measured = iter(scores)
    monkeypatch.setattr(Evaluation, "score", lambda *unused: next(measured))
    training = dataclasses.replace(
        trained.training, evaluate_every=1, patience=patience
    )
    one = dataclasses.replace(trained, training=training)
    record = phase.run(one, place(), ignore)
    assert (record["score"], record["step"], record["steps"]) == expected
    kept = {
        path.name for path in (place().directory(one) / "checkpoints").iterdir()
    }
    assert kept == {str(record["step"]), str(record["steps"])}


def test_a_phase_that_ran_out_of_patience_does_not_go_on(
    trained, place, monkeypatch
):
    measured = iter((60, 50, 50, 50))
    monkeypatch.setattr(Evaluation, "score", lambda *unused: next(measured))
    training = dataclasses.replace(
        trained.training, evaluate_every=1, patience=2
    )
    one = dataclasses.replace(trained, training=training)
    phase.run(one, place(), ignore)
    (place().directory(one) / workspaces.DONE).unlink()
    assert phase.run(one, place(), ignore)["steps"] == 3
    assert next(measured) == 50


@pytest.fixture
def diverges(monkeypatch):
    """Makes one update, by its number, give something that is no number."""
    update = Program.update

    def diverges(number: int, name: str, value: str) -> None:
        def broken(self, state, *arguments):
            is_bad = int(state.step) == number - 1
            state, metrics = update(self, state, *arguments)
            return state, metrics | (
                {name: np.float32(value)} if is_bad else {}
            )

        monkeypatch.setattr(Program, "update", broken)

    return diverges


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [(1, "loss", "nan"), (4, "gradient_norm", "inf"), (6, "loss", "nan")],
)
def test_an_update_that_gives_no_number_is_named_with_its_examples(
    trained, place, diverges, number, name, value
):
    diverges(number, name, value)
    said = f"{name.replace('_', ' ')} is {value} at step {number}, on mini"
    with pytest.raises(InputError, match=said):
        phase.run(trained, place(), ignore)
    folder = place().directory(trained)
    assert workspaces.finished(trained, place()) is None
    # Nothing was saved of what came of it.
    steps = [int(one.name) for one in (folder / "checkpoints").iterdir()]
    assert max(steps, default=0) < number
    record = json.loads((folder / "diverged.json").read_text())
    assert record["step"] == number and record["values"][name] == value
    assert (folder / record["checkpoint"]).is_dir()
    # A batch is 8 of the 2,000 training examples.
    assert len({tuple(one) for one in record["examples"]}) == 8
    for dataset, example in record["examples"]:
        assert dataset == "miniature_nli.en" and 0 <= example < 2000


def test_the_state_before_a_bad_update_is_that_of_a_run_stopped_there(
    trained, place, diverges, tmp_path
):
    with pytest.raises(Interrupted):
        phase.run(trained, place("stopped"), stop_at(5))
    # From the checkpoint at step 3 on, two updates are computed once more.
    sparse = dataclasses.replace(place().execution, checkpoint_every=0)
    workspace = dataclasses.replace(place(), execution=sparse)
    diverges(6, "loss", "nan")
    with pytest.raises(InputError, match="at step 6"):
        phase.run(trained, workspace, ignore)
    found = tmp_path / "found"
    kept = workspace.directory(trained) / "diverged"
    shutil.copytree(kept, found / "checkpoints")
    before = saved(place("stopped").directory(trained))
    assert {name for name in saved(found)} <= set(before)
    for name, leaf in saved(found).items():
        assert leaf.tobytes() == before[name].tobytes(), name


def test_a_trace_is_written_that_names_the_updates(trained, place):
    traced = dataclasses.replace(place().execution, profile=2)
    workspace = dataclasses.replace(place(), execution=traced)
    phase.run(trained, workspace, ignore)
    folder = workspace.directory(trained) / "plugins" / "profile"
    (path,) = folder.glob("*/*.xplane.pb")
    steps = {
        value
        for plane in ProfileData.from_file(str(path)).planes
        for line in plane.lines
        for event in line.events
        if event.name == "train"
        for name, value in event.stats
        if name == "step_num"
    }
    # The first two are left out: they compile.
    assert steps == {3, 4}


def test_a_phase_tells_where_its_time_went_and_how_well_it_was_used(
    trained, place
):
    measured = dataclasses.replace(place().execution, measure_rate=True)
    workspace = dataclasses.replace(place(), execution=measured)
    record = phase.run(trained, workspace, ignore)
    shares = ("input", "compute", "evaluation", "checkpoint")
    assert sum(record[f"{one}_share"] for one in shares) == pytest.approx(1)
    assert all(0 < record[f"{one}_share"] < 1 for one in shares)
    assert record["host_memory_gib"] > 0 and record["step_seconds"] > 0
    # A model of 16 by 32 reaches nothing of a large product's rate.
    assert 0 < record["mfu"] < 0.5
    lines = (workspace.directory(trained) / "metrics.jsonl").read_text()
    assert json.loads(lines.splitlines()[0]).keys() >= {"mfu", "input_share"}


def test_freezing_a_part_that_is_not_there_is_an_error(trained, place):
    optimizer = dataclasses.replace(
        trained.training.optimizer, frozen=("encoder/embedings",)
    )
    training = dataclasses.replace(trained.training, optimizer=optimizer)
    one = dataclasses.replace(trained, training=training)
    with pytest.raises(InputError, match=r"Did you mean 'encoder"):
        phase.run(one, place(), ignore)


def test_a_vocabulary_larger_than_the_model_is_an_error(trained, place):
    model = dataclasses.replace(trained.model, vocab_size=500)
    one = dataclasses.replace(trained, model=model)
    with pytest.raises(InputError, match=r"vocab_size is 500.*560 pieces"):
        phase.run(one, place(), ignore)


# Through the command line, killed.


def is_saving(out: Path) -> bool:
    return any((out / "phases").glob("*/checkpoints*/*tmp*"))


def is_evaluating(out: Path) -> bool:
    return any((out / "phases").glob("*/results.jsonl"))


def test_a_killed_study_ends_bitwise_where_the_unkilled_one_ends(
    finished, command, tmp_path
):
    whole, killed = finished[0], tmp_path / "killed"
    rng = random.Random(2026)

    def start() -> subprocess.Popen:
        return command.start("run", TINY, "--out", killed)

    # In training: 5 phases write 6 steps each, targets 2 scores more.
    least = rng.randint(2, 8)
    moment = rng.random() * 0.05
    code = stop_when(
        start(), signal.SIGKILL, lambda: lines(killed) >= least, moment
    )
    assert code == -signal.SIGKILL
    assert not (killed / "results.csv").exists()
    # While a checkpoint is being written: its folder has a temporary name.
    for _ in range(5):
        code = stop_when(start(), signal.SIGKILL, lambda: is_saving(killed))
        assert code == -signal.SIGKILL
        if is_saving(killed):
            break
    assert is_saving(killed)
    # SIGTERM: saved, and said by the exit code.
    least = lines(killed) + 3
    code = stop_when(
        start(), signal.SIGTERM, lambda: lines(killed) >= least, moment
    )
    assert code == EXIT_CODE == 75
    # While languages are being evaluated.
    code = stop_when(start(), signal.SIGKILL, lambda: is_evaluating(killed))
    assert code == -signal.SIGKILL
    assert not (killed / "results.csv").exists()
    command.run("run", TINY, "--out", killed)
    assert_same_study(whole, killed)


@pytest.mark.slow
def test_five_kills_of_a_larger_study_leave_no_trace(command, tmp_path):
    # Compiled anew by every process, with all optimisations.
    anew = Command(command.cache)
    overrides = ["--gin.STEPS=100", "--gin.Study.seeds=(1, 2)"]
    overrides += ["--gin.XLMRConfig.dropout_rate=0.1"]
    # Layers that are one array while they train, and two in a checkpoint.
    overrides += ["--gin.XLMRConfig.num_layers=2"]
    overrides += ["--gin.Partitioning.scan=True"]
    overrides += ["--gin.Execution.checkpoint_every=20"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    anew.run("run", TINY, "--out", whole, *overrides)
    rng = random.Random(1905)
    total = lines(whole)
    for least in sorted(rng.sample(range(total), 5)):
        process = anew.start("run", TINY, "--out", killed, *overrides)
        code = stop_when(
            process,
            signal.SIGKILL,
            lambda least=least: lines(killed) >= least,
            rng.random() * 0.2,
        )
        assert code == -signal.SIGKILL
    anew.run("run", TINY, "--out", killed, *overrides)
    assert_same_study(whole, killed)
