import dataclasses
import os
import random
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command import TINY, Command
from killing import assert_bitwise, assert_same_study, lines, stop_when

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


def test_a_loss_that_is_no_number_is_an_error(trained, place, monkeypatch):
    update = Program.update

    def broken(*arguments):
        state, metrics = update(*arguments)
        return state, metrics | {"loss": np.float32("nan")}

    monkeypatch.setattr(Program, "update", broken)
    with pytest.raises(InputError, match=r"loss is nan at step 1; lower"):
        phase.run(trained, place(), ignore)
    assert workspaces.finished(trained, place()) is None


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
    return any((out / "phases").glob("*/checkpoints/*tmp*"))


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
