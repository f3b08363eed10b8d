"""A cloud for each test of launching."""

import sys
from pathlib import Path

import pytest
from clouds import Cloud


@pytest.fixture
def cloud(tmp_path) -> Cloud:
    (tmp_path / "bin").mkdir()
    fake = Path(__file__).with_name("fake_gcloud.py")
    gcloud = tmp_path / "bin" / "gcloud"
    gcloud.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {fake} "$@"\n')
    gcloud.chmod(0o755)
    (tmp_path / "state").write_text("ABSENT")
    made = Cloud(tmp_path)
    made.plays()
    return made
