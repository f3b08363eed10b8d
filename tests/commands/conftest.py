"""The command line, in the tests' own process."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from server import Server

from xltransfer import cli
from xltransfer.commands import options


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[..., str]:
    """Runs a command; returns what it printed, errors included.

    Its exit code is asserted, and that no traceback was printed.
    """
    for name in (options.DATA_DIR, options.CACHE_DIR, "XLTRANSFER_MIRROR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["xltransfer", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert (stop.value.code or 0) == code, out + err
        assert "Traceback" not in out + err
        return out + err

    return run


@pytest.fixture
def data_server() -> Iterator[Server]:
    with Server({}).running() as server:
        yield server


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the official files."""
    folder = os.environ.get("XLTRANSFER_DATA_DIR")
    if not folder:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    return Path(folder)
