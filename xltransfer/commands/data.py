"""`xltransfer data`: fetches official files, and checks what is on disk."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from xltransfer.commands.options import DataDir
from xltransfer.errors import InputError, nearest

app = typer.Typer(help="Official data files.", no_args_is_help=True)

MIRROR = "XLTRANSFER_MIRROR"


def data_folder(data_dir: Path | None) -> Path | None:
    """Returns the folder, after making the tasks that it describes known.

    Raises InputError for one that is not there.
    """
    import tasks

    if data_dir is not None and not data_dir.is_dir():
        raise InputError(f"--data-dir {data_dir}: there is no such folder.")
    tasks.add_described(data_dir)
    return data_dir


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Datasets or families; all that is there."),
    ] = None,
    data_dir: DataDir = None,
    limit: Annotated[
        int, typer.Option(help="Findings shown of each kind and split.")
    ] = 10,
    notes: Annotated[
        bool, typer.Option(help="Also what is odd, but no damage.")
    ] = True,
) -> None:
    """Reads every example on disk, and reports damage and oddities.

    Ends with exit code 2 where anything is damaged.
    """
    import tasks
    from tasks import checking
    from xltransfer.report import tables

    if data_dir is None:
        raise InputError("Pass --data-dir or set XLTRANSFER_DATA_DIR.")
    folder = data_folder(data_dir)
    rows = named(tasks.datasets(), names or [])
    damaged = checked = 0
    for row in rows:
        for report in checking.check(row, folder):
            tables.print_report(report, limit, notes)
            checked += 1
            damaged += report.is_damaged
    print(f"{checked} splits checked, {damaged} of them damaged")
    if names and not checked:
        raise InputError(f"None of the files of {', '.join(names)} is there.")
    if damaged:
        raise typer.Exit(2)


@app.command()
def download(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names, as --list tells.")
    ] = None,
    data_dir: DataDir = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Lists what can be fetched.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Tells addresses and places; fetches nothing.")
    ] = False,
    mirror: Annotated[
        str,
        typer.Option(
            envvar=MIRROR,
            help="An address that has host/path in place of https://host/path.",
        ),
    ] = "",
) -> None:
    """Fetches datasets into the data directory; goes on where it stopped."""
    from tasks import downloads
    from tasks.fetching import Fetcher
    from tasks.installing import Installer
    from xltransfer.report import tables

    if listed:
        tables.print_downloads(downloads.DOWNLOADS.values(), data_dir)
        return
    if not names:
        raise InputError("Which ones? `xltransfer data download --list`.")
    found = [downloads.download(name) for name in names]
    if dry_run:
        for one in found:
            tables.print_resources(one)
        return
    if data_dir is None:
        raise InputError("Pass --data-dir or set XLTRANSFER_DATA_DIR.")
    data_dir.mkdir(parents=True, exist_ok=True)
    with tables.Transfer() as transfer:
        fetcher = Fetcher(mirror, progress=transfer.update)
        installer = Installer(data_dir, fetcher, transfer.tell)
        for one in found:
            print(f"{one.name}: licence {one.licence} ({one.url})")
            installer.install(one)
    sys.stdout.flush()


def named(rows: dict, names: list[str]) -> list:
    """Returns the datasets of some names or families; all, for none."""
    families = {name.split(".")[0] for name in rows}
    for name in names:
        if name not in rows and name not in families:
            hint = nearest(name, [*rows, *families])
            raise InputError(f"No dataset {name!r}.{hint}")
    return [
        row
        for name, row in rows.items()
        if not names or name in names or name.split(".")[0] in names
    ]
