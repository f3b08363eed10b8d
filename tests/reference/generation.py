"""Token ids that Hugging Face's `generate` gives, greedily and by beams."""

from pathlib import Path

import numpy as np
import torch
from mt5_models import built
from recording import VOCABULARY, mask, padded
from transformers import (
    MT5Config,
    MT5ForConditionalGeneration,
    UMT5Config,
    UMT5ForConditionalGeneration,
)

INPUTS = 200
NEW_TOKENS = 12


SEARCHES = {
    "greedy": {"num_beams": 1},
    "beam": {"num_beams": 4},
    "beam_short": {"num_beams": 4, "length_penalty": -1.0},
    "beam_long": {"num_beams": 3, "length_penalty": 2.0},
}


def write(folder: Path) -> None:
    for name, kind, config in (
        ("mt5_generation", MT5ForConditionalGeneration, MT5Config),
        ("umt5_generation", UMT5ForConditionalGeneration, UMT5Config),
    ):
        model = sharp(kind, config)
        tokens, lengths, found = generated(model)
        model.save_pretrained(folder / name)
        np.savez(
            folder / f"{name}.npz", tokens=tokens, lengths=lengths, **found
        )


def sharp(kind: type, config: type) -> torch.nn.Module:
    """A model whose outputs end early, late and not at all."""
    # Few random models do; which one must not depend on those before it.
    torch.manual_seed(1)
    model = built(
        kind,
        config(
            vocab_size=VOCABULARY,
            d_model=24,
            d_kv=16,
            d_ff=40,
            num_layers=2,
            num_heads=3,
        ),
    )
    with torch.no_grad():
        model.lm_head.weight *= 2
        # Near to the mean of a few words, so that the end, id 1, is likely.
        model.lm_head.weight[1] += model.lm_head.weight[2:6].mean(0)
    return model


def generated(model: torch.nn.Module):
    lengths = torch.randint(1, 15, (INPUTS,)).tolist()
    tokens, lengths = padded(lengths, first=2, pad=0)
    found = {
        name: model.generate(
            tokens,
            attention_mask=mask(tokens, lengths),
            do_sample=False,
            max_new_tokens=NEW_TOKENS,
            **arguments,
        )[:, 1:]
        for name, arguments in SEARCHES.items()
    }
    return tokens, lengths, found
