"""How soon a study reaches its first update, with compiled programs and without.

    python benchmarks/warm_start.py [STUDY.gin] [--rounds N] [--json FILE]
        [--gin.NAME=VALUE ...]

Vocabulary and caches are built before. A round starts `xltransfer run` twice
into new folders: with an empty folder for compiled programs, and with those
that the first start left there. Taken are seconds from the start of the process
to the line of the first update, and the processor's time until then, which
other work on the machine does not lengthen.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = "gin/studies/quickstart.gin"
COMMAND = (sys.executable, "-c", "from xltransfer.cli import main; main()")
SIDES = ("cold", "warm")


def main() -> None:
    arguments, bindings = _parser().parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run("prepare", arguments.study, folder, folder / "prepared", bindings)
        rounds = [
            {
                side: first_update(arguments.study, folder, number, bindings)
                for side in SIDES
            }
            for number in range(arguments.rounds)
        ]
    record = {
        "study": arguments.study,
        "rounds": rounds,
        "median": {
            side: {
                name: statistics.median(one[side][name] for one in rounds)
                for name in rounds[0][side]
            }
            for side in SIDES
        },
    }
    print(f"{'start':8}{'seconds':>10}{'of processor':>14}")
    for side, found in record["median"].items():
        print(f"{side:8}{found['seconds']:10.1f}{found['processor']:14.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def first_update(
    study: str, folder: Path, number: int, bindings: list[str]
) -> dict[str, float]:
    """Starts a study anew, and stops it after its first update."""
    compiled = folder / f"compiled-{number}"
    out = Path(tempfile.mkdtemp(dir=folder))
    started = time.perf_counter()
    process = _start("run", study, folder, out, bindings, compiled)
    while not any(out.glob("phases/*/metrics.jsonl")):
        if process.poll() is not None:
            sys.exit(f"the study ended with {process.returncode}")
        time.sleep(0.01)
    seconds, processor = time.perf_counter() - started, _processor(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return {"seconds": seconds, "processor": processor}


def _processor(pid: int) -> float:
    """Returns the seconds of user and system time of a process (Linux)."""
    text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    user, system = text.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _run(*arguments: object) -> None:
    assert _start(*arguments).wait() == 0


def _start(
    command: str,
    study: str,
    folder: Path,
    out: Path,
    bindings: list[str],
    compiled: Path | None = None,
) -> subprocess.Popen:
    """Starts a command whose caches are in a folder."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "JAX_COMPILATION_CACHE_DIR"
    }
    if compiled:
        environment["XLTRANSFER_COMPILATION_CACHE"] = str(compiled)
    logged = ["--gin.Execution.log_every=1"] * (command == "run")
    places = ["--out", str(out), "--cache-dir", str(folder / "cache")]
    return subprocess.Popen(
        [*COMMAND, command, study, *places, *logged, *bindings],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", default=STUDY)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser


if __name__ == "__main__":
    main()
