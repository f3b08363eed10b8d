"""mT5 and umT5 at tiny size: whole, the encoder alone, and the buckets."""

from pathlib import Path

import numpy as np
import torch
from recording import (
    VOCABULARY,
    Made,
    mask,
    mean,
    padded,
    randomised,
    record,
)
from torch.nn import functional
from transformers import (
    MT5Config,
    MT5EncoderModel,
    MT5ForConditionalGeneration,
    PretrainedConfig,
    UMT5Config,
    UMT5EncoderModel,
    UMT5ForConditionalGeneration,
)
from transformers.models.mt5.modeling_mt5 import MT5Attention


def write(folder: Path) -> None:
    for name, (config, kind, make) in MODELS.items():
        made = make(kind, _config(config))
        if name == "mt5":
            torch.save(made.model.state_dict(), folder / "mt5.bin")
        # Few enough bytes for several files.
        record(folder / name, made, shards="20KB")
    relative_position_buckets(folder)


def _config(kind: type) -> PretrainedConfig:
    return kind(
        vocab_size=VOCABULARY,
        d_model=24,
        d_kv=16,
        d_ff=40,
        num_layers=2,
        num_decoder_layers=3,
        num_heads=3,
        attn_implementation="eager",
    )


def built(kind: type, config: PretrainedConfig) -> torch.nn.Module:
    """A random model with an output layer of its own."""
    model = kind(config)
    # transformers 5 ties the output layer upon construction; mT5 does not.
    # (`tie_word_embeddings=False` would part the two stacks' inputs as well.)
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.clone())
    randomised(model)
    assert not torch.equal(model.lm_head.weight, model.shared.weight)
    assert model.encoder.embed_tokens.weight is model.shared.weight
    # Believing umT5 tied, transformers 5 divides its logits by sqrt(d_model);
    # the published configuration says false, and 4.57 reads it.
    model.config.tie_word_embeddings = False
    return model


def text_to_text(kind: type, config: PretrainedConfig) -> Made:
    """Long enough, at 150 and 140 tokens, for the farthest buckets."""
    model, vocabulary = built(kind, config), config.vocab_size
    tokens, lengths = padded([150, 40, 9], 2, 0, vocabulary)
    targets, target_lengths = padded([140, 7, 3], 2, -100, vocabulary)
    inputs = functional.pad(targets[:, :-1], (1, 0)).clamp(min=0)

    def forward(model, tokens):
        logits = model(
            tokens,
            attention_mask=mask(tokens, lengths),
            decoder_input_ids=inputs,
            decoder_attention_mask=mask(inputs, target_lengths),
        ).logits
        return {"logits": logits}, functional.cross_entropy(logits.mT, targets)

    arrays = {
        "lengths": lengths,
        "inputs": inputs,
        "targets": targets,
        "target_lengths": target_lengths,
    }
    return Made(model, tokens, forward, arrays)


def embedding(kind: type, config: PretrainedConfig) -> Made:
    """The mean of the encoder's output, normalised; and an earlier layer's."""
    tokens, lengths = padded([30, 20, 9], 2, 0, config.vocab_size)
    targets = torch.randn(3, config.d_model)

    def forward(model, tokens):
        kept = mask(tokens, lengths)
        states = model(
            tokens, attention_mask=kept, output_hidden_states=True
        ).hidden_states
        outputs = {
            "logits": functional.normalize(mean(states[-1], kept), dim=-1),
            "mean_1": mean(states[1], kept),
            "first_token_2": states[2][:, 0],
        }
        return outputs, functional.mse_loss(outputs["logits"], targets)

    model = randomised(kind(config))
    arrays = {"lengths": lengths, "targets": targets}
    return Made(model, tokens, forward, arrays)


def relative_position_buckets(folder: Path) -> None:
    distance = torch.arange(-600, 601)
    np.savez(
        folder / "relative_position_buckets.npz",
        distance=distance,
        **{
            f"bidirectional_{both}": MT5Attention._relative_position_bucket(
                distance, bidirectional=both, num_buckets=32, max_distance=128
            )
            for both in (True, False)
        },
    )


MODELS = {
    "mt5": (MT5Config, MT5ForConditionalGeneration, text_to_text),
    "umt5": (UMT5Config, UMT5ForConditionalGeneration, text_to_text),
    "mt5_embedding": (MT5Config, MT5EncoderModel, embedding),
    "umt5_embedding": (UMT5Config, UMT5EncoderModel, embedding),
}
