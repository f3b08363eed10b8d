import csv
import dataclasses
import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from command import TINY, imported

from tasks.mixtures import MIXTURES, Mixture
from xltransfer import (
    checkpoints,
    configuration,
    fingerprint,
    phase,
    results,
    starting,
    study,
)
from xltransfer import workspace as workspaces
from xltransfer.errors import InputError
from xltransfer.workspace import Workspace


def load(*overrides: str) -> study.Study:
    return configuration.load(TINY, overrides)[0]


def workspace(found: study.Study, out: Path, cache: Path | None = None):
    return Workspace(
        out,
        cache or out / "cache",
        None,
        found.partitioning,
        found.execution,
    )


class Recorder:
    """Remembers what a study did."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.steps: list[int] = []
        self.evaluated: list[tuple[str, str]] = []

    def phase(self, number, total, started):
        self.phases.append(started.kind)
        return lambda step, metrics: self.steps.append(step)

    def waiting(self, holders):
        """No other worker is there."""

    def evaluating(self, cell, language):
        self.evaluated.append((cell.intermediate, language))


def kinds(found: study.Study) -> dict[str, int]:
    every = [one.kind for one in study.phases(found)]
    return {kind: every.count(kind) for kind in sorted(set(every))}


def test_shared_phases_are_found_once():
    found = load("Study.seeds=(1, 2, 3)")
    # By hand: one pretraining for all; Hindi at 3 seeds; the target after
    # nothing, after Hindi and without pretraining, at 3 seeds each.
    assert kinds(found) == {"pretrain": 1, "intermediate": 3, "target": 9}
    assert len(list(study.cells(found))) == 9


def test_two_targets_share_intermediate_phases():
    found = load()
    targets = dict(found.targets)
    targets["other"] = dataclasses.replace(
        targets["nli"],
        train="miniature_nli.de",
        training=dataclasses.replace(targets["nli"].training, steps=9),
    )
    found = dataclasses.replace(found, targets=targets)
    # Hindi once; 3 rows x 2 targets.
    assert kinds(found) == {"pretrain": 1, "intermediate": 1, "target": 6}


def test_rows_that_say_the_same_share_everything():
    rows = "{'none': None, 'a': 'miniature_inference.hi', "
    rows += "'b': 'miniature_inference.hi'}"
    assert study.phases(load(f"Study.intermediates={rows}")) == study.phases(
        load()
    )


def test_a_control_with_pretraining_and_the_same_target_is_the_direct_row():
    found = load("Control.pretrained=True")
    cells = {one.intermediate: one.phase for one in study.cells(found)}
    assert cells["no pretraining"] == cells["none"]


def test_parents_come_before_children():
    every = study.phases(load("Study.seeds=(1, 2)"))
    for position, one in enumerate(every):
        assert one.parent is None or one.parent in every[:position]


def test_intermediates_without_a_training_are_refused():
    with pytest.raises(
        InputError, match=r"How to train on .*\.hi is not bound"
    ):
        list(study.cells(load("Study.intermediate=None")))


def test_lineage_of_every_row():
    cells = {one.intermediate: one.phase for one in study.cells(load())}
    assert cells["none"].parent.kind == "pretrain"
    assert cells["Hindi"].parent.kind == "intermediate"
    assert cells["Hindi"].parent.parent == cells["none"].parent
    assert cells["no pretraining"].parent is None
    assert cells["no pretraining"].init == "scratch"


def test_without_pretraining_first_phases_start_from_init_or_from_nothing():
    found = load("Study.pretrain=None", "Study.init='hf:model'")
    starts = {
        cell.intermediate: (cell.phase.parent or cell.phase).init
        for cell in study.cells(found)
    }
    assert starts == {
        "none": "hf:model",
        "Hindi": "hf:model",
        "no pretraining": "scratch",
    }


@pytest.mark.parametrize(
    ("override", "changed"),
    [
        ("pretrain/Training.steps=7", "pretrain: intermediate: Hindi: none"),
        ("intermediate/Training.steps=7", "intermediate: Hindi"),
        ("target/Training.steps=7", "Hindi: none: no pretraining"),
        (
            "XLMRConfig.mlp_size=33",
            "pretrain: intermediate: Hindi: none: no pretraining",
        ),
        ("Target.evaluation='miniature_nli.en'", ""),
        ("Study.name='other'", ""),
    ],
)
def test_a_change_reaches_exactly_the_dependants(override, changed):
    def identities(found: study.Study) -> dict[str, str]:
        targets = {one.intermediate: one.phase for one in study.cells(found)}
        others = {
            one.kind: one for one in study.phases(found) if one.kind != "target"
        }
        return {
            name: one.identity(None) for name, one in (targets | others).items()
        }

    before, after = identities(load()), identities(load(override))
    assert {name for name in before if before[name] != after[name]} == set(
        filter(None, changed.split(": "))
    )


def test_columns_are_those_of_the_long_form():
    assert ",".join(results.COLUMNS) == (
        "study,model,intermediate,target,language,metric,value,seed,"
        "selection,split,n,phase,data_digest,trimmed_softmax,prediction,"
        "method,intermediate_examples"
    )


def test_results_csv_has_a_line_for_every_language_of_every_row(finished):
    out, _, _ = finished
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == results.COLUMNS
    # 3 rows, 12 languages of the miniature world, 1 seed, 1 metric.
    assert len(rows) == 36
    assert len({tuple(row.values()) for row in rows}) == 36
    first = rows[0]
    assert first["study"] == "tiny" and first["model"] == "XLMR"
    assert first["intermediate"] == "none" and first["target"] == "nli"
    assert first["language"] == "en" and first["metric"] == "accuracy"
    assert first["seed"] == "1" and first["split"] == "test"
    assert first["selection"] == "english_dev" and first["n"] == "300"
    assert (out / "phases" / f"target-{first['phase']}").is_dir()
    # Of 300 examples: a percentage is a multiple of a third.
    assert float(first["value"]) * 3 == pytest.approx(
        round(float(first["value"]) * 3)
    )


def test_a_phase_leaves_all_its_files(finished):
    out, _, _ = finished
    folders = list((out / "phases").iterdir())
    assert len(folders) == 5
    for folder in folders:
        record = json.loads((folder / "phase.json").read_text())
        assert (
            fingerprint.digest(record["configuration"]) == (record["identity"])
        )
        assert folder.name.endswith(record["identity"])
        assert list(folder.glob("events.out.tfevents.*"))
        assert json.loads((folder / "environment.json").read_text())["commit"]
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        losses = [one for one in map(json.loads, lines) if "loss" in one]
        assert [one["step"] for one in losses] == [1, 2, 3, 4, 5, 6]
        predicted = {path.name for path in folder.rglob("test-*.tsv")}
        is_target = folder.name.startswith("target")
        assert len(predicted) == (12 if is_target else 0)
        hidden = [one for one in folder.rglob(".*") if one.is_file()]
        assert hidden == []


def test_training_from_prepared_caches_needs_no_tensorflow(finished):
    _, _, err = finished
    assert imported(err) & {"tensorflow", "seqio", "transformers"} == set()


def snapshot(folder: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_second_run_trains_nothing_and_prints_the_same_table(
    finished, command
):
    out, first, _ = finished
    before = snapshot(out / "phases")
    table = (out / "results.csv").read_bytes()
    again, err = command.run("run", TINY, "--out", out)
    assert snapshot(out / "phases") == before
    assert (out / "results.csv").read_bytes() == table
    assert "5 phases, 5 done" in again
    assert "step" not in again.split("5 phases")[1]
    assert again[again.index("nli: ") :] == first[first.index("nli: ") :]
    assert imported(err) & {"tensorflow", "seqio", "transformers"} == set()


@pytest.fixture
def copied(finished, command, tmp_path):
    """A finished study in a folder of its own, to be gone on with here."""
    out = tmp_path / "copy"
    shutil.copytree(finished[0], out)
    return lambda found: workspace(found, out, command.cache)


def test_a_changed_intermediate_phase_is_trained_with_its_target_only(copied):
    # It changes what the phase is, and no program: nothing is compiled twice.
    found = load("intermediate/Training.evaluate_every=3")
    recorder, place = Recorder(), copied(found)
    # The parent's parameters come from one device and go to eight here.
    study.run(found, place, recorder)
    assert recorder.phases == ["intermediate", "target"]
    assert recorder.steps == [1, 2, 3, 4, 5, 6] * 2
    assert {label for label, _ in recorder.evaluated} == {"Hindi"}
    assert len(recorder.evaluated) == 12
    # Run once more: nothing.
    again = Recorder()
    study.run(found, place, again)
    assert again.phases == again.evaluated == []


@pytest.fixture
def mixed(monkeypatch) -> study.Study:
    """The tiny study with an intermediate of two problems."""
    parts = (("miniature_inference.hi", 2.0), ("miniature_text.mul", 1.0))
    monkeypatch.setitem(MIXTURES, "mixed", Mixture("mixed", parts))
    return load("Study.intermediates={'none': None, 'mixed': 'mixed'}")


def test_a_phase_of_two_problems_goes_on_with_the_pretrained_head(
    copied, mixed
):
    place = copied(mixed)
    one = next(x for x in study.phases(mixed) if x.kind == "intermediate")
    program = phase._Run(one, place).program
    begun = starting.params(one, place, program)
    heads = program.abstract.params["heads"]
    pretrained = checkpoints.restore_params(
        place.directory(one.parent) / "checkpoints",
        6,
        {"head": heads["language_modeling"]["head"]},
    )
    jax.tree.map(
        np.testing.assert_array_equal,
        begun["heads"]["language_modeling"]["head"],
        pretrained["head"],
    )


def test_an_intermediate_of_two_problems_trains_and_its_target_follows(
    copied, mixed
):
    recorder, place = Recorder(), copied(mixed)
    study.run(mixed, place, recorder)
    assert recorder.phases == ["intermediate", "target"]
    assert {label for label, _ in recorder.evaluated} == {"mixed"}
    one = next(x for x in study.phases(mixed) if x.kind == "intermediate")
    lines = (place.directory(one) / "metrics.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    # Three classes, or hundreds of pieces: ln 3 = 1.1, ln 560 = 6.3; of three
    # batches one is of masked words.
    assert [loss > 3 for loss in losses].count(True) == 2


def test_another_language_is_evaluated_without_training(copied):
    found = load("Target.evaluation='miniature_nli_hypothesis_only.sw'")
    recorder, place = Recorder(), copied(found)
    study.run(found, place, recorder)
    assert recorder.phases == []
    assert recorder.evaluated == [
        (label, "sw") for label in ("none", "Hindi", "no pretraining")
    ]
    rows = study.results(found, place)
    assert [row["language"] for row in rows] == ["sw"] * 3


def test_numbers_of_another_metric_version_are_not_used_again(
    copied, monkeypatch
):
    found = load("Target.evaluation='miniature_nli.sw'")
    place = copied(found)
    monkeypatch.setattr("xltransfer.metrics.VERSION", 99)
    recorder = Recorder()
    study.run(found, place, recorder)
    assert recorder.phases == [] and len(recorder.evaluated) == 3
    assert len(study.results(found, place)) == 3


def test_a_lost_checkpoint_of_a_finished_parent_is_named(copied):
    found = load("target/Training.steps=2")
    place = copied(found)
    parent = next(one for one in study.phases(found) if one.parent is None)
    shutil.rmtree(place.directory(parent) / "checkpoints")
    with pytest.raises(InputError, match=r"pretrain.*there is no checkpoint"):
        study.run(found, place, Recorder())


def test_a_parent_of_another_shape_is_named(copied, monkeypatch):
    found = load("XLMRConfig.mlp_size=48", "pretrain/Training.steps=1")
    place = copied(found)
    old = next(one for one in study.phases(load()) if one.parent is None)
    new = next(one for one in study.phases(found) if one.parent is None)
    shutil.copytree(place.directory(old), place.directory(new))
    with pytest.raises(
        InputError, match=r"encoder/layers_0/mlp/wi/bias.*\(32,\).*\(48,\)"
    ):
        study.run(found, place, Recorder())


def test_config_gin_says_what_ran(finished):
    out, _, _ = finished
    assert configuration.load(out / "config.gin", ())[0] == load()


def test_a_record_cut_short_is_no_record(copied):
    found = load()
    place = copied(found)
    target = next(study.cells(found)).phase
    (place.directory(target) / workspaces.DONE).unlink()
    assert workspaces.finished(target, place) is None
    recorder = Recorder()
    # Everything is in the last checkpoint: no step is left to do.
    study.run(found, place, recorder)
    assert recorder.phases == ["target"] and recorder.steps == []
    assert workspaces.finished(target, place)["steps"] == 6
