"""Files that are whole or not there."""

import json
import os
import uuid
from pathlib import Path
from typing import Any


def replace(path: Path, text: str) -> None:
    """Writes a UTF-8 file in one step, line ends as they are.

    Of several writers at once, on whatever hosts, the last one's file stays.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def replace_json(path: Path, value: Any, sort_keys: bool = False) -> None:
    """Writes a JSON file, for people too, in one step."""
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=sort_keys)
    replace(path, text + "\n")


def size(folder: Path) -> int:
    """Returns the bytes of all files below a folder, 0 where there is none."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                # Removed meanwhile, as checkpoints are.
                continue
    return total
