"""Where public datasets are fetched from, and where their files go.

Tables: addresses, the members of archives that are kept, and their places in
the data directory, which are the places that the rows of `tasks` read.
`fetching` and `unpacking` carry them out. SHA-256 digests known beforehand
stand in `digests.txt`.
"""

from functools import cache
from pathlib import Path

from tasks.downloads.download import Download, Place, Resource
from tasks.downloads.english import ENGLISH
from tasks.downloads.inference import INFERENCE
from tasks.downloads.raw import RAW, SMALL
from tasks.downloads.reading import READING
from tasks.downloads.targets import TARGETS
from xltransfer.errors import InputError, nearest

__all__ = [
    "DOWNLOADS",
    "Download",
    "Place",
    "Resource",
    "digest",
    "download",
]

DOWNLOADS: dict[str, Download] = {
    one.name: one
    for one in (*TARGETS, *ENGLISH, *INFERENCE, *READING, *SMALL, *RAW)
}


def download(name: str) -> Download:
    """Returns a download by name; raises InputError for an unknown one."""
    if name not in DOWNLOADS:
        raise InputError(f"No download {name!r}.{nearest(name, DOWNLOADS)}")
    return DOWNLOADS[name]


def digest(address: str) -> str | None:
    """Returns `algorithm:hex` of what an address holds, where it is known."""
    return _digests().get(address)


@cache
def _digests() -> dict[str, str]:
    text = (Path(__file__).parent / "digests.txt").read_text()
    lines = (line for line in text.splitlines() if line[:1] not in ("", "#"))
    return {address: found for found, address in map(str.split, lines)}
