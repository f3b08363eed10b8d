"""`xltransfer tasks`: what there is to train and evaluate on."""

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from xltransfer.commands.data import data_folder, named
from xltransfer.commands.options import CACHE_DIR, KEPT, DataDir
from xltransfer.errors import InputError, nearest

app = typer.Typer(help="Datasets and mixtures.", no_args_is_help=True)

# The vocabulary family that a rendering is for.
_FAMILIES = {"encoder": "xlmr", "text": "mt5"}


@app.command("list")
def list_datasets(
    names: Annotated[
        list[str] | None, typer.Argument(help="Datasets or families; all.")
    ] = None,
    data_dir: DataDir = None,
    problem: Annotated[
        str, typer.Option(help="Only of this problem, e.g. span.")
    ] = "",
    language: Annotated[
        str, typer.Option(help="Only in this language, e.g. sw.")
    ] = "",
    translation: Annotated[
        str, typer.Option(help="Only native, human, machine or generated.")
    ] = "",
    present: Annotated[
        bool, typer.Option("--present", help="Only what is on disk.")
    ] = False,
    mixtures: Annotated[
        bool, typer.Option("--mixtures", help="Lists mixtures instead.")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As the README has it.")
    ] = False,
) -> None:
    """Lists the datasets that studies can name."""
    import tasks
    from xltransfer.report import catalogue, tables

    folder = data_folder(data_dir)
    if mixtures:
        tables.print_mixtures(tasks.recipes())
        return
    rows = named(tasks.datasets(), names or [])
    for name, wanted in (
        ("problem", problem),
        ("language", language),
        ("translation", translation),
    ):
        rows = _only(rows, name, wanted)
    if present:
        rows = [row for row in rows if catalogue.present(row, folder)]
    if markdown:
        print(catalogue.markdown(rows), end="")
    else:
        catalogue.print_datasets(rows, folder)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A dataset, e.g. xnli.sw.")],
    rendering: Annotated[str, typer.Option(help="encoder or text.")],
    count: Annotated[int, typer.Option("-n", help="How many examples.")] = 3,
    split: Annotated[
        str, typer.Option(help="train, dev or test; the first by default.")
    ] = "",
    vocabulary: Annotated[
        Path | None,
        typer.Option(help="A SentencePiece model; the published by default."),
    ] = None,
    length: Annotated[
        int | None, typer.Option(help="Longest sequence, in pieces.")
    ] = None,
    data_dir: DataDir = None,
    cache_dir: Annotated[
        Path | None,
        typer.Option(
            envvar=CACHE_DIR, help="For a fetched vocabulary.", **KEPT
        ),
    ] = None,
) -> None:
    """Shows examples: as the file has them, canonical, and as features."""
    import tasks
    from tasks import showing
    from tasks.vocabularies import PublishedVocabulary, SentencePieceFile
    from xltransfer.data.cache import muted_stderr

    if rendering not in _FAMILIES:
        raise InputError(
            f"--rendering {rendering!r}; one of {', '.join(_FAMILIES)}."
            f"{nearest(rendering, _FAMILIES)}"
        )
    folder = data_folder(data_dir)
    dataset = tasks.dataset(name)
    wanted = dataset.split(split) if split else dataset.splits[0]
    missing = wanted.source.missing(folder)
    if missing:
        raise InputError(
            f"{missing[0]} is missing; `xltransfer data download`."
        )
    family = _FAMILIES[rendering]
    if vocabulary is None:
        chosen = PublishedVocabulary(family)
    else:
        chosen = SentencePieceFile(family, str(vocabulary))
    names = ("tokens", "query_tokens", "candidate_tokens", "inputs", "targets")
    found = showing.examples(
        dataset,
        wanted.name,
        rendering,
        chosen,
        folder,
        cache_dir or Path("cache"),
        length and dict.fromkeys(names, length),
    )
    # What TensorFlow says of the machine is not for the user.
    with muted_stderr():
        shown = list(islice(found, count))
    for one in shown:
        print(f"{one.where}\n{one.text}\n")
    sys.stdout.flush()


def _only(rows: list, field: str, wanted: str) -> list:
    if not wanted:
        return rows
    known = {getattr(row, field) for row in rows}
    if wanted not in known:
        raise InputError(
            f"--{field} {wanted!r}: no such dataset.{nearest(wanted, known)}"
        )
    return [row for row in rows if getattr(row, field) == wanted]
