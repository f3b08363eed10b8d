"""What a compiled program needs, kept: compiling takes minutes."""

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

from xltransfer import files
from xltransfer.topology import hlo

FOLDER = "planned"
Facts = dict[str, Any]


def facts(
    folder: Path | None,
    lowered: jax.stages.Lowered,
    device: jax.Device,
    make: Callable[[], Facts],
) -> Facts:
    """Returns what `make` finds of a program, or has found before.

    Args:
      folder: where it is kept, as JSON; None keeps nothing.
      lowered: the program.
      device: one of those that it is compiled for.
      make: compiles it.
    """
    if folder is None:
        return make()
    path = folder / f"{_key(lowered, device)}.json"
    if path.exists():
        return json.loads(path.read_text())
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    files.replace_json(path, made)
    return made


def _key(lowered: jax.stages.Lowered, device: jax.Device) -> str:
    """Names a program, its compiler, and how the result is read."""
    parts = (
        lowered.as_text(),
        device.device_kind,
        device.client.platform_version,
        *(
            os.environ.get(name, "")
            for name in ("XLA_FLAGS", "LIBTPU_INIT_ARGS")
        ),
        importlib.metadata.version("jaxlib"),
        Path(hlo.__file__).read_text(),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
