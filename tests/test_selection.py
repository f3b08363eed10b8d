import dataclasses
import json
import os
import signal
from pathlib import Path

import jax
import numpy as np
import pytest
from command import TINY
from hypothesis import given
from hypothesis import strategies as st

import tasks
from xltransfer import checkpoints, configuration, phase, study
from xltransfer import results as records
from xltransfer.components import Component
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.interruption import Interrupted
from xltransfer.report import console
from xltransfer.selection import Ballot, Rule
from xltransfer.workspace import Workspace, finished

ALL = ("english_dev", "last", "target_dev", "oracle")
# What is scored: English dev, Swahili dev, Swahili test; at steps 1 to 6.
CURVES = {
    ("miniature_nli.en", "dev"): (50, 60, 60, 55, 58, 40),
    ("miniature_nli.sw", "dev"): (40, 41, 41, 45, 44, 40),
    ("miniature_nli.sw", "test"): (33, 34, 38, 35, 36, 30),
}
# By hand: the first of the highest.
CHOSEN = {"english_dev": 2, "last": 6, "target_dev": 4, "oracle": 3}


def load(*overrides: str) -> study.Study:
    """The tiny study: its direct row on Swahili, scored at every step."""
    return configuration.load(
        TINY,
        (
            "Study.intermediates={'none': None}",
            "Study.controls={}",
            "Study.pretrain=None",
            "Target.evaluation='miniature_nli.sw'",
            "target/Training.evaluate_every=1",
            f"Target.rules={ALL}",
            *overrides,
        ),
    )[0]


@pytest.fixture
def planted(monkeypatch) -> list[tuple[str, str]]:
    """Scores as planned; returns what was scored, in turn."""
    asked: list[tuple[str, str]] = []

    def score(self, cache):
        one = cache.manifest["dataset"], cache.manifest["key"]["split"]
        asked.append(one)
        return CURVES[one][(asked.count(one) - 1) % 6]

    monkeypatch.setattr(Evaluation, "score", score)
    return asked


@pytest.fixture
def place(command, tmp_path):
    def place(found: study.Study, name: str = "out") -> Workspace:
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


class Silent:
    """Counts the steps and evaluations of a study."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.evaluated: list[str] = []

    def phase(self, number, total, started):
        return lambda step, metrics: self.steps.append(step)

    def waiting(self, holders):
        """No other worker is there."""

    def evaluating(self, cell, language):
        self.evaluated.append(language)


def kept(directory: Path) -> set[int]:
    return {int(one.name) for one in (directory / "checkpoints").iterdir()}


def test_each_rule_of_one_run_is_evaluated_at_the_step_it_should_be(
    planted, place
):
    found = load()
    where, seen = place(found), Silent()
    study.run(found, where, seen)
    # One run; each set is scored once a step, though dev is in two rules.
    assert seen.steps == [1, 2, 3, 4, 5, 6]
    assert len(planted) == len(CURVES) * 6
    (cell,) = study.cells(found)
    assert kept(where.directory(cell.phase)) == {2, 3, 4, 6}
    rows = records.read(where.directory(cell.phase) / "results.jsonl")
    assert {row["selection"]: row["checkpoint"] for row in rows} == CHOSEN
    assert len(rows) == len(seen.evaluated) == 4
    table = study.results(found, where)
    assert [row["selection"] for row in table] == list(ALL)
    folders = {
        path.parent.parent.name
        for path in where.directory(cell.phase).rglob("test-sw.tsv")
    }
    assert folders == {
        "predictions",
        *(f"predictions-{step}" for step in (3, 4, 6)),
    }


def test_a_second_run_of_all_rules_trains_and_evaluates_nothing(planted, place):
    found = load()
    where = place(found)
    study.run(found, where, Silent())
    before = study.results(found, where)
    again = Silent()
    study.run(found, where, again)
    assert again.steps == again.evaluated == []
    assert study.results(found, where) == before
    console.print_plan(found, where)
    assert all(
        finished(one, where, asked)
        for one, asked in study.rules_of(found, where).items()
    )


def test_rules_that_choose_one_step_share_its_predictions(
    planted, place, monkeypatch
):
    same = dict.fromkeys(CURVES, (1, 2, 3, 4, 5, 6))
    monkeypatch.setitem(globals(), "CURVES", same)
    found = load()
    where, seen = place(found), Silent()
    study.run(found, where, seen)
    assert seen.evaluated == ["sw"]
    rows = study.results(found, where)
    assert [row["selection"] for row in rows] == list(ALL)
    assert len({row["value"] for row in rows}) == 1
    (cell,) = study.cells(found)
    assert kept(where.directory(cell.phase)) == {6}


def test_rules_are_no_part_of_a_phase():
    (with_rules,), (without,) = (
        study.phases(found) for found in (load(), load("Target.rules=()"))
    )
    assert with_rules == without


def parameters(one: phase.Phase, where: Workspace, step: int) -> dict:
    program = phase._Run(one, where).program
    return jax.device_get(
        checkpoints.restore_params(
            where.directory(one) / "checkpoints",
            step,
            program.abstract.params,
        )
    )


def test_a_rule_asked_for_later_trains_again_to_the_same_parameters(
    planted, place
):
    few, many = load("Target.rules=('english_dev', 'last')"), load()
    (one,) = study.phases(many)
    where = place(many)
    study.run(few, where, Silent())
    before = parameters(one, where, 2)
    assert kept(where.directory(one)) == {2, 6}
    seen = Silent()
    study.run(many, where, seen)
    assert seen.steps == [1, 2, 3, 4, 5, 6]
    # No number is older than the checkpoint that it is of.
    assert seen.evaluated == ["sw"] * 4
    after = parameters(one, where, 2)
    jax.tree.map(np.testing.assert_array_equal, before, after)
    # Fewer again: all is there.
    study.run(few, where, fewer := Silent())
    assert fewer.steps == fewer.evaluated == []


def test_a_run_killed_with_rules_goes_on_with_what_it_had_counted(
    planted, place
):
    found = load()
    ((one, asked),) = study.rules_of(found, place(found)).items()

    def stop(step: int, metrics: object) -> None:
        if step in (2, 4):
            os.kill(os.getpid(), signal.SIGTERM)

    for _ in range(2):
        with pytest.raises(Interrupted):
            phase.run(one, place(found), stop, asked)
    record = phase.run(one, place(found), ignore, asked)
    assert {x["rule"]: x["step"] for x in record["rules"].values()} == CHOSEN
    assert kept(place(found).directory(one)) == {2, 3, 4, 6}
    # Nothing was scored twice.
    assert len(planted) == len(CURVES) * 6
    lines = (place(found).directory(one) / "metrics.jsonl").read_text()
    devs = [json.loads(x)["dev"] for x in lines.splitlines() if '"dev"' in x]
    assert devs == list(CURVES["miniature_nli.en", "dev"])


def test_a_run_killed_before_a_rule_was_asked_for_starts_again(planted, place):
    found = load()
    ((one, asked),) = study.rules_of(found, place(found)).items()

    def stop(step: int, metrics: object) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted):
        phase.run(one, place(found), stop)
    # Three of English are behind; the planted curves begin anew.
    planted.clear()
    steps: list[int] = []
    phase.run(one, place(found), lambda step, _: steps.append(step), asked)
    assert steps == [1, 2, 3, 4, 5, 6]


def test_patience_goes_by_the_phases_own_rule_alone(
    planted, place, monkeypatch
):
    curves = CURVES | {("miniature_nli.sw", "test"): (1, 2, 3, 4, 5, 6)}
    monkeypatch.setitem(globals(), "CURVES", curves)
    found = load("target/Training.patience=2")
    where = place(found)
    study.run(found, where, Silent())
    ((one, asked),) = study.rules_of(found, where).items()
    record = finished(one, where, asked)
    # English: no gain at 3 and 4. The oracle would have gone on.
    assert record["steps"] == 4
    assert {x["rule"]: x["step"] for x in record["rules"].values()} == {
        "english_dev": 2,
        "last": 4,
        "target_dev": 4,
        "oracle": 4,
    }


def test_other_data_make_another_choice():
    (one,) = study.phases(load())
    part = one.validation[0]
    other = Component(dataclasses.replace(part.dataset, version=9), part.split)
    keys = {
        Rule("oracle", parts).key(one, None)
        for parts in ((part,), (other,), (part, other))
    }
    assert len(keys) == 3
    assert Rule("last").key(one, None) == "last"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("Target.rules=('orakel',)",), "Did you mean 'oracle'"),
        (("Target.rules=('last', 'last')",), "names one twice"),
        (
            (
                "target/Training.evaluate_every=0",
                "target/Training.selection='last'",
            ),
            "'english_dev', which needs Training.evaluate_every",
        ),
    ],
)
def test_rules_that_cannot_be_are_refused(overrides, message):
    with pytest.raises(InputError, match=message):
        # How a target trains is known where its phases are made.
        study.phases(load(*overrides))


def test_target_dev_without_dev_data_is_refused(place, monkeypatch):
    row = tasks.dataset("miniature_nli.sw")
    test_alone = dataclasses.replace(row, splits=(row.split("test"),))
    monkeypatch.setitem(tasks._CATALOGUE._completed, row, test_alone)
    found = load()
    with pytest.raises(InputError, match=r"asks for 'target_dev'.*no dataset"):
        study.check(found, place(found))


SCORES = st.lists(
    st.tuples(*[st.sampled_from((0.0, 1.0, 2.0, 3.0))] * 2), min_size=1
)


@given(SCORES)
def test_the_earliest_of_the_highest_is_chosen_whatever_the_curve(curve):
    part = object()
    rules = {"a": Rule("a", (part,)), "b": Rule("b", (part,))}
    one = Ballot(rules | {"last": Rule("last")}, "a")
    position = one.start()
    for step, (a, b) in enumerate(curve, start=1):
        position = one.count(position, step, {"a": a, "b": b})
        # As it is saved and read again.
        position = json.loads(json.dumps(position))
    found = one.chosen(position, len(curve))
    for key, column in (("a", 0), ("b", 1)):
        scores = [pair[column] for pair in curve]
        assert found[key]["step"] == scores.index(max(scores)) + 1
        assert found[key]["score"] == max(scores)
    assert found["last"]["step"] == len(curve)
    since = len(curve) - found["a"]["step"]
    assert position["worse"] == since
