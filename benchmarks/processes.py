"""Sides of a comparison, each in a process of its own."""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

# Alike on both sides of an evaluation: rows at a time, and the layer of
# sentences' vectors (of XLM-R base the best; XTREME's scripts).
ROWS, LAYER = 32, 8


def output(command: list[str], compiled: Path | None = None) -> Any:
    """Runs a script; returns what it printed as JSON, or None without any.

    Args:
      command: the script and its arguments.
      compiled: where JAX keeps compiled programs; else where it always does.
    """
    environment = dict(os.environ)
    if compiled:
        environment["JAX_COMPILATION_CACHE_DIR"] = str(compiled)
    done = subprocess.run(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
    )
    return json.loads(done.stdout) if done.stdout else None


def written(arguments: argparse.Namespace, *names: str) -> list[str]:
    """Returns those of the arguments that are set, as they are written."""
    return [
        part
        for name in names
        if (value := getattr(arguments, name)) is not None
        for part in (f"--{name.replace('_', '-')}", str(value))
    ]


def peak() -> int:
    """Returns the largest resident set of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
