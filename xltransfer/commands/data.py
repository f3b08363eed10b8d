"""`xltransfer data`: fetches official files, and checks what is on disk."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from xltransfer.errors import InputError

app = typer.Typer(help="Official data files.", no_args_is_help=True)

DataDir = Annotated[
    Path | None,
    typer.Option(
        envvar="XLTRANSFER_DATA_DIR", help="The folder of official files."
    ),
]
MIRROR = "XLTRANSFER_MIRROR"


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
