"""Fields that are lists, on their way from a file into batches."""

from types import SimpleNamespace

import numpy as np
import pytest

from tasks import problems
from tasks.row import Dataset, Split
from tasks.sources import Generated

registration = pytest.importorskip("tasks.registration")


def words(rows: tuple = ()) -> list[dict]:
    return [{"words": row, "sizes": tuple(map(len, row))} for row in rows]


def test_lists_of_any_length_pass_in_batches_as_they_do_alone(monkeypatch):
    """A problem whose examples are lists: the words and their lengths."""
    kinds = {"words": "texts", "sizes": "numbers", "index": "index"}
    problem = SimpleNamespace(
        FIELDS=kinds,
        canonical=lambda dataset: lambda fields, where: fields,
    )
    monkeypatch.setitem(problems.PROBLEMS, "words", problem)
    rows = (("one", "deux", "三"), (), ("five",), ("six", "seven"), ())
    source = Generated(words, (("rows", rows),))
    dataset = Dataset("w.en", "words", "en", (Split("train", source),))
    reader = registration.RowSource(dataset, None)
    alone = list(reader.get_dataset("train", shuffle=False))
    for size in (1, 2, 5, 9):
        together = [
            {name: column[place] for name, column in batch.items()}
            for batch in reader.get_batches("train", size)
            for place in range(len(batch["index"]))
        ]
        assert len(alone) == len(together) == len(rows)
        for one, other, row in zip(alone, together, rows, strict=True):
            decoded = tuple(word.decode() for word in one["words"].numpy())
            assert decoded == row
            for name in kinds:
                ours, theirs = one[name].numpy(), other[name].numpy()
                assert ours.dtype == theirs.dtype
                np.testing.assert_array_equal(ours, theirs)
    assert [int(one["index"]) for one in alone] == [0, 1, 2, 3, 4]
