"""The report of a study's folder, against the folder's own files."""

import csv
import dataclasses
import json
import statistics
from pathlib import Path

import pytest
from page_reading import page
from synthetic_study import DIRECT, SMALL, Synthetic, reported

from xltransfer import example_counts, results
from xltransfer.metrics.benchmarks import TASKS
from xltransfer.report import evidence, study_folder, study_report

NOT_TEXT = {
    "value": float,
    "seed": int,
    "n": int,
    "intermediate_examples": int,
}


def rows(folder: Path) -> list[dict]:
    """Reads results.csv, with numbers as numbers."""
    with (folder / "results.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    return [
        {k: NOT_TEXT.get(k, str)(v) for k, v in row.items()} for row in found
    ]


def test_the_page_holds_every_number_of_results_csv(small):
    assert page(small).results() == rows(small)


def test_deltas_in_the_page_are_differences_of_results_csv(small):
    """Each delta is computed here from the CSV file, by hand."""
    scores = {
        (
            x["target"],
            x["metric"],
            x["intermediate"],
            x["language"],
            x["seed"],
        ): (x["value"])
        for x in rows(small)
    }
    tables = page(small).tables
    # Fifteen languages stand in columns, those of PAN-X in rows.
    xnli = tables["deltas-1"].values()
    for label in ("MNLI", "OCNLI"):
        for code in TASKS["xnli"].xtreme:
            expected = statistics.fmean(
                scores["xnli", "accuracy", label, code, seed]
                - scores["xnli", "accuracy", DIRECT, code, seed]
                for seed in SMALL.seeds
            )
            assert xnli[label, code] == pytest.approx(expected, abs=1e-9)
    panx = tables["deltas-2"]
    assert panx.columns == ["language", "code", "MNLI", "OCNLI"]
    codes = [row[1].text for row in panx.rows[2:]]
    assert sorted(codes) == sorted(TASKS["panx"].known_languages)
    for row in panx.rows[2:]:
        expected = statistics.fmean(
            scores["panx", "f1", "OCNLI", row[1].text, seed]
            - scores["panx", "f1", DIRECT, row[1].text, seed]
            for seed in SMALL.seeds
        )
        assert row[3].value == pytest.approx(expected, abs=1e-9)


def test_the_transfer_matrix_has_means_over_languages_but_english(small):
    found = page(small).tables["transfer-1"].values()
    by_run: dict[tuple, list[float]] = {}
    for row in rows(small):
        if row["language"] != "en":
            key = (row["target"], row["metric"], row["intermediate"])
            by_run.setdefault(key, []).append(row["value"])
    names = {
        ("xnli", "accuracy"): "xnli accuracy",
        ("panx", "f1"): "panx F1",
        ("mlqa", "exact_match"): "mlqa EM",
        ("mlqa", "f1"): "mlqa F1",
    }
    for (target, metric), column in names.items():
        direct = statistics.fmean(by_run[target, metric, DIRECT])
        assert found[DIRECT, column] == pytest.approx(direct, abs=1e-9)
        own = statistics.fmean(by_run[target, metric, "OCNLI"])
        delta = found["OCNLI", column]
        assert delta == pytest.approx(own - direct, abs=1e-9)
    # Over targets: the two metrics of MLQA count as one target together.
    one, two, *three = (found["OCNLI", column] for column in names.values())
    expected = (one + two + statistics.fmean(three)) / 3
    assert found["OCNLI", "all targets"] == pytest.approx(expected, abs=1e-9)


def test_every_table_has_a_caption_and_real_headers(small):
    found = page(small)
    for name, table in found.tables.items():
        if not table.rows:
            continue
        assert len(table.caption) > 20, name
        for cell in table.rows[0]:
            assert cell.tag == "th" and cell.attributes["scope"] == "col", name
            assert cell.text, name
        for row in table.rows[1:]:
            assert len(row) == len(table.columns), name
            assert row[0].tag == "th" and row[0].attributes["scope"] == "row"


def test_every_drawing_says_what_it_shows(small):
    drawn = [x for tag, x in page(small).attributes if tag == "svg"]
    assert len(drawn) > 5
    for one in drawn:
        assert one["role"] == "img" and len(one["aria-label"]) > 30


def test_the_page_asks_for_nothing_from_elsewhere(small):
    for tag, given in page(small).attributes:
        assert tag not in ("img", "iframe", "object", "embed", "base"), tag
        for name in ("src", "href", "xlink:href", "action"):
            address = given.get(name)
            assert not address or address.startswith(("#", "data:")), address
    text = (small / "report" / "report.html").read_text()
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style and "@import" not in style
    assert "fetch(" not in text and "XMLHttpRequest" not in text


def test_numbers_chosen_by_the_test_set_say_so_in_every_table(evil):
    for name, table in page(evil).tables.items():
        if "oracle" in table.caption:
            assert "NOT ZERO-SHOT" in table.caption, name
    captions = [x.caption for x in page(evil).tables.values()]
    # The matrix, the deltas, the scores, families and scripts; two drawings.
    assert sum("NOT ZERO-SHOT" in one for one in captions) >= 5
    flags = page(evil).tables["flags"]
    assert [
        row[0].text for row in flags.rows[1:] if "oracle" in row[2].text
    ] == ["not zero-shot"]
    for name in ("report.md", "report.tex"):
        text = (evil / "report" / name).read_text()
        for line in text.splitlines():
            if "oracle" in line and ("**" in line or "caption" in line):
                assert "ZERO" in line, line


def test_published_numbers_stand_beside_means_over_the_same_languages(small):
    """RemBERT's paper, table 16: XLM-R Large has 79.2 on XNLI."""
    table = page(small).tables["published-1"]
    by_model = {
        (row[0].text, row[3].text): row[2].value for row in table.rows[1:]
    }
    assert by_model["XLM-R Large", "RemBERT Table 16"] == 79.2
    own = [
        row["value"]
        for row in rows(small)
        if (row["target"], row["intermediate"]) == ("xnli", DIRECT)
    ]
    # English is in the published mean.
    assert len(own) == 15 * 3
    found = by_model[f"XLMR, {DIRECT}", "this study"]
    assert found == pytest.approx(statistics.fmean(own), abs=1e-9)


def test_a_mean_over_fewer_languages_is_not_compared(tmp_path):
    study = Synthetic(SMALL.intermediates, ("xnli",), (1, 2), languages=9)
    found = page(reported(study, tmp_path))
    assert "published-1" not in found.tables
    text = (tmp_path / "report" / "report.md").read_text()
    assert "evaluated in 9 languages, theirs is an average over 15" in text


def test_a_row_that_trained_otherwise_is_flagged(tmp_path):
    SMALL.write(tmp_path)
    description = json.loads((tmp_path / "study.json").read_text())
    cell = next(
        one
        for one in description["cells"]
        if (one["intermediate"], one["target"]) == ("MNLI", "xnli")
    )
    path = tmp_path / "phases" / cell["phases"][-1] / "phase.json"
    record = json.loads(path.read_text())
    record["configuration"]["training"]["batch_size"] = 64
    path.write_text(json.dumps(record))
    study_report.write(tmp_path, tmp_path / "report")
    flags = page(tmp_path).tables["flags"]
    assert [row[1].text for row in flags.rows[1:]] == ["xnli after MNLI"]
    assert "training.batch_size" in flags.rows[1][2].text


def test_a_study_that_goes_on_has_a_report_that_says_so(tmp_path):
    SMALL.write(tmp_path)
    (tmp_path / "results.csv").unlink()
    description = json.loads((tmp_path / "study.json").read_text())
    name = description["cells"][-1]["phases"][-1]
    (tmp_path / "phases" / name / "done.json").unlink()
    study_report.write(tmp_path, tmp_path / "report")
    found = page(tmp_path)
    reasons = " ".join(row[2].text for row in found.tables["flags"].rows[1:])
    # 2 intermediates and 3 rows x 3 targets, at 3 seeds.
    assert "1 of 33 phases are not finished" in reasons
    assert "the study has not ended" in reasons
    states = {row[0].text: row[-1].text for row in found.tables["phases"].rows}
    assert states[name] == "at step 2,400"


def test_numbers_from_before_a_change_are_left_out_and_flagged(tmp_path):
    SMALL.write(tmp_path)
    path = tmp_path / "study.json"
    description = json.loads(path.read_text())
    cell = description["cells"][-1]
    lost = cell["phases"][-1].partition("-")[2]
    cell["phases"][-1] = "target-0123456789abcdef"
    path.write_text(json.dumps(description))
    study_report.write(tmp_path, tmp_path / "report")
    found = page(tmp_path)
    expected = [row for row in rows(tmp_path) if row["phase"] != lost]
    assert found.results() == expected
    count = len(rows(tmp_path)) - len(expected)
    reasons = [row[2].text for row in found.tables["flags"].rows[1:]]
    assert any(f"{count} numbers are of phases" in one for one in reasons)


def test_what_the_run_flagged_is_told_and_marked(tmp_path):
    SMALL.write(tmp_path)
    description = json.loads((tmp_path / "study.json").read_text())
    cell = next(x for x in description["cells"] if x["intermediate"] == "OCNLI")
    flag = {
        "phase": cell["phases"][-1],
        "cells": [["OCNLI", cell["target"], cell["seed"]]],
        "kind": "degenerate",
        "reason": "scores 33.4 on the dev set, the best constant answer 33.3",
    }
    (tmp_path / "flags.json").write_text(json.dumps([flag]))
    study_report.write(tmp_path, tmp_path / "report")
    found = page(tmp_path)
    assert [x.text for x in found.tables["flags"].rows[1]] == [
        "degenerate",
        f"{cell['target']} after OCNLI · {cell['phases'][-1]}",
        flag["reason"],
    ]
    labels = [row[0].text for row in found.tables["deltas-1"].rows]
    assert labels == ["intermediate", "MNLI", "OCNLI ‡"]
    text = (tmp_path / "report" / "report.md").read_text()
    assert "1 of 3 runs are no better than a constant answer" in text


def test_the_report_of_one_folder_is_always_the_same(small, tmp_path):
    study_report.write(small, tmp_path)
    for name in ("report.md", "report.tex", "report.html"):
        again = (tmp_path / name).read_text()
        assert again == (small / "report" / name).read_text()


def test_models_have_tables_of_their_own(tmp_path):
    SMALL.write(tmp_path)
    path = tmp_path / "results.csv"
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    # The second model is one point better at everything.
    more = [
        row | {"model": "MT5", "value": float(row["value"]) + 1}
        for row in found
    ]
    results.write_table(path, [*found, *more])
    study_report.write(tmp_path, tmp_path / "report")
    tables = page(tmp_path).tables
    first, second = tables["transfer-1"], tables["transfer-2"]
    assert "XLMR" in first.caption and "MT5" in second.caption
    one, other = first.values(), second.values()
    for (label, column), value in one.items():
        if value is not None:
            more = float(label == DIRECT)
            assert other[label, column] == pytest.approx(value + more)
    # Each line of what was concluded says of which model it is.
    models = [row[1].text for row in tables["means"].rows]
    assert models[0] == "model" and set(models[1:]) == {"XLMR", "MT5"}


def test_a_rate_of_outputs_is_told_and_is_no_score(tmp_path):
    SMALL.write(tmp_path)
    path = tmp_path / "results.csv"
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    rates = [row | {"metric": "illegal_outputs", "value": 7} for row in found]
    results.write_table(path, [*found, *rates])
    study_report.write(tmp_path, tmp_path / "report")
    tables = page(tmp_path).tables
    flags = {row[0].text: row[2].text for row in tables["flags"].rows}
    assert flags["outputs"].startswith("illegal_outputs of up to 7.0 %")
    others = [table for name, table in tables.items() if name != "flags"]
    assert not any(
        "illegal" in cell.text
        for table in others
        for row in table.rows
        for cell in row
    )


def test_a_miniature_says_what_its_numbers_are_worth(tmp_path):
    SMALL.write(tmp_path)
    path = tmp_path / "study.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"scale": "miniature"})
    )
    study_report.write(tmp_path, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    assert text.splitlines()[0].endswith(", in miniature: a transfer study")
    assert "| miniature | every number | in miniature" in text


def test_a_section_without_numbers_says_so(tmp_path):
    SMALL.write(tmp_path)
    (tmp_path / "results.csv").unlink()
    study_report.write(tmp_path, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    _, after = text.split("## Families and scripts\n")
    assert after.lstrip().startswith("There are no numbers for it.")


def test_a_control_with_other_questions_costs_no_interval(tmp_path):
    """Its examples cannot be paired, but nothing is concluded of it."""
    study = dataclasses.replace(SMALL, targets=("xnli",), controls=("blind",))
    study.write(tmp_path)
    path = tmp_path / "results.csv"
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    for row in found:
        folder = tmp_path / "phases" / f"target-{row['phase']}" / "examples"
        right = int(20 * float(row["value"]))
        hits = [1] * right + [0] * (2000 - right)
        example_counts.write(
            example_counts.path_of(folder, "xnli", row["language"], "test"),
            {"accuracy": {"hits": hits, "n": [1] * 2000}},
            None,
        )
        if row["intermediate"] == "blind":
            row["data_digest"] = "another"
    results.write_table(path, found)
    given = evidence.conclusions(study_folder.read(tmp_path))
    assert {one.intermediate for one in given.comparisons} == {"MNLI", "OCNLI"}
    assert {one.over for one in given.comparisons} == {("seeds", "examples")}


def test_a_large_study_has_a_page_of_five_megabytes_at_most(large):
    """Ten intermediates, ten targets with all their languages, three seeds."""
    size = (large / "report" / "report.html").stat().st_size
    assert size <= 5_000_000
    assert page(large).results() == rows(large)
