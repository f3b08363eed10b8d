"""Loads converted directories with Hugging Face's own classes.

Usage: python reloading.py REFERENCE CONVERTED

Prints a line of JSON: for each model its class, the tensors that were missing
or unexpected, and how far its outputs are from those in `REFERENCE/NAME.npz`,
as max|a - b| / max|b|.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from recording import mask, mean
from torch.nn import functional
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    MT5EncoderModel,
    UMT5EncoderModel,
)

XLMR_CLASSES = {
    "classifier": AutoModelForSequenceClassification,
    "choice": AutoModelForMultipleChoice,
    "tagger": AutoModelForTokenClassification,
    "span": AutoModelForQuestionAnswering,
    "masked_lm": AutoModelForMaskedLM,
    "embedding": AutoModel,
    "retriever": AutoModel,
}
CLASSES = {
    **{f"xlmr_{name}": auto for name, auto in XLMR_CLASSES.items()},
    **{f"xlmr_xl_{name}": auto for name, auto in XLMR_CLASSES.items()},
    "mt5": AutoModelForSeq2SeqLM,
    "umt5": AutoModelForSeq2SeqLM,
    # No class of transformers chooses between the two.
    "mt5_embedding": MT5EncoderModel,
    "umt5_embedding": UMT5EncoderModel,
}


def main(reference: Path, converted: Path) -> None:
    found = {}
    for name, auto in CLASSES.items():
        # MT5's encoder has no such layer to leave out.
        bare = auto is AutoModel and name.endswith("embedding")
        options = {"add_pooling_layer": False} if bare else {}
        model, info = auto.from_pretrained(
            converted / name, output_loading_info=True, **options
        )
        with np.load(reference / f"{name}.npz") as file:
            arrays = {key: torch.tensor(file[key]) for key in USED & {*file}}
        with torch.no_grad():
            differences = compare(name, model.eval(), converted / name, arrays)
        found[name] = {
            "class": type(model).__name__,
            "missing": sorted(info["missing_keys"]),
            "unexpected": sorted(info["unexpected_keys"]),
            **differences,
        }
    print(json.dumps(found))


USED = {
    "tokens",
    "lengths",
    "inputs",
    "target_lengths",
    "logits",
}


def compare(
    name: str, model: torch.nn.Module, folder: Path, arrays: dict
) -> dict[str, float]:
    wanted, found = arrays["logits"], {}
    if name == "umt5":
        divided = wanted / model.config.d_model**0.5
        found["as_loaded"] = error(
            outputs(name, model, folder, arrays), divided
        )
        model.config.tie_word_embeddings = False
    made = outputs(name, model, folder, arrays)
    return found | {"difference": error(made, wanted)}


def error(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())


def outputs(
    name: str, model: torch.nn.Module, folder: Path, arrays: dict
) -> torch.Tensor:
    tokens = arrays["tokens"]
    kept = mask(tokens, arrays["lengths"])
    if name in ("mt5", "umt5"):
        return model(
            tokens,
            attention_mask=kept,
            decoder_input_ids=arrays["inputs"],
            decoder_attention_mask=mask(
                arrays["inputs"], arrays["target_lengths"]
            ),
        ).logits
    if name.endswith("embedding"):
        return vectors(model, tokens, kept)
    if name.endswith("retriever"):
        scale = json.loads((folder / "dual_encoder.json").read_text())["scale"]
        pooled = model(tokens, attention_mask=kept).pooler_output
        queries, candidates = functional.normalize(pooled, dim=-1).chunk(2)
        return scale * queries @ candidates.T
    if name.endswith("choice"):
        tokens, kept = (one.reshape(3, 2, -1) for one in (tokens, kept))
        return model(tokens, attention_mask=kept).logits.flatten()
    found = model(tokens, attention_mask=kept)
    if name.endswith("span"):
        return torch.stack([found.start_logits, found.end_logits])
    return found.logits


def vectors(
    model: torch.nn.Module, tokens: torch.Tensor, kept: torch.Tensor
) -> torch.Tensor:
    hidden = model(tokens, attention_mask=kept).last_hidden_state
    return functional.normalize(mean(hidden, kept), dim=-1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
