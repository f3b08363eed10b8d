"""A study's results for TensorBoard: hyperparameters, languages, heat maps.

Each cell of the table is a run of its own, with its hyperparameters, its mean
over languages and a scalar for every language; heat maps are images.
"""

import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter, summary

from xltransfer.language_groups import ENGLISH
from xltransfer.report.contents import Contents
from xltransfer.report.document import Section, Table
from xltransfer.report.picture import picture

_CELL = ("model", "method", "intermediate", "target", "seed", "selection")
# Fields of a phase's configuration that are worth a column.
_FIELDS = ("steps", "batch_size", "optimizer.learning_rate")
_MEAN = "mean/"
_EVENTS = "events.out.tfevents.*"
Values = Mapping[str, float]


def write(contents: Contents, sections: list[Section], folder: Path) -> None:
    """Writes event files; those of an earlier report are replaced."""
    for path in folder.rglob(_EVENTS):
        path.unlink()
    for number, (parameters, values) in enumerate(_cells(contents), start=1):
        name = f"{number:03} {parameters['target']}"
        _write_cell(folder / "cells" / _safe(name), parameters, values)
    with SummaryWriter(str(folder / "matrices")) as writer:
        for section in sections:
            for block in section.blocks:
                if isinstance(block, Table) and block.scale is not None:
                    tag = f"{section.title}/{block.name}"
                    writer.add_image(tag, picture(block), 0, dataformats="HWC")


def _write_cell(
    folder: Path, parameters: Mapping[str, Any], values: Values
) -> None:
    """Writes a run: TensorBoard's HParams table has a line for each."""
    means = {k: v for k, v in values.items() if k.startswith(_MEAN)}
    with SummaryWriter(str(folder)) as writer:
        # `add_hparams` would open a second file, and name it like the first.
        for one in summary.hparams(dict(parameters), means):
            writer.file_writer.add_summary(one)
        for name, value in values.items():
            writer.add_scalar(name, value, 0)


def _cells(contents: Contents) -> Iterator[tuple[dict[str, Any], Values]]:
    folder = contents.folder
    found: dict[tuple, dict[str, float]] = {}
    phases: dict[tuple, str] = {}
    for row in folder.results:
        key = tuple(row.get(name, "") for name in _CELL)
        phases[key] = row["phase"]
        found.setdefault(key, {})[f"{row['metric']}/{row['language']}"] = row[
            "value"
        ]
    languages: dict[tuple[str, str], set[str]] = {}
    for row in folder.results:
        place = row["target"], row["metric"]
        languages.setdefault(place, set()).add(row["language"])
    for key, values in found.items():
        parameters = dict(zip(_CELL, key, strict=True))
        fields = folder.by_identity[phases[key]].fields
        for field in _FIELDS:
            if f"training.{field}" in fields:
                parameters[field] = float(fields[f"training.{field}"])
        means = {
            f"{_MEAN}{metric}": mean
            for (target, metric), codes in languages.items()
            if target == parameters["target"]
            and (mean := _mean(values, metric, codes)) is not None
        }
        yield parameters, values | means


def _mean(values: Values, metric: str, codes: set[str]) -> float | None:
    """Returns the mean over all languages but English; None if one lacks."""
    others = [f"{metric}/{code}" for code in sorted(codes - {ENGLISH})]
    if not others or not set(others) <= set(values):
        return None
    return statistics.fmean(values[name] for name in others)


def _safe(name: str) -> str:
    return "".join(
        one if one.isalnum() or one in " .-_" else "_" for one in name
    )
