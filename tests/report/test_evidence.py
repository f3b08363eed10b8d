import json
import shutil
from pathlib import Path

import pytest
from command import TINY

from xltransfer import configuration, example_counts, results, study
from xltransfer.errors import InputError
from xltransfer.metrics import COUNTED
from xltransfer.report import evidence, study_folder
from xltransfer.study import description, flagging
from xltransfer.workspace import Workspace


@pytest.fixture
def tiny(finished, command, tmp_path):
    """A copy of the finished tiny study: what it is, and where."""
    found, _ = configuration.load(TINY, ())
    out = tmp_path / "study"
    shutil.copytree(finished[0], out)
    place = Workspace(
        out, command.cache, None, found.partitioning, found.execution
    )
    return found, place


def conclusions(found, place):
    flagging.write(found, place)
    return evidence.conclusions(study_folder.read(place.out))


def test_what_is_kept_of_examples_gives_every_number(finished):
    checked = 0
    for path in sorted((finished[0] / "phases").glob("target-*")):
        for record in results.read(path / "results.jsonl"):
            place = example_counts.path_of(
                path / "examples",
                record["task"],
                record["language"],
                record["split"],
            )
            counts = example_counts.read(place)
            (metric,) = counts.columns
            sums = {
                name: values.sum()
                for name, values in counts.columns[metric].items()
            }
            number = COUNTED[metric].total(sums)[record["metric"]]
            assert number == pytest.approx(record["value"], abs=1e-9)
            assert counts.size == record["n"]
            checked += 1
    # Three target phases in twelve languages.
    assert checked == 36


def test_a_study_of_one_seed_has_intervals_over_examples(tiny):
    said = conclusions(*tiny)
    # Hindi in twelve languages, and their mean.
    assert len(said.comparisons) == 13
    assert {one.over for one in said.comparisons} == {("examples",)}
    assert all(one.p is None for one in said.comparisons)
    rows = study.results(*tiny)
    for one in said.comparisons:
        if one.is_mean:
            continue
        value = {
            row["intermediate"]: row["value"]
            for row in rows
            if row["language"] == one.language
        }
        assert one.estimate.mean == pytest.approx(
            value["Hindi"] - value["none"]
        )


def test_what_learnt_nothing_is_marked(tiny):
    found, place = tiny
    # Six steps teach nothing: all answers are one label.
    assert all(one.flagged for one in conclusions(found, place).comparisons)
    for path in place.out.glob("phases/*/done.json"):
        record = json.loads(path.read_text())
        if record.get("constant"):
            record["constant"]["score"] = 0.0
            record["constant"]["error"] = 0.0
            path.write_text(json.dumps(record))
    assert not any(one.flagged for one in conclusions(found, place).comparisons)


def test_phases_evaluated_without_examples_still_report(tiny):
    found, place = tiny
    for folder in place.out.glob("phases/*/examples"):
        shutil.rmtree(folder)
    said = conclusions(found, place)
    assert len(said.comparisons) == 13
    assert all(one.interval is None for one in said.comparisons)
    assert any("was not kept" in limit for limit in said.limits)


def test_damaged_examples_are_named(tiny):
    found, place = tiny
    path = next(place.out.glob("phases/*/examples/*/*.npy"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=path.name):
        conclusions(found, place)


def test_dev_scores_choose_the_best(tiny):
    found, place = tiny
    scores = {}
    for cell in study.cells(found):
        path = place.directory(cell.phase) / "done.json"
        record = json.loads(path.read_text())
        scores[cell.intermediate] = record["score"]
        record["constant"] = None
        path.write_text(json.dumps(record))
    (best,) = conclusions(found, place).best
    candidates = {name: scores[name] for name in ("none", "Hindi")}
    assert best.dev_score == pytest.approx(max(candidates.values()))
    assert best.chosen_by == "english_dev"


def test_the_printed_deltas_have_intervals_and_say_how_they_are_made(finished):
    _, out, _ = finished
    _, deltas = out.split("delta to 'none'")
    assert deltas.startswith(", paired by seed, and 95 % interval")
    assert "…" in deltas
    (said,) = (x for x in deltas.splitlines() if x.startswith("Marks:"))
    assert "Holm" in said and "Student's t" in said and "at 1 seed" in said
    text = (Path(finished[0]) / "results.md").read_text()
    assert said in text and "- All runs start from one" in text


OTHER_STATISTICS = f"""
from __gin__ import dynamic_registration
from xltransfer import statistics
from xltransfer import study
include '{TINY}'
study.Study.statistics = @statistics.Method()
statistics.Method:
    test = 'sign flips'
    languages = 'drawn'
"""


def test_other_statistics_are_no_other_study(tiny, tmp_path):
    found, place = tiny
    path = tmp_path / "other.gin"
    path.write_text(OTHER_STATISTICS)
    other, _ = configuration.load(path, ())
    assert study.phases(other) == study.phases(found)
    before = conclusions(found, place)
    description.write(other, place, ["xltransfer"])
    after = conclusions(other, place)
    assert "flips of the signs of seeds" in after.method
    assert "drawn anew" in after.method
    # What is estimated stays; how sure it is does not.
    pairs = zip(before.comparisons, after.comparisons, strict=True)
    assert all(a.estimate == b.estimate for a, b in pairs)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"test": "guess"}, "Method.test is 'guess'"),
        ({"tests": "crossed t"}, "study.json: statistics: .*tests"),
        ({"redrawn": 5}, "Method.redrawn is 5"),
    ],
)
def test_statistics_that_there_are_not_are_named(tiny, given, message):
    found, place = tiny
    path = place.out / "study.json"
    known = json.loads(path.read_text()) | {"statistics": given}
    path.write_text(json.dumps(known))
    with pytest.raises(InputError, match=message):
        conclusions(found, place)
