"""What a run ran on: recorded beside its numbers, not part of its identity."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

import jax

from xltransfer.partitioning import Partitioning

PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain")


def describe(partitioning: Partitioning) -> dict[str, Any]:
    """Returns versions, commit, devices and mesh, as JSON values."""
    device = jax.devices()[0]
    return {
        "python": platform.python_version(),
        "packages": {
            name: importlib.metadata.version(name) for name in PACKAGES
        },
        "commit": _commit(),
        "platform": device.platform,
        "device_kind": device.device_kind,
        "devices": jax.device_count(),
        "hosts": jax.process_count(),
        "mesh": dict(partitioning.mesh.shape),
        "rules": [list(rule) for rule in partitioning.rules],
        "scan": partitioning.scan,
        "remat": partitioning.remat,
    }


def _commit() -> str | None:
    """Returns the commit of this checkout, or None outside of one."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).parent
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
