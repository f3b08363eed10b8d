"""What tests need that stop a study from outside and compare its end."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from orbax.checkpoint import v1 as ocp

from xltransfer import workspace as workspaces


def saved(directory: Path) -> dict[str, np.ndarray]:
    """Reads everything of every checkpoint of a phase, as bytes on disk."""
    here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    found = {}
    for path in sorted((directory / "checkpoints").iterdir()):
        metadata = ocp.checkpointables_metadata(path).metadata["state"]
        abstract = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(
                leaf.shape, leaf.dtype, sharding=here
            ),
            metadata,
        )
        state = ocp.load_checkpointables(path, {"state": abstract})["state"]
        for key, leaf in jax.tree_util.tree_leaves_with_path(state):
            found[path.name + jax.tree_util.keystr(key)] = np.asarray(leaf)
    return found


def assert_bitwise(a: Path, b: Path) -> None:
    """Both phases ended with the same checkpoints and the same numbers."""
    first, second = saved(a), saved(b)
    assert first.keys() == second.keys() and len(first) > 20
    for name, leaf in first.items():
        assert leaf.tobytes() == second[name].tobytes(), name
    assert numbers(a) == numbers(b)
    records = [
        json.loads((one / workspaces.DONE).read_text()) for one in (a, b)
    ]
    for name in ("identity", "selection", "step", "score", "steps"):
        assert records[0][name] == records[1][name]


def numbers(directory: Path) -> list[dict[str, float]]:
    """Returns the lines of metrics.jsonl without what a clock measured."""
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    clocked = ("_per_second", "_share", "_seconds", "_gib", "mfu")
    return [
        {
            name: one
            for name, one in json.loads(line).items()
            if not name.endswith(clocked)
        }
        for line in lines
    ]


def lines(out: Path) -> int:
    """Counts the steps and scores that all phases have written."""
    found = (out / "phases").glob("*/metrics.jsonl")
    return sum(len(path.read_text().splitlines()) for path in found)


def stop_when(
    process: subprocess.Popen,
    number: int,
    condition: Callable[[], bool],
    delay: float = 0.0,
) -> int:
    """Sends a signal once a condition holds; returns the exit code."""
    while process.poll() is None and not condition():
        time.sleep(0.001)
    time.sleep(delay)
    process.send_signal(number)
    process.communicate(timeout=600)
    return process.returncode


def assert_same_study(whole: Path, killed: Path) -> None:
    """Every phase ended bitwise alike, with the same results.csv."""
    names = sorted(path.name for path in (whole / "phases").iterdir())
    assert names == sorted(path.name for path in (killed / "phases").iterdir())
    for name in names:
        assert_bitwise(whole / "phases" / name, killed / "phases" / name)
    for path in (whole / "phases").rglob("test-*.tsv"):
        twin = killed / path.relative_to(whole)
        assert path.read_bytes() == twin.read_bytes()
    table = (whole / "results.csv").read_bytes()
    assert table == (killed / "results.csv").read_bytes()
