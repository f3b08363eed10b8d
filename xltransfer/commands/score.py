"""`xltransfer score`: predictions of any origin, in the submission layout."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xltransfer.commands.options import (
    FOLDER,
    DataDir,
    Splits,
    folder,
    json_file,
    splits_of,
)
from xltransfer.metrics.benchmarks import BENCHMARKS

_Benchmark = StrEnum("_Benchmark", list(BENCHMARKS))


def score(
    predictions: Annotated[
        Path,
        typer.Argument(help="A folder: TASK/test-LANGUAGE.SUFFIX.", **FOLDER),
    ],
    labels: Annotated[
        Path,
        typer.Option(
            help="The folder of the gold labels, laid out alike.", **FOLDER
        ),
    ],
    json: Annotated[
        Path | None, typer.Option(help="A file for all values, unrounded.")
    ] = None,
    split: Splits = "test",
    data_dir: DataDir = None,
    benchmark: Annotated[
        _Benchmark | None,
        typer.Option(
            help="Whose tasks and languages count; else those that are there."
        ),
    ] = None,
) -> None:
    """Checks predictions and scores them as XTREME's own scorer does.

    Other datasets' predictions are scored by the datasets' own metrics; those
    that the data directory describes are known where it is named.
    """
    import json as encoder

    from xltransfer import files
    from xltransfer.report import scores as report
    from xltransfer.scoring import score_folder

    json_file(json)
    if data_dir is not None:
        folder("--data-dir", data_dir)
    found = score_folder(
        predictions, labels, benchmark, splits_of(split), data_dir
    )
    report.print_scores(found)
    if json is not None:
        files.replace(json, encoder.dumps(found.record(), indent=1) + "\n")
