"""Training on what is evaluated, by the rows of the task table.

What overlaps with what is that of the datasets' papers: XNLI's MT training
data is what "translate-train" trains on; KorNLI has XNLI's own pairs in Korean;
SQuAD-es translates the paragraphs of SQuAD that XQuAD translates; OCNLI was
written anew, in Chinese.
"""

import dataclasses

import pytest
from command import TINY

import tasks
from tasks.row import Split
from xltransfer import configuration, overlap, study
from xltransfer.components import Component, components_of
from xltransfer.errors import InputError
from xltransfer.report import console
from xltransfer.statistics.concluding import conclude
from xltransfer.workspace import Workspace


def part(name: str, split: str = "train") -> Component:
    return Component(tasks.dataset(name), split)


XNLI = components_of("xnli", "test")
XQUAD = components_of("xquad", "test")


@pytest.mark.parametrize(
    ("trained", "evaluated", "names"),
    [
        (part("xnli_mt.sw"), XNLI, ["xnli"]),
        (part("xnli_mt.en"), XNLI, []),
        (part("kornli_xnli.ko", "test"), XNLI, ["xnli"]),
        (part("kornli_snli.ko"), XNLI, []),
        (part("ocnli_50k.zh"), XNLI, []),
        (part("squad_es.es"), XQUAD, ["xquad"]),
        (part("squad_es.es"), XNLI, []),
        # XCOPA's validation sets translate COPA's, not its training questions.
        (part("copa.en", "dev"), components_of("xcopa", "test"), ["xcopa"]),
        (part("copa.en"), components_of("xcopa", "test"), []),
        # One language of an evaluation set.
        (part("ud_present.de"), [part("udpos.de", "test")], ["udpos.de"]),
        (part("ud_present.de"), [part("udpos.en", "test")], []),
    ],
    ids=lambda value: value.dataset.name if hasattr(value, "rate") else "",
)
def test_rows_say_what_they_overlap_with(trained, evaluated, names):
    assert overlap.marked(trained, evaluated) == names


def test_a_set_is_not_taken_for_one_whose_name_begins_alike():
    xnli_mt = part("xnli_mt.sw")
    row = dataclasses.replace(xnli_mt.dataset, name="xnlike.sw")
    assert overlap.marked(xnli_mt, [Component(row, "train")]) == []


def test_one_file_under_two_splits_is_found():
    # SQuADShifts' questions serve as training data and as test sets.
    reddit = "squadshifts_reddit.en"
    assert overlap.same(part(reddit), [part(reddit, "test")]) == [reddit]
    wiki = part("squadshifts_new_wiki.en", "test")
    assert overlap.same(part(reddit), [wiki]) == []


@pytest.fixture
def tiny(monkeypatch) -> study.Study:
    """The tiny study; its Swahili set says that it holds what is evaluated."""
    row = tasks.dataset("miniature_inference.sw")
    marked = dataclasses.replace(row, overlap=("miniature_nli",))
    plain = tasks.dataset
    monkeypatch.setattr(
        tasks, "dataset", lambda n: marked if n == row.name else plain(n)
    )
    return configuration.load(TINY, ())[0]


def with_rows(tiny: study.Study, **changes) -> study.Study:
    labels = {"none": None, "Swahili": "miniature_inference.sw"}
    return dataclasses.replace(tiny, intermediates=labels, **changes)


def workspace(found: study.Study, out) -> Workspace:
    return Workspace(
        out, out / "cache", None, found.partitioning, found.execution
    )


LINE = (
    "nli after Swahili is not zero-shot: trained on miniature_inference.sw, "
    "which overlaps with miniature_nli."
)


def test_every_row_and_target_has_one_line_whatever_the_seeds(tiny, tmp_path):
    found = with_rows(tiny, seeds=(1, 2))
    lines = [
        str(one) for one in study.overlaps(found, workspace(found, tmp_path))
    ]
    assert lines == [LINE]


def test_the_target_phase_counts_unless_its_data_are_english(tiny, tmp_path):
    (label, target), *_ = tiny.targets.items()
    foreign = dataclasses.replace(target, train="miniature_inference.sw")
    found = dataclasses.replace(
        tiny,
        intermediates={"none": None},
        controls={"translate-train": study.Control(target={label: foreign})},
    )
    (only,) = study.overlaps(found, workspace(found, tmp_path))
    assert only.intermediate == "translate-train"


def test_english_data_count_where_they_are_what_is_evaluated(tiny, tmp_path):
    found = dataclasses.replace(tiny, intermediates={"none": None}, controls={})
    (cell, *_) = study.cells(found)
    (english,) = cell.phase.components
    marked = dataclasses.replace(english.dataset, overlap=("miniature_nli",))
    trained = dataclasses.replace(
        cell.phase, components=(Component(marked, "train"),)
    )
    other = study.evaluated(cell, workspace(found, tmp_path))[0]
    assert overlap.overlaps(trained, other) == []
    leaked = Split("test", english.dataset.split("train").source)
    tested = dataclasses.replace(english.dataset, splits=(leaked,))
    evaluated = [Component(tested, "test")]
    name = english.dataset.name
    assert overlap.overlaps(trained, evaluated) == [(name, name)]


def test_a_study_can_refuse(tiny, tmp_path):
    found = with_rows(tiny, overlap="refuse")
    with pytest.raises(InputError, match="not zero-shot") as error:
        study.check(found, workspace(found, tmp_path))
    assert LINE in str(error.value)
    # The same rows are checked, and pass, where they are only warned of.
    warned = with_rows(tiny)
    study.check(warned, workspace(warned, tmp_path))
    with pytest.raises(InputError, match=r"Study\.overlap"):
        with_rows(tiny, overlap="ignore")


def test_plan_and_results_say_so(tiny, tmp_path, capsys, monkeypatch):
    found = with_rows(tiny, seeds=(1,), controls={})
    place = workspace(found, tmp_path)
    console.print_plan(found, place)
    assert f"note: {LINE}" in capsys.readouterr().out.splitlines()
    facts = {"metric": "accuracy", "selection": "last", "language": "sw"}
    facts |= {"phase": "target-0", "data_digest": "0", "n": 10}
    results = [
        {"intermediate": label, "target": target, "seed": 1, "value": 50.0}
        | facts
        for label in found.intermediates
        for target in ("nli", "another")
    ]
    monkeypatch.setattr(study, "results", lambda *unused: results)
    said = conclude(results, lambda row: None, (), direct=found.direct)
    console.print_results(found, place, said)
    # Below the table of its own target.
    nli, another = (tmp_path / "results.md").read_text().split("| another")
    assert nli.rstrip().splitlines()[-2:] == ["", LINE]
    assert LINE not in another
