"""Runs Hugging Face's models at tiny size and writes what they computed.

Usage: python huggingface.py FOLDER

For `xlmr_classifier`, `xlmr_masked_lm` and `mt5` it writes the weights as
`save_pretrained` does, and `NAME.npz` with the inputs, the logits and, under
`gradient:TENSOR`, the loss's gradients. All weights are random, norms and
biases included, so that no two can be mistaken for each other.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import (
    MT5Config,
    MT5ForConditionalGeneration,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaForSequenceClassification,
)
from transformers.models.mt5.modeling_mt5 import MT5Attention

VOCABULARY = 97
LABELS = 3


def main(folder: Path) -> None:
    torch.manual_seed(0)
    xlmr_classifier(folder)
    xlmr_masked_lm(folder)
    mt5(folder)
    relative_position_buckets(folder)


def xlmr_classifier(folder: Path) -> None:
    config = xlmr_config(num_labels=LABELS)
    model = randomised(XLMRobertaForSequenceClassification(config))
    tokens, lengths = padded([12, 7, 5], first=4, pad=1)
    labels = torch.tensor([2, 0, 1])
    logits = model(tokens, attention_mask=mask(tokens, lengths)).logits
    functional.cross_entropy(logits, labels).backward()
    model.save_pretrained(folder / "xlmr_classifier")
    save(
        folder / "xlmr_classifier",
        model,
        tokens=tokens,
        lengths=lengths,
        labels=labels,
        logits=logits,
    )


def xlmr_masked_lm(folder: Path) -> None:
    model = randomised(XLMRobertaForMaskedLM(xlmr_config()))
    tokens, lengths = padded([12, 7, 5], first=4, pad=1)
    targets, _ = padded([12, 7, 5], first=4, pad=-100)
    # Every third column is predicted; the first of each row among them.
    targets[:, torch.arange(12) % 3 != 0] = -100
    logits = model(tokens, attention_mask=mask(tokens, lengths)).logits
    functional.cross_entropy(logits.mT, targets).backward()
    model.save_pretrained(folder / "xlmr_masked_lm")
    save(
        folder / "xlmr_masked_lm",
        model,
        tokens=tokens,
        lengths=lengths,
        targets=targets,
        logits=logits,
    )


def xlmr_config(**fields) -> XLMRobertaConfig:
    return XLMRobertaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=40,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        attn_implementation="eager",
        **fields,
    )


def mt5(folder: Path) -> None:
    """Long enough, at 150 and 140 tokens, for the farthest buckets."""
    config = MT5Config(
        vocab_size=VOCABULARY,
        d_model=24,
        d_kv=16,
        d_ff=40,
        num_layers=2,
        num_decoder_layers=3,
        num_heads=3,
        attn_implementation="eager",
    )
    model = MT5ForConditionalGeneration(config)
    # transformers 5 ties the output layer upon construction; mT5 does not.
    # (`tie_word_embeddings=False` would part the two stacks' inputs as well.)
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.clone())
    randomised(model)
    assert not torch.equal(model.lm_head.weight, model.shared.weight)
    assert model.encoder.embed_tokens.weight is model.shared.weight
    tokens, lengths = padded([150, 40, 9], first=2, pad=0)
    targets, target_lengths = padded([140, 7, 3], first=2, pad=-100)
    inputs = functional.pad(targets[:, :-1], (1, 0)).clamp(min=0)
    logits = model(
        tokens,
        attention_mask=mask(tokens, lengths),
        decoder_input_ids=inputs,
        decoder_attention_mask=mask(inputs, target_lengths),
    ).logits
    functional.cross_entropy(logits.mT, targets).backward()
    model.save_pretrained(folder / "mt5", max_shard_size="20KB")
    torch.save(model.state_dict(), folder / "mt5.bin")
    save(
        folder / "mt5",
        model,
        tokens=tokens,
        lengths=lengths,
        inputs=inputs,
        targets=targets,
        target_lengths=target_lengths,
        logits=logits,
    )


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


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 1:
                centre = 1.0 if "norm.weight" in name.lower() else 0.0
                weight.normal_(centre, 0.2)
            elif "embeddings" in name or name == "shared.weight":
                weight.normal_(0.0, 1.0)
            else:
                weight.normal_(0.0, weight.shape[1] ** -0.5)
            # mT5 has no 1/sqrt(16) on its logits; keep its softmax soft.
            if name.endswith("Attention.q.weight"):
                weight /= 4
    return model.eval()


def padded(lengths: list[int], first: int, pad: int):
    ids = torch.full((len(lengths), max(lengths)), pad)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(first, VOCABULARY, (length,))
    return ids, torch.tensor(lengths)


def mask(ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    return (torch.arange(ids.shape[1]) < lengths[:, None]).long()


def save(path: Path, model: torch.nn.Module, **arrays: torch.Tensor) -> None:
    # Tied weights under each of their names.
    gradients = {
        f"gradient:{name}": weight.grad
        for name, weight in model.named_parameters(remove_duplicate=False)
    }
    arrays = {
        name: x.detach().numpy() for name, x in (arrays | gradients).items()
    }
    np.savez(path.with_suffix(".npz"), **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
