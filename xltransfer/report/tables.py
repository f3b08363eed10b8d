"""Tables of downloads and tasks on the console."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TransferSpeedColumn,
)
from rich.table import Table

from tasks.downloads import Download, digest
from tasks.installing import Installer


def print_downloads(
    downloads: Iterable[Download], data_dir: Path | None
) -> None:
    """Prints what can be fetched, and what of it is there."""
    table = Table("name", "files", "digests known", "there", "licence", "page")
    for one in downloads:
        known = sum(digest(each.address) is not None for each in one.resources)
        is_there = data_dir and Installer(data_dir).is_there(one)
        table.add_row(
            one.name,
            "by hand" if one.by_hand else str(len(one.resources)),
            "" if one.by_hand else str(known),
            "yes" if is_there else "",
            one.licence,
            one.url,
        )
    _console().print(table)


def print_resources(download: Download) -> None:
    """Prints the addresses of a download and where their content goes."""
    print(f"{download.name} ({download.licence}): {download.url}")
    if download.by_hand:
        print(f"  {download.by_hand}")
    for resource in download.resources:
        places = [resource.path] if resource.path else []
        places += [f"{one.pattern} -> {one.path}" for one in resource.places]
        print(f"  {resource.address}")
        print(f"    {digest(resource.address) or 'digest not known'}")
        for place in places:
            print(f"    {place}")


class Transfer:
    """How far a transfer is, on a terminal; nothing moves in a log."""

    def __init__(self) -> None:
        self._progress = Progress(
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> "Transfer":
        self._progress.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._progress.stop()

    def update(self, done: int, total: int | None) -> None:
        self._progress.update(self._task, completed=done, total=total)

    def tell(self, line: str) -> None:
        print(line)


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = 160
    return console
