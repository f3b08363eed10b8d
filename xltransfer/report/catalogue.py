"""The datasets as tables: one row each on the console, one a family in Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from tasks.row import Dataset, Split
from xltransfer.errors import InputError
from xltransfer.report.tables import console

_COLUMNS = (
    *("name", "problem", "language", "train", "dev", "test", "on disk"),
    *("translation", "licence", "source"),
)
_FAMILY_COLUMNS = (
    *("tasks", "problem", "languages", "train", "dev", "test"),
    *("origin", "licence"),
)
_PARTS = ("train", "dev", "test")


def present(dataset: Dataset, data_dir: Path | None) -> list[str]:
    """Returns the splits whose files are all there."""
    return [one.name for one in dataset.splits if _is_there(one, data_dir)]


def print_datasets(rows: Sequence[Dataset], data_dir: Path | None) -> None:
    """Prints one line a dataset."""
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(
            row.name,
            row.problem,
            row.language,
            *(_size([row], part) for part in _PARTS),
            " ".join(present(row, data_dir)),
            row.translation,
            row.licence,
            row.url,
        )
    console(200).print(table)
    splits = sum(len(present(row, data_dir)) > 0 for row in rows)
    print(f"{len(rows)} datasets, {splits} of them on disk")


def markdown(rows: Iterable[Dataset]) -> str:
    """Returns a Markdown table with one line a family of datasets."""
    families: dict[str, list[Dataset]] = {}
    for row in rows:
        families.setdefault(row.name.rpartition(".")[0], []).append(row)
    lines = [_FAMILY_COLUMNS, ["---"] * len(_FAMILY_COLUMNS)]
    lines += [_family(name, members) for name, members in families.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _family(name: str, rows: list[Dataset]) -> list[str]:
    codes = [row.language for row in rows]
    return [
        f"`{name}.{codes[0]}`" if len(rows) == 1 else f"`{name}.*`",
        rows[0].problem,
        " ".join(codes),
        *(_size(rows, part) for part in _PARTS),
        _all(row.translation for row in rows),
        _all(row.licence for row in rows) or "?",
    ]


def _size(rows: Sequence[Dataset], part: str) -> str:
    """Returns a split's size, or the least and the largest of several rows."""
    sizes = {
        split.size for row in rows for split in row.splits if split.name == part
    }
    if not sizes:
        return ""
    known = sorted(one for one in sizes if one is not None)
    shown = "–".join(
        f"{one:,}" for one in dict.fromkeys(known[:1] + known[-1:])
    )
    return shown + ("?" if None in sizes else "")


def _all(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(one for one in values if one))


def _is_there(split: Split, data_dir: Path | None) -> bool:
    try:
        return not split.source.missing(data_dir)
    except InputError:
        return False  # No data directory is known.
