"""`xltransfer report`: what a study's folder says, for reading and citing."""

from pathlib import Path
from typing import Annotated

import typer

from xltransfer.commands.options import FOLDER, folder


def report(
    out: Annotated[
        Path, typer.Argument(help="The folder of a study.", **FOLDER)
    ],
    into: Annotated[
        Path | None, typer.Option(help="Where it goes; OUT/report.", **FOLDER)
    ] = None,
) -> None:
    """Writes a study's report: HTML, Markdown, LaTeX.

    From the files in its folder alone; nothing is trained or evaluated.
    """
    from xltransfer.report import study_report

    place = folder("--into", into or out / "report")
    for path in study_report.write(out, place):
        print(path)
