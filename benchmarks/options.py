"""What the benchmarks on real files are asked for."""

import argparse
import os
from pathlib import Path


def parser(description: str) -> argparse.ArgumentParser:
    """Returns a parser with the options that they share."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    default = os.environ.get("XLTRANSFER_DATA_DIR")
    made.add_argument(
        "--data-dir",
        type=Path,
        default=default,
        required=default is None,
        help="the official files (default: XLTRANSFER_DATA_DIR)",
    )
    made.add_argument(
        "--cache-dir", type=Path, help="where vocabularies and caches are kept"
    )
    made.add_argument("--json", type=Path, help="a file for the figures")
    return made
