"""`xltransfer report` on the folder of a real study, and on what is none."""

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest
from command import imported

from xltransfer import cli


@pytest.fixture
def report(monkeypatch, capsys):
    """Runs `xltransfer report`; returns what it printed, and its code."""

    def report(*arguments: object) -> tuple[str, int]:
        given = ["xltransfer", "report", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return out + err, stop.value.code or 0

    return report


@pytest.fixture
def study(finished, tmp_path) -> Path:
    """A copy of the tiny study's folder, without checkpoints and caches."""
    copy = tmp_path / "study"
    ignored = shutil.ignore_patterns("checkpoints", "cache")
    return shutil.copytree(finished[0], copy, ignore=ignored)


def test_a_study_that_was_run_has_a_report_of_its_numbers(command, study):
    out, err = command.run("report", study)
    assert "tensorflow" not in imported(err) and "seqio" not in imported(err)
    names = ("report.html", "report.md", "report.tex")
    for name in names:
        assert str(study / "report" / name) in out
    with (study / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    text = (study / "report" / "report.html").read_text()
    packed = text.partition('id="results">')[2].partition("</script>")[0]
    found = json.loads(packed)
    place = found["columns"].index("value")
    values = [found["words"]["value"][row[place]] for row in found["rows"]]
    assert values == [row["value"] for row in rows]
    # The tiny study trains once what its three rows share.
    markdown = (study / "report" / "report.md").read_text()
    assert "phases done: 5 of 5" in markdown
    assert "xltransfer run" in markdown


def test_a_run_describes_which_phases_stand_behind_which_cell(study):
    described = json.loads((study / "study.json").read_text())
    assert described["direct"] == "none"
    assert [one["intermediate"] for one in described["cells"]] == [
        "none",
        "Hindi",
        "no pretraining",
    ]
    kinds = [
        [name.partition("-")[0] for name in one["phases"]]
        for one in described["cells"]
    ]
    assert kinds == [
        ["pretrain", "target"],
        ["pretrain", "intermediate", "target"],
        ["target"],
    ]
    for one in described["cells"]:
        for name in one["phases"]:
            assert (study / "phases" / name / "phase.json").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda x: shutil.rmtree(x), "there is no such folder"),
        (lambda x: (x / "study.json").unlink(), "study.json is missing"),
        (lambda x: (x / "study.json").write_text("{"), "study.json: not JSON"),
        (lambda x: (x / "study.json").write_text("{}"), "cells, evaluations"),
        (lambda x: (x / "study.json").write_text("[]"), "no JSON dict"),
        (
            lambda x: _edit(x / "results.csv", ",value,", ",v,"),
            "no column value",
        ),
        (
            lambda x: _edit(x / "results.csv", ",1,", ",one,"),
            "results.csv:2: seed",
        ),
        (
            lambda x: _phase(x, "done.json").write_text("{"),
            "done.json: not JSON",
        ),
        (
            lambda x: _phase(x, "phase.json").write_text("7"),
            "phase.json: no JSON",
        ),
        (
            lambda x: _phase(x, "metrics.jsonl").write_text("{\n{}\n"),
            "metrics.jsonl:1: not JSON",
        ),
        (lambda x: (x / "flags.json").write_text("[{}]"), "entry 1 is no flag"),
    ],
)
def test_a_damaged_folder_ends_in_a_message_and_no_report(
    report, study, damage, message
):
    damage(study)
    said, code = report(study)
    assert code == 2 and message in said
    assert not (study / "report").exists()
    assert not (study / "tensorboard").exists()


def test_a_line_cut_short_by_a_kill_is_no_damage(report, study):
    path = _phase(study, "metrics.jsonl")
    path.write_text(path.read_text() + '{"step": 7, "lo')
    said, code = report(study, "--into", study / "elsewhere")
    assert code == 0, said
    assert (study / "elsewhere" / "report.html").exists()


def _phase(study: Path, name: str) -> Path:
    return next(iter(sorted((study / "phases").glob(f"target-*/{name}"))))


def _edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new, 1))
