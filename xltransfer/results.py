"""The files that hold a study's numbers: results.jsonl and results.csv."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer import files

COLUMNS = (
    "study",
    "model",
    "intermediate",
    "target",
    "language",
    "metric",
    "value",
    "seed",
    "selection",
    "split",
    "n",
    "phase",
    "data_digest",
    "trimmed_softmax",
    "prediction",
    # As added since.
    "method",
    "intermediate_examples",
)


def read(path: Path) -> list[dict[str, Any]]:
    """Reads a phase's records, one JSON object a line; none without a file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def append(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Adds records to a phase's file, all or none of them."""
    _write(path, [*read(path), *records])


def _write(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    lines = [json.dumps(record, sort_keys=True) for record in records]
    files.replace(path, "".join(f"{line}\n" for line in lines))


def replace(
    path: Path, records: Sequence[Mapping[str, Any]], by: Sequence[str]
) -> None:
    """Adds records to a file, in the place of those for the same thing.

    Args:
      path: the file.
      records: what is known now.
      by: names of the fields that say what a record is for.
    """
    new = {tuple(record[name] for name in by) for record in records}
    kept = [
        record
        for record in read(path)
        if tuple(record[name] for name in by) not in new
    ]
    _write(path, [*kept, *records])


def write_table(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes a study's results in long form, as CSV, in one step."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.replace(path, text.getvalue())
