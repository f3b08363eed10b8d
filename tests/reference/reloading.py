"""Loads converted directories with Hugging Face's own classes.

Usage: python reloading.py REFERENCE CONVERTED

Prints a line of JSON: for each model its class, the tensors that were missing
or unexpected, and how far its logits are from those in `REFERENCE/NAME.npz`,
as max|a - b| / max|b|.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
)

CLASSES = {
    "xlmr_classifier": AutoModelForSequenceClassification,
    "xlmr_masked_lm": AutoModelForMaskedLM,
    "mt5": AutoModelForSeq2SeqLM,
}


def main(reference: Path, converted: Path) -> None:
    found = {}
    for name, auto in CLASSES.items():
        model, info = auto.from_pretrained(
            converted / name, output_loading_info=True
        )
        with np.load(reference / f"{name}.npz") as arrays:
            logits = compute(model.eval(), arrays)
            scale = np.abs(arrays["logits"]).max()
            difference = np.abs(logits - arrays["logits"]).max() / scale
        found[name] = {
            "class": type(model).__name__,
            "missing": sorted(info["missing_keys"]),
            "unexpected": sorted(info["unexpected_keys"]),
            "difference": float(difference),
        }
    print(json.dumps(found))


def compute(model: torch.nn.Module, arrays: dict) -> np.ndarray:
    tokens = torch.tensor(arrays["tokens"])
    inputs = {
        "input_ids": tokens,
        "attention_mask": mask(tokens, arrays["lengths"]),
    }
    if "inputs" in arrays:
        shifted = torch.tensor(arrays["inputs"])
        inputs["decoder_input_ids"] = shifted
        inputs["decoder_attention_mask"] = mask(
            shifted, arrays["target_lengths"]
        )
    with torch.no_grad():
        return model(**inputs).logits.numpy()


def mask(ids: torch.Tensor, lengths: np.ndarray) -> torch.Tensor:
    columns = torch.arange(ids.shape[1])
    return (columns < torch.tensor(lengths)[:, None]).long()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
