"""What several commands ask for alike."""

import functools
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from xltransfer import buckets
from xltransfer.errors import InputError
from xltransfer.submission import SPLITS

DATA_DIR = "XLTRANSFER_DATA_DIR"
CACHE_DIR = "XLTRANSFER_CACHE_DIR"
# For commands that take --gin.NAME=VALUE.
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}

# How the command line reads a folder's name, or a gs:// address.
FOLDER = {"parser": buckets.local, "metavar": "FOLDER"}
KEPT = FOLDER | {"parser": functools.partial(buckets.local, kept=True)}

DataDir = Annotated[
    Path | None,
    typer.Option(envvar=DATA_DIR, help="Official data files.", **KEPT),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(envvar=CACHE_DIR, help="Caches; <out>/cache.", **KEPT),
]
Splits = Annotated[
    str,
    typer.Option(
        help="test, dev, or test,dev: of each the first that is there."
    ),
]
Coordinator = Annotated[
    str | None,
    typer.Option(
        envvar="XLTRANSFER_COORDINATOR",
        help="HOST:PORT of process 0, or auto (Cloud TPU): several hosts.",
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(envvar="XLTRANSFER_PROCESSES", help="How many hosts."),
]
Process = Annotated[
    int | None,
    typer.Option(envvar="XLTRANSFER_PROCESS", help="Which of them, from 0."),
]


def splits_of(text: str) -> tuple[str, ...]:
    """Returns the splits that are named, with commas between them."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in SPLITS or names.count(name) > 1:
            raise InputError(
                f"--split {text}: there is no split {name!r} to evaluate; write "
                "test, dev or test,dev."
            )
    return names


def quieten() -> None:
    """What TensorFlow and Orbax say of themselves is not for the user."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    logging.getLogger("absl").setLevel(logging.ERROR)
    # Orbax leaves what else failed beside the first damaged array.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def folder(option: str, path: Path) -> Path:
    """Returns an absolute path, which must not be a file's or under one."""
    for place in (path, *path.absolute().parents):
        if place.exists() and not place.is_dir():
            raise InputError(f"{option} {path}: {place} is not a folder.")
    return path.absolute()


def json_file(path: Path | None) -> Path | None:
    """Returns the file of --json, which must be one that can be written."""
    if path is None:
        return None
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(f"--json {path}: name a file in an existing folder.")
    return path
