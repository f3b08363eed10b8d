"""Settings that are tried, the best of which goes on."""

import csv
import dataclasses
import json
import math
import shutil

import pytest
from command import TINY
from hypothesis import given
from hypothesis import strategies as st

from xltransfer import choosing, configuration, phase, starting, study
from xltransfer.errors import InputError
from xltransfer.study import Range, Sweep
from xltransfer.workspace import Workspace, finished

RATES = Sweep({"optimizer.learning_rate": (2e-2, 1e-6)})


def tiny(**sweeps: Sweep) -> study.Study:
    found = configuration.load(
        TINY,
        (
            "Study.controls={}",
            "Target.evaluation='miniature_nli.sw'",
            "intermediate/Training.evaluate_every=3",
            "intermediate/Training.selection='dev'",
        ),
    )[0]
    return dataclasses.replace(found, sweeps=sweeps)


def row(found: study.Study, label: str) -> phase.Phase:
    return next(
        one.phase for one in study.cells(found) if one.intermediate == label
    )


def test_a_grid_is_every_combination_in_order():
    sweep = Sweep({"steps": [1, 2], "optimizer.clip": (None, 1.0)})
    assert sweep.settings() == [
        {"steps": 1, "optimizer.clip": None},
        {"steps": 1, "optimizer.clip": 1.0},
        {"steps": 2, "optimizer.clip": None},
        {"steps": 2, "optimizer.clip": 1.0},
    ]


@given(
    st.floats(1e-8, 1.0),
    st.floats(1.1, 1e4),
    st.integers(0, 2**32),
    st.sampled_from(["log", "linear"]),
)
def test_draws_lie_in_their_range_and_are_the_same_again(
    low, factor, seed, scale
):
    values = {"optimizer.learning_rate": Range(low, low * factor, scale)}
    sweep = Sweep(values, trials=20, seed=seed)
    found = sweep.settings()
    assert found == Sweep(values, trials=20, seed=seed).settings()
    for one in found:
        rate = one["optimizer.learning_rate"]
        # Written with four digits.
        assert low * 0.999 <= rate <= low * factor * 1.001


def test_a_logarithmic_draw_has_the_geometric_mean_in_its_middle():
    values = {"steps": Range(1e-6, 1e-2)}
    drawn = [one["steps"] for one in Sweep(values, 400).settings()]
    below = sum(one < 1e-4 for one in drawn) / len(drawn)
    # A half, with a standard error of 0.025.
    assert math.isclose(below, 0.5, abs_tol=0.1)


def test_another_seed_draws_other_settings_and_whole_numbers_are_whole():
    values = {"batch_size": Range(8, 512, whole=True)}
    first, second = (Sweep(values, 5, seed).settings() for seed in (1, 2))
    assert first != second
    assert all(isinstance(one["batch_size"], int) for one in first + second)


def test_a_setting_that_is_drawn_twice_is_tried_once():
    found = Sweep({"steps": (3, 4)}, trials=50).settings()
    assert sorted(one["steps"] for one in found) == [3, 4]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lengths.tokens": (3, 4)}, "are not comparable"),
        ({"steps": ()}, "is empty"),
        ({"steps": Range(1, 2)}, "Sweep.trials"),
        ({"steps": 3}, "Sweep.values"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        Sweep(values)


def test_a_range_that_cannot_be_is_refused():
    for low, high in ((2, 1), (0, 1), (-1, 1)):
        with pytest.raises(InputError, match="low must be less than high"):
            Range(low, high)
    assert Range(-1, 1, "linear").low == -1


def test_a_sweep_without_dev_scores_is_refused():
    found = dataclasses.replace(
        tiny(intermediate=RATES),
        intermediate=dataclasses.replace(tiny().intermediate, selection="last"),
    )
    with pytest.raises(InputError, match="goes by dev scores"):
        list(study.cells(found))


def test_candidates_are_phases_and_the_choice_is_known_beforehand():
    found = tiny(target=RATES)
    choice = row(found, "Hindi")
    every = study.phases(found)
    assert choice in every and set(choice.candidates) < set(every)
    for one in choice.candidates:
        assert every.index(one) < every.index(choice)
        assert one.parent == choice.parent
    identities = [one.identity(None) for one in every]
    assert len(set(identities)) == len(identities)
    # Pretraining, Hindi, and two candidates and their choice for each row.
    assert len(every) == 2 + 2 * 3


def test_what_starts_from_a_choice_depends_on_every_candidate():
    def child(sweep: Sweep) -> str:
        return row(tiny(intermediate=sweep), "Hindi").identity(None)

    others = {"optimizer.learning_rate": (2e-2, 1e-5)}
    assert child(RATES) == child(Sweep(RATES.values))
    assert child(RATES) != child(Sweep(others))
    without = row(tiny(), "none").identity(None)
    assert row(tiny(intermediate=RATES), "none").identity(None) == without


def test_one_setting_alone_is_no_choice():
    one = Sweep({"optimizer.learning_rate": (2e-2,)})
    assert row(tiny(target=one), "none") == row(tiny(), "none")


class Silent:
    """Counts what is trained."""

    def __init__(self) -> None:
        self.started: list[phase.Phase] = []

    def phase(self, number, total, started):
        self.started.append(started)
        return lambda step, metrics: None

    def evaluating(self, cell, language):
        pass


BOTH = {"target": RATES, "intermediate": RATES}


@pytest.fixture(scope="module")
def place(finished, command, tmp_path_factory) -> Workspace:
    """Where the tiny study was run, and gone on with as two sweeps."""
    out = tmp_path_factory.mktemp("sweeps") / "copy"
    shutil.copytree(finished[0], out)
    found = tiny(**BOTH)
    place = Workspace(
        out, command.cache, None, found.partitioning, found.execution
    )
    study.run(found, place, Silent())
    return place


def test_the_best_on_dev_is_recorded_with_what_else_was_tried(place):
    choice = row(tiny(**BOTH), "none")
    record = finished(choice, place)
    scores = [finished(one, place)["score"] for one in choice.candidates]
    best = choice.candidates[scores.index(max(scores))]
    assert record["chosen"]["phase"] == place.directory(best).name
    assert [one["score"] for one in record["chosen"]["candidates"]] == scores
    assert [one["settings"] for one in record["chosen"]["candidates"]] == [
        {"optimizer.learning_rate": 2e-2},
        {"optimizer.learning_rate": 1e-6},
    ]
    folder = place.directory(choice)
    # One leads to the other: nothing is copied.
    assert (folder / "checkpoints").resolve() == (
        place.directory(best) / "checkpoints"
    ).resolve()
    known = json.loads((folder / "phase.json").read_text())
    assert known["identity"] == choice.identity(None) == record["identity"]


def test_the_best_is_what_is_evaluated(place):
    found = tiny(**BOTH)
    with (place.out / "results.csv").open() as file:
        numbers = {one["intermediate"]: one for one in csv.DictReader(file)}
    choice = row(found, "none")
    assert numbers["none"]["phase"] == choice.identity(None)
    name = finished(choice, place)["chosen"]["phase"]
    best = next(
        one for one in choice.candidates if place.directory(one).name == name
    )
    # The same checkpoint on the same data.
    part = study.evaluated(next(study.cells(found)), place)[0][0]
    score = phase.evaluations(best, place)(part).score(place.cache(best, part))
    assert float(numbers["none"]["value"]) == pytest.approx(score)


def test_a_second_run_of_a_sweep_trains_and_chooses_nothing(place):
    recorder = Silent()
    study.run(tiny(**BOTH), place, recorder)
    assert recorder.started == []


def test_children_of_a_choice_start_from_the_best(place, monkeypatch):
    candidate = row(tiny(**BOTH), "Hindi").candidates[0]
    best = finished(candidate.parent, place)["chosen"]["phase"]
    asked = []
    monkeypatch.setattr(
        starting,
        "restore_params",
        lambda folder, step, wanted: asked.append(folder) or dict(wanted),
    )
    program = phase._Run(candidate, place).program
    starting.params(candidate, place, program)
    assert [one.resolve().parent.name for one in asked] == [best]


def test_of_equal_scores_the_first_counts_and_a_lost_candidate_loses(
    place, monkeypatch, tmp_path
):
    place = dataclasses.replace(place, out=tmp_path)
    choice = row(tiny(target=RATES), "none")
    first, second = choice.candidates
    for one in choice.candidates:
        folder = place.directory(one)
        (folder / "checkpoints").mkdir(parents=True)
        for name in choosing.COPIED:
            (folder / name).write_text("")
    known = {first: None, second: None}
    monkeypatch.setattr(
        choosing, "finished", lambda one, *others: known.get(one)
    )
    with pytest.raises(InputError, match="None of the 2 phases"):
        choosing.run(choice, place)
    record = {"score": 50.0, "rules": {}}
    known[second] = record
    found = choosing.run(choice, place)["chosen"]
    assert found["phase"] == place.directory(second).name
    assert [one["score"] for one in found["candidates"]] == [None, 50.0]
    known[first] = record
    found = choosing.run(choice, place)["chosen"]
    assert found["phase"] == place.directory(first).name
