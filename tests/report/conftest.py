"""What several tests of reports share."""

from pathlib import Path

import pytest
from synthetic_study import DIRECT, EVIL, FULL, SMALL, Synthetic, reported

from xltransfer.report import study_report


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    return reported(SMALL, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def evil(tmp_path_factory) -> Path:
    study = Synthetic(
        {DIRECT: None, EVIL: "mnli.en"},
        ("xnli",),
        seeds=(1, 2),
        rules=("english_dev", "oracle"),
    )
    return reported(study, tmp_path_factory.mktemp("evil"))


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> Path:
    """The folder of a study of ten intermediates, ten targets, three seeds."""
    folder = FULL.write(tmp_path_factory.mktemp("large"))
    study_report.write(folder, folder / "report")
    return folder
