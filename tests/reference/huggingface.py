"""Runs Hugging Face's models at tiny size and writes what they computed.

Usage: python huggingface.py FOLDER

For each model, NAME: its weights in the folder `NAME`, and `NAME.npz` (see
`recording.record`).
"""

import sys
from pathlib import Path

import generation
import mt5_models
import torch
import xlmr_models


def main(folder: Path) -> None:
    torch.manual_seed(0)
    # Too small to share among threads.
    torch.set_num_threads(1)
    xlmr_models.write(folder)
    mt5_models.write(folder)
    generation.write(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
