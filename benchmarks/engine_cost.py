"""What the study engine itself costs.

First a study of 10 intermediates x 10 targets x 3 seeds, and direct transfer,
is planned, and carried out with phases and evaluations that take no time: all
the time is the engine's. Then, with `--study`, a real study is carried out, and
the time outside of training and evaluating is told apart. Claims, records and
tables are written in both.
"""

import argparse
import contextlib
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import jax  # noqa: E402
import large  # noqa: E402
import pytest  # noqa: E402
import trivial  # noqa: E402

from xltransfer import configuration, phase, study  # noqa: E402
from xltransfer.report import console  # noqa: E402
from xltransfer.study.evaluating import CellEvaluations  # noqa: E402
from xltransfer.workspace import Workspace  # noqa: E402


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path, help="a gin file to carry out")
    parser.add_argument("--out", type=Path, help="where; else for the moment")
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    # The devices' start is no part of it.
    jax.devices()
    with tempfile.TemporaryDirectory() as folder:
        trivial_phases(Path(folder) / "trivial")
        if options.study:
            out = options.out or Path(folder) / "real"
            real_phases(options.study, out, options.data_dir)


def trivial_phases(out: Path) -> None:
    """Plans and carries out the large study with phases that take no time."""
    found = large.load()
    where = trivial.place(found, out)
    where.out.mkdir()
    started = seconds()
    study.check(found, where)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        console._console.file = printed
        console.print_plan(found, where, whole=True)
        console._console.file = None
    planned = since(started)
    count = len(study.phases(found))
    with pytest.MonkeyPatch.context() as patch:
        trivial.install(patch)
        started = seconds()
        study.run(found, where, trivial.Recorder())
        run = since(started)
        started = seconds()
        study.run(found, where, trivial.Recorder())
        again = since(started)
    print(f"{count} phases            wall s   CPU s")
    for name, (wall, busy) in (
        ("plan, printed", planned),
        ("run, trivial phases", run),
        ("run again", again),
    ):
        print(f"{name:20s} {wall:8.2f} {busy:7.2f}")
    print(f"a phase and its evaluation: {1000 * run[0] / count:.0f} ms")


def real_phases(path: Path, out: Path, data_dir: Path | None) -> None:
    """Carries a study out, caches prepared, and tells the engine's share."""
    found, _ = configuration.load(path, ())
    where = Workspace(
        out, out / "cache", data_dir, found.partitioning, found.execution
    )
    study.check(found, where)
    for _ in study.prepare(found, where):
        pass
    inside: list[float] = []
    with (
        timed(phase, "run", inside),
        timed(CellEvaluations, "_model", inside),
        timed(CellEvaluations, "_measured", inside),
    ):
        started = time.perf_counter()
        study.run(found, where, trivial.Recorder())
        whole = time.perf_counter() - started
    engine = whole - sum(inside)
    print(
        f"{path.stem}: {len(study.phases(found))} phases, {whole:.1f} s, of "
        f"which {engine:.2f} s ({100 * engine / whole:.2f} %) outside of "
        "training and evaluating"
    )


@contextlib.contextmanager
def timed(owner: object, name: str, taken: list[float]) -> Iterator[None]:
    """Adds the seconds of every call of a function to a list."""
    function = getattr(owner, name)
    with mock.patch.object(owner, name, timing(function, taken)):
        yield


def timing(function: Callable, taken: list[float]) -> Callable:
    def run(*arguments: object, **options: object) -> object:
        started = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            taken.append(time.perf_counter() - started)

    return run


def seconds() -> tuple[float, float]:
    """Returns the clock on the wall, and that of the process."""
    return time.perf_counter(), time.process_time()


def since(started: tuple[float, float]) -> tuple[float, float]:
    now = seconds()
    return now[0] - started[0], now[1] - started[1]


if __name__ == "__main__":
    main()
