"""A study's numbers as TensorBoard's own reader finds them."""

import io
import statistics
import sys
import types

import pytest
from PIL import Image
from synthetic_study import DIRECT, Synthetic

from xltransfer.report import study_report

SEEDS = (1, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("tensorboard")
    study = Synthetic({DIRECT: None, "MNLI": "mnli.en"}, ("mlqa",), SEEDS)
    study.write(out)
    # What an earlier report has left is replaced.
    for _ in range(2):
        study_report.write(out, out / "report")
    return out


@pytest.fixture
def read(monkeypatch):
    """Reads a run, by the reader that needs no TensorFlow."""
    notf = types.ModuleType("tensorboard.compat.notf")
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", notf)
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    def read(path):
        found = EventAccumulator(str(path), {"images": 0})
        return found.Reload()

    return read


def cells(folder):
    return sorted((folder / "tensorboard" / "cells").iterdir())


def hyperparameters(events) -> dict:
    from tensorboard.plugins.hparams import metadata

    content = events.PluginTagToContent(metadata.PLUGIN_NAME)
    start = metadata.parse_session_start_info_plugin_data(
        content[metadata.SESSION_START_INFO_TAG]
    )
    return {
        name: getattr(value, value.WhichOneof("kind"))
        for name, value in start.hparams.items()
    }


def test_each_cell_is_a_line_of_the_table_of_hyperparameters(folder, read):
    found = [hyperparameters(read(path)) for path in cells(folder)]
    assert [(x["intermediate"], x["seed"]) for x in found] == [
        (DIRECT, 1),
        (DIRECT, 2),
        ("MNLI", 1),
        ("MNLI", 2),
    ]
    for one in found:
        assert one["target"] == "mlqa" and one["selection"] == "english_dev"
        # As the synthetic phases have them.
        assert one["batch_size"] == 32
        assert one["optimizer.learning_rate"] == pytest.approx(1e-5)


def test_each_language_is_a_scalar_and_the_mean_leaves_english_out(
    folder, read
):
    rows = [
        line.split(",")
        for line in (folder / "results.csv").read_text().splitlines()[1:]
    ]
    # Of the columns, in order: language, metric, value, seed.
    expected = {
        row[4]: float(row[6])
        for row in rows
        if (row[2], row[5], row[7]) == ("MNLI", "f1", "2")
    }
    events = read(cells(folder)[3])
    for code, value in expected.items():
        (scalar,) = events.Scalars(f"f1/{code}")
        assert scalar.value == pytest.approx(value, rel=1e-6)
    others = [value for code, value in expected.items() if code != "en"]
    (scalar,) = events.Scalars("mean/f1")
    assert scalar.value == pytest.approx(statistics.fmean(others), rel=1e-6)


def test_heat_maps_are_images(folder, read):
    events = read(folder / "tensorboard" / "matrices")
    names = events.Tags()["images"]
    assert "Result/transfer-1" in names
    for name in names:
        (one,) = events.Images(name)
        image = Image.open(io.BytesIO(one.encoded_image_string))
        assert image.size == (one.width, one.height)
        # A line a row, and colours in it.
        assert one.height >= 2 * 22
        assert len(image.convert("RGB").getcolors(1 << 20)) > 3
