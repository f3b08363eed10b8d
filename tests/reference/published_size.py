"""One of Hugging Face's models at a published size, with random weights.

Usage: python published_size.py NAME SIZE FOLDER

NAME is one that `huggingface.py` writes; SIZE is `base` or `large`; the
vocabulary is the published one. Writes `recording.record_outputs`.
"""

import sys
from pathlib import Path

import torch
from mt5_models import MODELS
from recording import Made, record_outputs
from transformers import PretrainedConfig
from xlmr_models import HEADS, LABELS, VARIANTS

XLMR = {
    "base": {},
    "large": {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
    },
}
MT5 = {
    "base": {"d_model": 768, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
    "large": {"d_model": 1024, "d_ff": 2816, "num_layers": 24, "num_heads": 16},
}
MT5_VOCABULARY = {"mt5": 250112, "umt5": 256384}


def made(name: str, size: str) -> Made:
    if name in MODELS:
        config, kind, make = MODELS[name]
        vocabulary = MT5_VOCABULARY[name.removesuffix("_embedding")]
        return make(kind, config(vocab_size=vocabulary, **MT5[size]))
    variant, head = name.split("_", 1)
    config, kinds = VARIANTS[variant]
    return HEADS[head](kinds[head], xlmr_config(config, size))


def xlmr_config(kind: type, size: str) -> PretrainedConfig:
    return kind(
        vocab_size=250002,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        num_labels=LABELS,
        **XLMR[size],
    )


if __name__ == "__main__":
    torch.manual_seed(0)
    name, size, folder = sys.argv[1:]
    record_outputs(Path(folder), made(name, size))
