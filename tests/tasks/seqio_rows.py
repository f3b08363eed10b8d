"""The examples of a registered task, one by one and in batches."""

import numpy as np
import seqio

from tasks import registration


def singles(name: str, lengths, **arguments) -> list[dict]:
    """Returns what SeqIO gives, in order."""
    ds = seqio.get_mixture_or_task(name).get_dataset(
        lengths, "train", shuffle=False, **arguments
    )
    return list(ds.as_numpy_iterator())


def batched(name: str, lengths, batch_size: int = 3) -> list[dict]:
    """Returns what a cache is given, taken apart again."""
    rows = []
    for batch in registration.batches(name, "train", lengths, batch_size):
        columns = {
            feature: np.split(column[0], np.cumsum(column[1])[:-1])
            if isinstance(column, tuple)
            else column
            for feature, column in batch.items()
        }
        rows += [
            dict(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
        ]
    return rows


def assert_equal_rows(found: list[dict], expected: list[dict]) -> None:
    """Checks values and types of all features of all examples."""
    assert len(found) == len(expected)
    for row, other in zip(found, expected, strict=True):
        assert row.keys() == other.keys()
        for feature in row:
            np.testing.assert_array_equal(row[feature], other[feature])
            assert row[feature].dtype == other[feature].dtype
