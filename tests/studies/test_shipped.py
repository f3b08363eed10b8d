"""The studies that ship, cut down until they are run in seconds."""

import csv
import os
from pathlib import Path

import pytest

from xltransfer import configuration, study
from xltransfer.configuration import GIN_ROOT
from xltransfer.workspace import Workspace

FEW_STEPS = (
    "--gin.pretrain/Training.steps=2",
    "--gin.intermediate/Training.steps=2",
    "--gin.target/Training.steps=2",
    "--gin.pretrain/Training.batch_size=8",
    "--gin.intermediate/Training.batch_size=8",
    "--gin.target/Training.batch_size=8",
    "--gin.Study.seeds=(1,)",
)


@pytest.fixture
def data_dir() -> Path:
    folder = os.environ.get("XLTRANSFER_DATA_DIR")
    if not folder:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    return Path(folder)


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open() as file:
        return list(csv.DictReader(file))


def test_an_mt5_study_goes_from_text_to_table(command, tmp_path):
    printed, _ = command.run(
        "run",
        GIN_ROOT / "studies" / "quickstart_mt5.gin",
        *("--out", tmp_path, *FEW_STEPS),
        "--gin.Study.intermediates="
        "{'none': None, 'Hindi': 'miniature_inference.hi'}",
        "--gin.Study.controls={}",
        "--gin.Target.evaluation='miniature_nli.sw'",
    )
    rows = table(tmp_path)
    assert [row["intermediate"] for row in rows] == ["none", "Hindi"]
    assert {row["model"] for row in rows} == {"MT5"}
    assert {row["n"] for row in rows} == {"300"}
    # Answers are ranked: none lies outside the labels.
    for path in tmp_path.rglob("test-sw.tsv"):
        labels = set(path.read_text().split())
        assert labels <= {"entailment", "neutral", "contradiction"}
    assert "│ Hindi" in printed


def plan(name: str, data_dir: Path | None, tmp_path: Path) -> list[str]:
    """Returns the kinds of a shipped study's phases, after all its checks."""
    path = GIN_ROOT / "studies" / name
    found, _ = configuration.load(path, ())
    place = Workspace(
        tmp_path,
        tmp_path / "cache",
        data_dir,
        found.partitioning,
        found.execution,
    )
    study.check(found, place)
    return [one.kind for one in study.phases(found)]


def test_the_quickstart_has_the_rows_and_controls_that_are_asked_for(tmp_path):
    kinds = plan("quickstart.gin", None, tmp_path)
    # 3 seeds: none, English, Hindi, both; no pretraining, hypothesis only.
    assert kinds.count("pretrain") == 1
    assert kinds.count("intermediate") == 3 * 3
    assert kinds.count("target") == 6 * 3


REAL = sorted(
    path.name
    for path in (GIN_ROOT / "studies").glob("real_nli*.gin")
    # The rows are a part of studies.
    if not path.stem.endswith("_rows")
)


@pytest.mark.parametrize("name", REAL)
def test_the_studies_on_real_files_find_their_files(name, data_dir, tmp_path):
    kinds = plan(name, data_dir, tmp_path)
    # English pool, Chinese, Indonesian, Persian, all.
    assert kinds.count("pretrain") == 1
    assert kinds.count("intermediate") % 5 == 0
    assert kinds.count("target") % 6 == 0


def test_every_head_is_trained_in_one_phase_on_real_files(data_dir, tmp_path):
    kinds = plan("real_all.gin", data_dir, tmp_path)
    assert kinds == ["pretrain", "target"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quickstart.gin", "real_nli.gin"])
def test_an_xlmr_study_goes_from_text_to_table(
    name, command, data_dir, tmp_path
):
    _, again = (
        command.run(
            "run",
            GIN_ROOT / "studies" / name,
            *("--out", tmp_path, "--data-dir", data_dir, *FEW_STEPS),
        )
        for _ in range(2)
    )
    assert "step" not in again[0].split(" done;")[1].split("accuracy")[0]
    cells = {(row["intermediate"], row["language"]) for row in table(tmp_path)}
    assert len(cells) == len(table(tmp_path))


MINIATURE = "--gin.Study.scale='miniature'"
# XCOPA is trained on two sets, one after the other; so is its intermediate row.
SMALL = (
    MINIATURE,
    "--gin.Study.methods={}",
    "--gin.Study.targets={'XCOPA': @xcopa/Target()}",
    "--gin.Study.intermediates="
    "{'none': None, 'two': ['xnli_mt.de', 'mnli.en[:500]']}",
)


def test_a_shipped_study_runs_in_miniature_by_one_override(command, tmp_path):
    printed, _ = command.run(
        "run",
        GIN_ROOT / "studies" / "phang2020.gin",
        *("--out", tmp_path, *SMALL),
    )
    rows = table(tmp_path)
    assert {row["target"] for row in rows} == {"XCOPA"}
    # All of the miniature's first set, 500 of its second.
    examples = {
        row["intermediate"]: row["intermediate_examples"] for row in rows
    }
    assert examples == {"none": "0", "two": "2500"}
    assert {row["language"] for row in rows} == {"en", "de", "sw"}
    folders = [path.name for path in (tmp_path / "phases").iterdir()]
    counts = [
        sum(name.startswith(kind) for name in folders)
        for kind in ("pretrain", "intermediate", "target")
    ]
    assert counts == [1, 2, 4]
    assert "│ two" in printed
    # What ran can be run again from the folder alone.
    again, _ = configuration.load(tmp_path / "config.gin", ())
    names = {f"{one.kind}-{one.identity(None)}" for one in study.phases(again)}
    assert names == set(folders)


WHOLE = (
    *("phang2020", "non_english_inference"),
    *("xtreme_r_full", "language_distance"),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_every_shipped_study_runs_in_miniature(name, command, tmp_path):
    path = GIN_ROOT / "studies" / f"{name}.gin"
    command.run("run", path, "--out", tmp_path, MINIATURE, limit=3600)
    found = configuration.load(path, (MINIATURE.removeprefix("--gin."),))[0]
    names = ("model", "method", "intermediate", "target")
    expected = {
        tuple(getattr(cell, name) for name in names)
        for cell in study.cells(found)
    }
    rows = table(tmp_path)
    assert {tuple(row[name] for name in names) for row in rows} == expected
    # One that learnt nothing is marked.
    assert (tmp_path / "results.md").read_text().count("\n| none (direct)")
