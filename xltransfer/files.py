"""Files that are whole or not there."""

import os
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Writes a UTF-8 file in one step, line ends as they are."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="")
    os.replace(partial, path)
