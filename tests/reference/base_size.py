"""Hugging Face's XLM-R base or mT5 base with random weights, and its logits.

Usage: python base_size.py NAME FOLDER, where NAME is `xlmr` or `mt5`. Sizes
and vocabulary are the published ones. Writes the weights, `config.json` and
`arrays.npz` into FOLDER.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from recording import mask, padded, randomised
from torch.nn import functional
from transformers import (
    MT5Config,
    MT5ForConditionalGeneration,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)


def xlmr() -> tuple[torch.nn.Module, dict]:
    config = XLMRobertaConfig(
        vocab_size=250002,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    model = randomised(XLMRobertaForMaskedLM(config))
    tokens, lengths = padded([40, 12], first=4, pad=1, vocabulary=250002)
    logits = model(tokens, attention_mask=mask(tokens, lengths)).logits
    return model, {"tokens": tokens, "lengths": lengths, "logits": logits}


def mt5() -> tuple[torch.nn.Module, dict]:
    config = MT5Config(
        vocab_size=250112,
        d_model=768,
        d_ff=2048,
        num_layers=12,
        num_heads=12,
    )
    model = MT5ForConditionalGeneration(config)
    # See `mt5_models.built`.
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.clone())
    randomised(model)
    tokens, lengths = padded([40, 12], first=2, pad=0, vocabulary=250112)
    inputs, target_lengths = padded([9, 5], first=2, pad=0, vocabulary=250112)
    inputs = functional.pad(inputs[:, :-1], (1, 0))
    logits = model(
        tokens,
        attention_mask=mask(tokens, lengths),
        decoder_input_ids=inputs,
        decoder_attention_mask=mask(inputs, target_lengths),
    ).logits
    return model, {
        "tokens": tokens,
        "lengths": lengths,
        "inputs": inputs,
        "target_lengths": target_lengths,
        "logits": logits,
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    with torch.no_grad():
        model, arrays = {"xlmr": xlmr, "mt5": mt5}[sys.argv[1]]()
    folder = Path(sys.argv[2])
    model.save_pretrained(folder)
    np.savez(
        folder / "arrays.npz", **{name: x.numpy() for name, x in arrays.items()}
    )
