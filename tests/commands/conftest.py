"""The command line, in the tests' own process."""

import sys
from collections.abc import Callable, Iterator

import pytest
from server import Server

from xltransfer import cli


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[..., str]:
    """Runs a command; returns what it printed, errors included.

    Its exit code is asserted, and that no traceback was printed.
    """
    for name in (cli.DATA_DIR, cli.CACHE_DIR, "XLTRANSFER_MIRROR"):
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
