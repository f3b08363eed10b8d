"""`xltransfer evaluate`: a checkpoint on the datasets of a mixture."""

from pathlib import Path
from typing import Annotated

import typer

from xltransfer import host_memory
from xltransfer.commands import data
from xltransfer.commands.options import (
    FOLDER,
    CacheDir,
    DataDir,
    Splits,
    folder,
    json_file,
    quieten,
    splits_of,
)
from xltransfer.errors import InputError

OPTIONS = (
    *("--checkpoint", "--mixture", "--out", "--data-dir", "--cache-dir"),
    *("--split", "--rule", "--lengths", "--vocabulary", "--gin", "--json"),
    "--help",
)


def evaluate(
    context: typer.Context,
    checkpoint: Annotated[
        str,
        typer.Option(
            help="A phase's folder, xl:FOLDER, hf:FOLDER or hub id, t5x:FOLDER "
            "or gs:// address."
        ),
    ],
    mixture: Annotated[
        str,
        typer.Option(
            help="Mixtures, benchmarks or datasets, with commas between them; "
            "present: all that is in the data directory."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Where it goes; evaluations/<name>.", **FOLDER),
    ] = None,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    split: Splits = "test",
    rule: Annotated[
        str | None,
        typer.Option(help="The selection rule that chose it, of a phase."),
    ] = None,
    lengths: Annotated[
        str | None,
        typer.Option(
            help="Longest examples, as tokens=128 or inputs=512,targets=64; "
            "else the phase's own."
        ),
    ] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(help="A SentencePiece model; else the checkpoint's own."),
    ] = None,
    gin: Annotated[
        Path | None,
        typer.Option(help="Mesh, rows, prediction; gin/evaluate.gin."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="A file for all values, unrounded.")
    ] = None,
) -> None:
    """Evaluates a checkpoint on what of a mixture fits it.

    Bindings of the gin file are overridden by --gin.NAME=VALUE.
    """
    quieten()
    import json as encoder

    from xltransfer import (
        compiled,
        configuration,
        evaluation_runs,
        files,
        fitting,
        trained,
    )
    from xltransfer.report import evaluation as report

    json_file(json)
    overrides = configuration.split_arguments(context.args, OPTIONS)
    data.data_folder(data_dir)
    path = gin or configuration.GIN_ROOT / "evaluate.gin"
    settings, _ = configuration.load(path, overrides, evaluation_runs.Settings)
    model = trained.trained(
        checkpoint, settings.model, _lengths(lengths), vocabulary, rule
    )
    host_memory.keep_freed_memory(model.reading.model.vocab_size)
    names = [name.strip() for name in mixture.split(",")]
    splits = splits_of(split)
    fits = fitting.fitting(model, names, splits, data_dir)
    name = Path(checkpoint.rpartition(":")[2]).name
    out = folder("--out", out or Path("evaluations") / name)
    place = evaluation_runs.Place(
        out,
        folder("--cache-dir", cache_dir or out / "cache"),
        data_dir and data_dir.absolute(),
    )
    place.check(model.protocol)
    compiled.keep(place.cache_dir)
    made = report.shown(
        evaluation_runs.run(model, fits, settings, place), len(fits.fits)
    )
    found = evaluation_runs.scores(model, fits, settings, splits, made)
    report.print_evaluation(found, model, place, made)
    if json is not None:
        files.replace(json, encoder.dumps(found.record(), indent=1) + "\n")


def _lengths(text: str | None) -> dict[str, int]:
    """Reads `tokens=128,question=64`."""
    found: dict[str, int] = {}
    for pair in (text or "").split(",") if text else ():
        name, _, number = (part.strip() for part in pair.partition("="))
        if not number.isdecimal() or not int(number):
            raise InputError(
                f"--lengths {text}: write NAME=NUMBER, as tokens=128."
            )
        found[name] = int(number)
    return found
