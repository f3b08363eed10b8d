"""The labels of a dataset that only its own files know."""

import dataclasses
from pathlib import Path

from tasks.row import Dataset


def completed(row: Dataset, data_dir: Path | None) -> Dataset:
    """Returns a row with labels: where tagging has none, its files' tags.

    They are the tags of all splits that are there, sorted, so that they depend
    on nothing but the files. Without any file the row stays as it is.

    Raises:
      InputError: for a damaged file.
    """
    if row.problem != "tagging" or row.labels or data_dir is None:
        return row
    names = dict(row.label_map)
    tags = {
        names.get(tag, tag)
        for split in row.splits
        if not split.source.missing(data_dir)
        for _, fields in split.source.read(data_dir)
        for tag in fields.get("tags", ())
    }
    return dataclasses.replace(row, labels=tuple(sorted(tags)))
