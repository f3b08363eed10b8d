"""The table of downloads, against the rows that read their files."""

import re
from pathlib import Path

import pytest

import tasks
from tasks import downloads
from tasks.downloads import DOWNLOADS, Place
from tasks.sources import Alternatives, Source


@pytest.mark.parametrize("name", DOWNLOADS)
def test_every_entry_says_where_it_is_from(name):
    found = DOWNLOADS[name]
    assert found.name == name
    assert found.licence and found.url.startswith("http")
    assert bool(found.resources) != bool(found.by_hand)
    for resource in found.resources:
        assert resource.address.startswith("https://")
        assert bool(resource.path) != bool(resource.places)


def test_digests_belong_to_addresses_of_the_table():
    addresses = {
        resource.address
        for found in DOWNLOADS.values()
        for resource in found.resources
    }
    assert set(downloads._digests()) <= addresses
    assert all(
        len(digest) == {"sha256": 71, "md5": 36}[digest.split(":")[0]]
        for digest in downloads._digests().values()
    )


def groups(pattern: str) -> list[str]:
    """Returns what the groups of a regular expression are for, in order."""
    found, open_groups = [], []
    for place, char in enumerate(pattern):
        if char == "(" and pattern[place - 1 : place] != "\\":
            captures = pattern[place + 1 : place + 2] != "?"
            open_groups.append((place, captures, len(found)))
            if captures:
                found.append("")
        elif char == ")" and pattern[place - 1 : place] != "\\":
            start, captures, number = open_groups.pop()
            if captures:
                found[number] = pattern[start : place + 1]
    return found


def puts(place: Place) -> re.Pattern:
    """Returns the places that members can go to, as a regular expression."""
    parts = re.split(r"\\(\d)", place.path)
    inside = groups(place.pattern)
    made = "".join(
        inside[int(part) - 1] if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    # Conversions make more than one file of a member.
    return re.compile(made + (r"[-./].+|" + made if place.convert else ""))


def is_served(path: str) -> bool:
    for found in DOWNLOADS.values():
        if any(path.startswith(prefix) for prefix in found.at):
            return True
        for resource in found.resources:
            if resource.path == path:
                return True
            if resource.convert and path.startswith(resource.path):
                return True
            if any(puts(place).fullmatch(path) for place in resource.places):
                return True
    return False


def read_files(source: Source) -> list[str]:
    """Returns what a source reads, of alternatives those that are served."""
    here = Path("data")
    if isinstance(source, Alternatives):
        options = [read_files(one) for one in source.sources]
        return next(
            filter(lambda o: all(map(is_served, o)), options), options[0]
        )
    inner = getattr(source, "sources", None) or (
        [source.source] if hasattr(source, "source") else []
    )
    if inner:
        return [path for one in inner for path in read_files(one)]
    found = [str(one.relative_to(here)) for one in source.files(here)]
    # A pattern stands for a treebank's files; UD_X for any of them.
    return [one.replace("UD_*", "UD_X-Y").replace("*", "x") for one in found]


@pytest.mark.parametrize("family", {n.split(".")[0] for n in tasks.datasets()})
def test_the_files_of_a_dataset_come_from_a_download(family):
    """Or it is said how to get them by hand."""
    missing = {
        path
        for name, row in tasks.datasets().items()
        if name.split(".")[0] == family
        for split in row.splits
        for path in read_files(split.source)
        if not path.startswith("tfds/") and not is_served(path)
    }
    assert not missing
