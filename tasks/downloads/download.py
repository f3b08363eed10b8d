"""What a download is, and short ways to write one."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Content and place -> files by their place in the data directory.
Conversion = Callable[[bytes, str], dict[str, bytes]]


@dataclass(frozen=True)
class Place:
    """Which members of an archive go where.

    `pattern` is a regular expression for a member's whole name (a member of an
    archive inside an archive is `outer!inner`), `path` its place in the data
    directory, with the groups of `pattern` as `\\1`. `convert` turns a member
    into one or more files.
    """

    pattern: str
    path: str
    convert: Conversion | None = None


@dataclass(frozen=True)
class Resource:
    """One address: a file for `path`, or an archive with `places`."""

    address: str
    path: str = ""
    places: tuple[Place, ...] = ()
    convert: Conversion | None = None


@dataclass(frozen=True)
class Download:
    """What one name fetches.

    Where `by_hand` is given nothing can be fetched: it says what to do.
    """

    name: str
    resources: tuple[Resource, ...] = ()
    licence: str = ""
    url: str = ""
    by_hand: str = field(default="", kw_only=True)
    # What is left to do once it is fetched.
    then: str = field(default="", kw_only=True)
    # Where files that come by hand belong, below the data directory.
    at: tuple[str, ...] = field(default=(), kw_only=True)


def github(
    repository: str, commit: str, *paths: str, to: str, strip: str = ""
) -> tuple[Resource, ...]:
    """Files of a repository at a commit, put under `to` without `strip`."""
    base = f"https://raw.githubusercontent.com/{repository}/{commit}"
    return tuple(
        Resource(f"{base}/{path}", f"{to}/{path.removeprefix(strip)}")
        for path in paths
    )


def files(base: str, *names: str, to: str) -> tuple[Resource, ...]:
    """Files of one address, put under `to` by the same names."""
    return tuple(Resource(f"{base}/{name}", f"{to}/{name}") for name in names)


def archive(address: str, *places: Place) -> tuple[Resource, ...]:
    """An archive, of which some members are kept."""
    return (Resource(address, places=places),)


def by_hand(name: str, licence: str, url: str, what: str, *at: str) -> Download:
    """What cannot be fetched: says what to do, and where it belongs."""
    return Download(name, (), licence, url, by_hand=what, at=at or (name,))


def hub(name: str, licence: str, identity: str, place: str) -> Download:
    """Data that has no address of its own but on Hugging Face."""
    return by_hand(
        name,
        licence,
        f"https://huggingface.co/datasets/{identity}",
        f"No address is known that still gives the original files. Put them at "
        f"{place}/ (a message names the one that is missing), or load "
        f"{identity} with `datasets`, write it out and describe it in "
        "tasks.yaml.",
        place,
    )


def russian(name: str) -> Download:
    """A task of Russian SuperGLUE."""
    return Download(
        name.lower(),
        archive(
            f"https://russiansuperglue.com/tasks/download/{name}",
            Place(
                rf"{name}/((?:train|val|test)\.jsonl)",
                rf"russian_super_glue/{name}/\1",
            ),
        ),
        "MIT",
        "https://russiansuperglue.com",
    )
