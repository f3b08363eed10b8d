"""Training of published sizes on batches of a given shape, without any data."""

import ast
import re
import textwrap
from pathlib import Path
from typing import Any

import jax
import numpy as np

from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig
from xltransfer.objectives.classification import Classification
from xltransfer.objectives.objective import Objective
from xltransfer.objectives.text_to_text import TextToText
from xltransfer.optimizer import Adafactor, AdamW, Optimizer

GIN = Path(__file__).resolve().parent.parent / "gin"
LABELS = 3
# Columns of every array of a batch; mT5's are of inputs and targets.
ENCODER = {
    "tokens": 128,
    "segment_ids": 128,
    "positions": 128,
    "starts": 4,
    "labels": 4,
    "label_weights": 4,
}
TEXT = ("encoder_input_tokens", "encoder_segment_ids")
TARGETS = (
    "decoder_input_tokens",
    "decoder_segment_ids",
    "decoder_target_tokens",
    "decoder_loss_weights",
)
Batch = dict[str, jax.ShapeDtypeStruct]


def training(
    model: str, rows: int, dtype: str, lengths: tuple[int, int] = (512, 128)
) -> tuple[Objective, Optimizer, Batch]:
    """Returns objective, optimiser and shapes of a batch.

    XLM-R trains a classifier with AdamW on rows of 128 tokens of four examples,
    mT5 with Adafactor.

    Args:
      model: a file of gin/models.
      rows: B.
      dtype: that products are computed in.
      lengths: of mT5's inputs and targets.
    """
    if model.startswith("mt5"):
        text = TextToText(MT5(MT5Config(**_sizes(model), dtype=dtype)))
        columns = dict.fromkeys(TEXT, lengths[0])
        columns |= dict.fromkeys(TARGETS, lengths[1])
        return text, Adafactor(), _batch(rows, columns)
    config = XLMRConfig(**_sizes(model), dtype=dtype)
    encoder = Classification(XLMRClassifier(config, LABELS))
    return encoder, AdamW(1e-5), _batch(rows, ENCODER)


def _batch(rows: int, columns: dict[str, int]) -> Batch:
    return {
        name: jax.ShapeDtypeStruct(
            (rows, length),
            np.float32 if name.endswith("weights") else np.int32,
        )
        for name, length in columns.items()
    }


def _sizes(model: str) -> dict[str, Any]:
    """Returns the sizes that a file of gin/models binds."""
    text = (GIN / "models" / f"{model}.gin").read_text()
    block = re.search(r"Config:\n((?: .*\n)+)", text)[1]
    return {
        one.targets[0].id: ast.literal_eval(one.value)
        for one in ast.parse(textwrap.dedent(block)).body
    }
