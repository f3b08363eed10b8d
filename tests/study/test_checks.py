"""Files that are not there: all of them at once, and a plan without them."""

import dataclasses
from pathlib import Path

import pytest
from command import TINY

from xltransfer import configuration, study
from xltransfer.configuration import GIN_ROOT
from xltransfer.errors import InputError
from xltransfer.workspace import Workspace

ROWS = {"none": None, "Chinese": "ocnli.zh", "Hindi": "miniature_inference.hi"}


def tiny(*overrides: str) -> study.Study:
    found = configuration.load(TINY, overrides)[0]
    return dataclasses.replace(found, intermediates=ROWS)


def place(found: study.Study, out: Path, data_dir: Path | None) -> Workspace:
    return Workspace(
        out, out / "cache", data_dir, found.partitioning, found.execution
    )


def test_every_missing_file_is_named_in_one_message(tmp_path):
    rows = {**ROWS, "Persian": "farstail.fa"}
    found = dataclasses.replace(tiny(), intermediates=rows)
    with pytest.raises(InputError) as caught:
        study.check(found, place(found, tmp_path, tmp_path))
    message = str(caught.value)
    for name in ("ocnli/train.10k.json", "farstail/Train-word.csv"):
        assert str(tmp_path / name) in message
    assert "ocnli.zh train" in message and "farstail.fa train" in message


def test_without_a_data_directory_that_is_what_is_missing(tmp_path):
    found = tiny()
    with pytest.raises(InputError, match="a data directory, and none is given"):
        study.check(found, place(found, tmp_path, None))


def test_a_plan_goes_on_and_knows_what_lacks_files(tmp_path):
    found = tiny()
    workspace = place(found, tmp_path, tmp_path)
    study.check(found, workspace, complete=False)
    lacks = study.lacking(found, workspace)
    # By hand: the Chinese intermediate and its target, of seven phases.
    assert [bool(one) for one in lacks.values()].count(True) == 2
    for one, missing in lacks.items():
        if missing:
            assert "ocnli.zh train" in [known.name for known in missing]
        else:
            assert workspace.directory(one).name.startswith(one.kind)


def test_a_part_of_a_dataset_lacks_what_the_dataset_lacks(tmp_path):
    rows = {"none": None, "all": "ocnli.zh", "some": "ocnli.zh[:500]"}
    found = dataclasses.replace(tiny(), intermediates=rows)
    missing = study.missing(found, place(found, tmp_path, tmp_path))
    assert [one.name for one in missing] == ["ocnli.zh train"]


def test_what_is_wrong_stops_a_plan_too(tmp_path):
    found = tiny("Target.split='tset'")
    with pytest.raises(InputError, match="Did you mean 'test'"):
        study.check(found, place(found, tmp_path, tmp_path), complete=False)


def test_an_evaluation_without_one_language_is_missing(tmp_path):
    found = tiny("Target.evaluation='xnli'")
    missing = study.missing(found, place(found, tmp_path, tmp_path))
    assert "evaluation on xnli test" in [one.name for one in missing]


SHIPPED = {
    # By hand. 13 rows x 2 methods x 3 seeds of intermediates, less direct ones;
    # 12 x 2 + 1 rows x 7 phases of targets, the two bitexts and the two of
    # SQuAD being one each.
    "phang2020": (72, 25 * 7 * 3),
    # 9 rows and 8 smaller ones (FarsTail is as small), 2 models, 3 seeds;
    # XNLI, Social IQa and COPA after each and after none.
    "non_english_inference": (17 * 2 * 3, 18 * 3 * 2 * 3),
    # 17 rows, of which one has a second phase after a shared first; ten
    # targets, Social IQa besides, SQuAD's three being one.
    "xtreme_r_full": (17 * 3, 18 * 9 * 3),
    # 15 languages, 5 seeds; five targets, Social IQa besides.
    "language_distance": (15 * 5, 16 * 6 * 5),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_study_is_planned_without_its_files(name, tmp_path):
    path = GIN_ROOT / "studies" / f"{name}.gin"
    found, _ = configuration.load(path, ())
    workspace = place(found, tmp_path, tmp_path)
    study.check(found, workspace, complete=False)
    kinds = [one.kind for one in study.phases(found)]
    counts = kinds.count("intermediate"), kinds.count("target")
    assert counts == SHIPPED[name]
    missing = [one.name for one in study.missing(found, workspace)]
    assert any(one.startswith("weights hf:FacebookAI/xlm-r") for one in missing)
    assert "mnli.en train" in missing


@pytest.mark.parametrize("path", sorted(GIN_ROOT.glob("studies/*.gin")))
def test_a_study_is_at_most_forty_lines(path):
    assert len(path.read_text().splitlines()) <= 40
