"""What several tests of reports share."""

from pathlib import Path

import pytest
from synthetic_study import FULL

from xltransfer.report import study_report


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> Path:
    """The folder of a study of ten intermediates, ten targets, three seeds."""
    folder = FULL.write(tmp_path_factory.mktemp("large"))
    study_report.write(folder, folder / "report")
    return folder
