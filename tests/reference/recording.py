"""What the reference writes of a model: weights, outputs, gradients, losses."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

VOCABULARY = 97
STEPS = 10
LEARNING_RATE = 2e-3

# (model, tokens) -> (outputs by name, loss)
Forward = Callable[
    [torch.nn.Module, torch.Tensor],
    tuple[dict[str, torch.Tensor], torch.Tensor],
]


@dataclass(frozen=True)
class Made:
    """A model, its tokens and what it computes; `arrays` is all else read."""

    model: torch.nn.Module
    tokens: torch.Tensor
    forward: Forward
    arrays: dict[str, torch.Tensor]


def record_outputs(folder: Path, made: Made) -> None:
    """Writes weights and, as `arrays.npz`, inputs and outputs of a model."""
    with torch.no_grad():
        outputs, _ = made.forward(made.model, made.tokens)
    save_weights(folder, made.model, "5GB")
    arrays = made.arrays | outputs | {"tokens": made.tokens}
    np.savez(
        folder / "arrays.npz", **{name: x.numpy() for name, x in arrays.items()}
    )


def record(path: Path, made: Made, shards: str = "5GB") -> None:
    """Writes the weights into a folder and everything else beside it.

    `NAME.npz` holds the arrays, the outputs and, under `gradient:TENSOR`, the
    loss's gradients; under `losses`, the loss before and after each of ten
    updates by PyTorch's AdamW, each on tokens of its own, `step_tokens`.
    """
    model, tokens, forward = made.model, made.tokens, made.forward
    outputs, loss = forward(model, tokens)
    loss.backward()
    save_weights(path, model, shards)
    # Tied weights under each of their names; a key may be untouched.
    gradients = {
        f"gradient:{name}": weight.grad
        for name, weight in model.named_parameters(remove_duplicate=False)
        if weight.grad is not None
    }
    arrays = made.arrays | outputs | gradients | {"tokens": tokens}
    arrays = {name: x.detach().numpy().copy() for name, x in arrays.items()}
    step_tokens = torch.stack([shifted(tokens, i) for i in range(STEPS + 1)])
    losses = train(model, step_tokens, forward)
    np.savez(
        path.with_suffix(".npz"),
        step_tokens=step_tokens,
        losses=losses,
        **arrays,
    )


def save_weights(path: Path, model: torch.nn.Module, shards: str) -> None:
    """As Hugging Face's classes do; the scale of two encoders beside them."""
    saved = model if hasattr(model, "save_pretrained") else model.roberta
    saved.save_pretrained(path, max_shard_size=shards)
    if hasattr(model, "scale"):
        fields = {"scale": model.scale.item()}
        (path / "dual_encoder.json").write_text(json.dumps(fields))


def shifted(tokens: torch.Tensor, by: int) -> torch.Tensor:
    """Other words in the same places; ids below 4 are special, and stay."""
    moved = 4 + (tokens - 4 + by) % (VOCABULARY - 4)
    return torch.where(tokens < 4, tokens, moved)


def train(
    model: torch.nn.Module, step_tokens: torch.Tensor, forward: Forward
) -> list[float]:
    """Decay on matrices only, linear warm-up over 2 steps, then to zero."""
    weights = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [
            {
                "params": [w for w in weights if w.ndim > 1],
                "weight_decay": 0.01,
            },
            {
                "params": [w for w in weights if w.ndim <= 1],
                "weight_decay": 0.0,
            },
        ],
        betas=(0.9, 0.999),
        eps=1e-8,
    )
    losses = []
    for step, tokens in enumerate(step_tokens):
        optimizer.zero_grad()
        loss = forward(model, tokens)[1]
        losses.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        rate = step / 2 if step < 2 else 1 - (step - 2) / (STEPS - 2)
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate
        optimizer.step()
    return losses


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    """All weights random, norms and biases included, so that no two agree."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim <= 1:
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


def padded(
    lengths: list[int], first: int, pad: int, vocabulary: int = VOCABULARY
):
    ids = torch.full((len(lengths), max(lengths)), pad)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(first, vocabulary, (length,))
    return ids, torch.tensor(lengths)


def mask(ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    return (torch.arange(ids.shape[1]) < lengths[:, None]).long()


def mean(hidden: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """The mean over the columns that are kept."""
    return (hidden * kept[..., None]).sum(1) / kept.sum(1, keepdim=True)
