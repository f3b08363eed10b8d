"""Datasets as TensorFlow Datasets prepares them, made on the spot."""

from pathlib import Path

import pytest

from tasks.row import Dataset, Split, rows
from tasks.sources.alternatives import Alternatives
from tasks.sources.delimited import Delimited
from tasks.sources.prepared import FOLDER, Prepared
from xltransfer.errors import InputError

tfds = pytest.importorskip("tensorflow_datasets")

PAIRS = [("a b", "b", "yes"), ("ü", "三", "no"), ("c", "d", "no")]
SPLIT = Prepared(
    "toy_pairs",
    "1.0.0",
    "train",
    (("premise", "first"), ("hypothesis", "second"), ("label", "gold")),
)
NESTED = Prepared(
    "toy_pairs", "1.0.0", "train", (("texts", "answers/text"), ("n", "starts"))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A data directory in which TFDS has prepared three examples."""
    import tensorflow as tf

    place = tmp_path_factory.mktemp("data")
    columns = [list(column) for column in zip(*PAIRS, strict=True)]
    made = tf.data.Dataset.from_tensor_slices(
        {
            "first": columns[0],
            "second": columns[1],
            "gold": [0 if label == "yes" else 1 for label in columns[2]],
            "answers": {"text": [["x", "y"]] * 3},
            "starts": [[1, 2]] * 3,
        }
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name="toy_pairs",
        version="1.0.0",
        data_dir=place / FOLDER,
        features=tfds.features.FeaturesDict(
            {
                "first": tfds.features.Text(),
                "second": tfds.features.Text(),
                "gold": tfds.features.ClassLabel(names=["yes", "no"]),
                "answers": tfds.features.Sequence(
                    {"text": tfds.features.Text()}
                ),
                "starts": tfds.features.Sequence(tf.int32),
            }
        ),
        split_datasets={"train": made},
    )
    return place


def test_examples_come_as_texts_and_classes_by_name(folder):
    found = [fields for _, fields in SPLIT.read(folder)]
    key = ("premise", "hypothesis", "label")
    # TFDS shuffles once, while it writes.
    assert sorted(tuple(one[k] for k in key) for one in found) == sorted(PAIRS)
    assert found == [fields for _, fields in SPLIT.read(folder)]
    pairs = Prepared(
        "toy_pairs",
        "1.0.0",
        "train",
        (("id", "second"), ("answers", ("answers/text", "starts"))),
        prefix=("id", "d"),
    )
    assert [fields for _, fields in pairs.read(folder)] == [
        {"id": "d", "answers": (("x", 1), ("y", 2))}
    ]
    nested = [fields for _, fields in NESTED.read(folder)]
    assert nested == [{"texts": ("x", "y"), "n": ("1", "2")}] * 3


def test_a_row_reads_it_where_the_official_file_is_not(folder, tmp_path):
    official = Delimited("toy.tsv", ("premise", "hypothesis", "label"))
    source = Alternatives((official, SPLIT))
    dataset = Dataset(
        "toy.en",
        "classification",
        "en",
        (Split("train", source, 3),),
        ("no", "yes"),
    )
    assert not source.missing(folder)
    prepared = source.digest(folder)
    found = {
        one["premise"]: one["label"] for one in rows(dataset, "train", folder)
    }
    assert found == {"a b": 1, "ü": 0, "c": 0}
    # The official file is preferred, and is other data.
    (folder / "toy.tsv").write_text("x\ty\tyes\n" * 3)
    try:
        assert source.digest(folder) != prepared
        assert [one["premise"] for one in rows(dataset, "train", folder)] == [
            "x"
        ] * 3
    finally:
        (folder / "toy.tsv").unlink()
    # Where there is neither, the official file is asked for.
    assert source.missing(tmp_path) == (tmp_path / "toy.tsv",)


def test_what_tfds_cannot_read_is_named(folder, tmp_path):
    with pytest.raises(InputError, match=r"no feature 'frist'.*'first'"):
        list(
            Prepared("toy_pairs", "1.0.0", "train", (("a", "frist"),)).read(
                folder
            )
        )
    assert SPLIT.missing(tmp_path)
    place = tmp_path / FOLDER / "toy_pairs" / "1.0.0"
    place.mkdir(parents=True)
    (place / "toy_pairs-train.tfrecord-00000-of-00001").write_bytes(b"no")
    with pytest.raises(InputError, match="TFDS cannot read"):
        list(SPLIT.read(tmp_path))
