"""The real command line, in a process of its own, and the tiny study."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TINY = ROOT / "tests" / "studies" / "tiny.gin"

# At its end, the process tells which of these it has imported.
HEAVY = (
    *("jax", "tensorflow", "seqio", "transformers", "torch", "numpy"),
    "gin",
)
PROGRAM = f"""
import atexit, sys
from xltransfer.cli import main
atexit.register(lambda: print(
    "imported:", *[m for m in {HEAVY} if m in sys.modules], file=sys.stderr))
main()
"""


@dataclass(frozen=True)
class Command:
    """Where commands find caches: tasks' and XLA's.

    A process has one device, unlike the tests' own. It compiles once for all
    and in a hurry, unless there is no folder for what is compiled.
    """

    cache: Path
    compiled: Path | None = None

    def start(
        self,
        *arguments: object,
        stream: int = subprocess.DEVNULL,
        devices: int = 1,
    ) -> subprocess.Popen:
        """Starts `xltransfer`; a pipe that nobody reads would stop it."""
        shape = f"--xla_force_host_platform_device_count={devices}"
        environment = {
            **os.environ,
            "XLA_FLAGS": shape,
            "PYTHONPATH": str(ROOT),
            "XLTRANSFER_CACHE_DIR": str(self.cache),
        }
        if self.compiled:
            environment |= {
                "XLA_FLAGS": f"{shape} --xla_backend_optimization_level=0",
                "JAX_COMPILATION_CACHE_DIR": str(self.compiled),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
                "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
            }
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            env=environment,
            stdout=stream,
            stderr=stream,
            text=True,
        )

    def run(
        self,
        *arguments: object,
        code: int = 0,
        devices: int = 1,
        limit: int = 600,
    ) -> tuple[str, str]:
        """Runs `xltransfer` to its end; returns what it printed.

        Asserts its exit code, and that it takes `limit` seconds at most.
        """
        process = self.start(
            *arguments, stream=subprocess.PIPE, devices=devices
        )
        out, err = process.communicate(timeout=limit)
        assert process.returncode == code, out + err
        return out, err


def imported(err: str) -> set[str]:
    """Returns which heavy modules a command had imported at its end."""
    last = [one for one in err.splitlines() if one.startswith("imported:")][-1]
    return set(last.split()[1:])
