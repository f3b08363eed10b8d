"""Compiled programs are kept, for the next start of the same ones."""

import os
from pathlib import Path

import jax

FOLDER = "compiled"
VARIABLE = "XLTRANSFER_COMPILATION_CACHE"


def keep(cache_dir: Path) -> None:
    """Has JAX keep what it compiles; JAX's own variables have precedence.

    All programs, however small: a phase has hundreds of them.

    Args:
      cache_dir: the folder of the caches, in which `compiled` is taken where
        XLTRANSFER_COMPILATION_CACHE names no other folder.
    """
    place = os.environ.get(VARIABLE) or str(cache_dir / FOLDER)
    for name, value in (
        ("jax_compilation_cache_dir", place),
        ("jax_persistent_cache_min_compile_time_secs", 0.0),
        ("jax_persistent_cache_min_entry_size_bytes", -1),
    ):
        if name.upper() not in os.environ:
            jax.config.update(name, value)
