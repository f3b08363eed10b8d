import os
from pathlib import Path

import numpy as np
import pytest

from xltransfer.metrics import METRICS


def test_the_golden_value_of_xtremes_scorer_on_its_own_mock_data():
    folder = os.environ.get("XLTRANSFER_DATA_DIR")
    if not folder:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    mock = Path(folder) / "xtreme_mock"
    names = sorted(path.name for path in (mock / "labels/xnli").iterdir())
    found = [
        METRICS["accuracy"](
            (mock / "labels/xnli" / name).read_text().splitlines(),
            (mock / "predictions/xnli" / name).read_text().splitlines(),
        )["accuracy"]
        for name in names
    ]
    # evaluate_test.py of google-research/xtreme: the mean over languages.
    assert np.mean(found) == pytest.approx(30.666666666666668, abs=1e-9)


def test_accuracy_is_a_plain_float_in_percent():
    found = METRICS["accuracy"](np.array([0, 1, 2, 0]), np.array([0, 1, 1, 0]))
    assert found == {"accuracy": 75.0}
    assert type(found["accuracy"]) is float


@pytest.mark.parametrize(("targets", "predictions"), [([1], []), ([], [])])
def test_nothing_to_compare_is_an_error(targets, predictions):
    with pytest.raises(ValueError, match="targets"):
        METRICS["accuracy"](targets, predictions)
