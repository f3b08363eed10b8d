import dataclasses
import io

import pytest
from command import TINY
from rich.console import Console

from xltransfer import configuration, study
from xltransfer.claims import Holder
from xltransfer.report import console
from xltransfer.statistics.concluding import conclude
from xltransfer.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    def workspace(found: study.Study) -> Workspace:
        return Workspace(
            # Far longer than a line of a pipe.
            tmp_path / ("a long folder name " * 8).strip(),
            tmp_path / "cache",
            None,
            found.partitioning,
            found.execution,
        )

    return workspace


@pytest.fixture
def pipe(monkeypatch) -> io.StringIO:
    """What the console prints where there is no terminal: 80 columns."""
    file = io.StringIO()
    monkeypatch.setattr(console, "_console", Console(file=file, width=80))
    return file


def load(**changes) -> study.Study:
    return dataclasses.replace(configuration.load(TINY, ())[0], **changes)


def show_results(
    found: study.Study,
    place: Workspace,
    monkeypatch,
    scores,
    rules=("english_dev",),
):
    """Prints the results that the given scores, under each rule, would make."""
    results = [
        {
            "intermediate": label,
            "target": "nli",
            "metric": "accuracy",
            "language": language,
            "seed": seed,
            "value": value,
            "selection": rule,
            "phase": f"{label} {seed}",
        }
        for rule in rules
        for label, languages in scores.items()
        for language, values in languages.items()
        for seed, value in zip(found.seeds, values, strict=True)
    ]
    monkeypatch.setattr(study, "results", lambda *unused: results)
    place.out.mkdir()
    said = conclude(
        results,
        lambda row: None,
        (),
        direct=found.direct,
        controls=tuple(found.controls),
    )
    console.print_results(found, place, said)


LONG = "an intermediate task [in Swahili] whose name fills half of a line"
SCORES = {
    "none": {"en": [90, 92], "sw": [40, 50]},
    LONG: {"en": [89, 89], "sw": [44, 52]},
    "no pretraining": {"en": [33, 35], "sw": [33, 33]},
}
LABELS = {"none": None, LONG: "miniature_inference.sw"}


def test_a_table_is_whole_in_a_pipe(pipe, monkeypatch, workspace):
    found = load(intermediates=LABELS, seeds=(1, 2))
    show_results(found, workspace(found), monkeypatch, SCORES)
    lines = pipe.getvalue().splitlines()
    # Names are written whole, brackets are no markup.
    assert sum(LONG in line for line in lines) == 2
    assert "mean ± standard deviation over 2 seeds" in lines[0]
    none = next(at for at, line in enumerate(lines) if "│ none" in line)
    assert lines[none].split("│")[2:5] == ["      45.0", " 91.0", " 45.0"]
    assert lines[none + 1].split("│")[2:5] == ["      ±7.1", " ±1.4", " ±7.1"]
    # Deltas carry their sign, also that of a loss, and not for controls.
    _, deltas = pipe.getvalue().split("delta to 'none'")
    assert "+3.0" in deltas and "-2.0" in deltas
    assert "no pretraining" not in deltas
    # The last line names the files, unbroken however long it is.
    assert lines[-1].endswith("results.md") and "results.csv" in lines[-1]
    assert {len(line) for line in lines[1:5]} == {len(lines[2])}


def test_results_md_has_the_same_numbers(pipe, monkeypatch, workspace):
    found = load(intermediates=LABELS, seeds=(1, 2))
    show_results(found, workspace(found), monkeypatch, SCORES)
    text = (workspace(found).out / "results.md").read_text()
    assert f"| {LONG} | 48.0 ±5.7 (+3.0) | 89.0 ±0.0 (-2.0) |" in text


def test_one_seed_is_named_instead_of_a_deviation(pipe, monkeypatch, workspace):
    found = load(seeds=(7,), controls={})
    scores = {
        "none": {"en": [90], "sw": [40]},
        "Hindi": {"en": [89]},
    }
    show_results(found, workspace(found), monkeypatch, scores)
    printed = pipe.getvalue()
    assert "accuracy in percent, seed 7" in printed
    assert "±" not in printed and "nan" not in printed
    # What Hindi lacks is a dash, and so is the mean that it would be part of.
    hindi = next(line for line in printed.splitlines() if "│ Hindi" in line)
    assert hindi.split("│")[2:5] == ["         –", " 89.0", "    –"]


def test_a_study_of_the_direct_row_alone_has_no_table_of_deltas(
    pipe, monkeypatch, workspace
):
    found = load(intermediates={"none": None}, controls={})
    show_results(found, workspace(found), monkeypatch, {"none": {"sw": [40]}})
    assert "delta" not in pipe.getvalue()


def test_the_plan_is_whole_in_a_pipe(pipe, workspace):
    found = load(name="a [bold] name")
    place = workspace(found)
    console.print_plan(found, place)
    lines = pipe.getvalue().splitlines()
    assert lines[0].startswith("plan of a [bold] name")
    assert lines[-1].endswith(str(place.out))
    assert lines[-1].startswith("5 phases, 0 done; without sharing it would")


def test_progress_in_a_pipe_is_a_line_at_a_time(pipe):
    found = load()
    first, *_ = study.phases(found)
    with console.ProgressDisplay() as display:
        update = display.phase(1, 5, first)
        update(3, {"loss": 1.25, "examples_per_second": 99.6})
        display.evaluating(next(study.cells(found)), "sw")
    assert pipe.getvalue().splitlines()[0] == (
        "[1/5] pretrain miniature_text.mul: step 3 of 6, loss 1.250 "
        "100 examples/s"
    )


def test_waiting_for_other_workers_is_said_once_in_a_pipe(pipe):
    other = Holder("host", "boot", 12, "100", 120)
    with console.ProgressDisplay() as display:
        for _ in range(3):
            display.waiting([other, other])
    assert pipe.getvalue().splitlines().count("waiting for host:12") == 1


def test_many_datasets_are_counted_not_listed(pipe, workspace):
    found = load(intermediates={"none": None, "all": "miniature_inference"})
    console.print_plan(found, workspace(found))
    # Twelve languages.
    assert "miniature_inference.en + 11 more" in pipe.getvalue()


def test_tables_of_rules_that_are_not_zero_shot_are_marked(
    pipe, monkeypatch, workspace
):
    found = load(intermediates=LABELS, seeds=(1, 2))
    rules = ("english_dev", "last", "target_dev", "oracle")
    show_results(found, workspace(found), monkeypatch, SCORES, rules)
    # Scores and deltas of each rule.
    titles = [line for line in pipe.getvalue().splitlines() if " · " in line]
    assert len(titles) == 9 and "results.csv" in titles.pop()
    assert [("not zero-shot" in line) for line in titles] == [
        *(False, False, False, False),
        *(True, True, True, True),
    ]
    assert [line.split(" · ")[1].split()[0] for line in titles[::2]] == [*rules]
    text = (workspace(found).out / "results.md").read_text()
    assert text.count("not zero-shot") == 2
    assert "oracle (not zero-shot: chosen on the test sets)" in text
