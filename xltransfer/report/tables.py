"""Tables of downloads and tasks on the console."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TransferSpeedColumn,
)
from rich.table import Table

from tasks.checking import Report
from tasks.downloads import Download, digest
from tasks.installing import Installer
from tasks.mixing import Mixture, Recipe


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
    console().print(table)


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


def print_report(report: Report, limit: int, notes: bool) -> None:
    """Prints what was found in a split, at most `limit` of each kind."""
    state = "damaged" if report.is_damaged else "sound"
    print(f"{report.dataset} {report.split}: {report.size:,} examples, {state}")
    for kind in ("damage", "note") if notes else ("damage",):
        found = [
            one.message
            for one in report.findings
            if one.is_damage == (kind == "damage")
        ]
        for message in found[:limit]:
            print(f"  {kind}: {message}")
        if len(found) > limit:
            print(f"  {kind}: and {len(found) - limit} more (--limit)")


def print_mixtures(recipes: Mapping[str, Recipe | Mixture]) -> None:
    """Prints how mixtures are made."""
    table = Table("name", "parts", "rule")
    for name, recipe in recipes.items():
        if isinstance(recipe, Mixture):
            parts, rule = dict(recipe.components), "fixed"
        else:
            parts, rule = recipe.parts, repr(recipe.rule)
        shown = " ".join(parts)
        if len(shown) > 70:
            shown = f"{shown[:70].rsplit(' ', 1)[0]} … ({len(parts)})"
        table.add_row(name, shown, rule)
    console().print(table)


def console(width: int = 160) -> Console:
    """Returns a console that does not cut tables short in a file."""
    found = Console()
    if not found.is_terminal:
        found.width = width
    return found
