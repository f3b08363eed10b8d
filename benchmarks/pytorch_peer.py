"""Fine-tuning as users do it today: Hugging Face, PyTorch, padded batches.

A program of its own, so that neither framework's threads are in the other's
process. `write` makes a directory with random weights; `train` runs updates on
given batches: AdamW without decay on vectors, linear warm-up and decay, global
norm 1, no dropout. `dynamic` pads a batch to its longest example, as Trainer's
default collator does; a number pads to that, as XTREME's scripts do. On a GPU where
there is one; in bfloat16 products alone are computed, as Trainer's `bf16` has it.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import processes
import torch
import transformers
from processes import LAYER, ROWS

DYNAMIC = "dynamic"
IGNORED = -100
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("write", "train", "predict"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--pad", default=DYNAMIC)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--schedule", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.command == "write":
        torch.manual_seed(0)
        kind, make = MODELS[arguments.model]
        config = make(arguments.layers)
        if kind is transformers.XLMRobertaForQuestionAnswering:
            # Where an answer starts and ends, not classes.
            config.num_labels = 2
        model = kind(config)
        if kind is transformers.MT5ForConditionalGeneration:
            # transformers 5 ties the output layer upon construction.
            table = model.lm_head.weight.clone()
            model.lm_head.weight = torch.nn.Parameter(table)
        model.save_pretrained(arguments.folder)
    else:
        run = {"train": train, "predict": predict}[arguments.command]
        print(json.dumps(run(arguments)))


def _xlmr_base(layers: int | None) -> transformers.PretrainedConfig:
    return transformers.XLMRobertaConfig(
        vocab_size=250002,
        num_hidden_layers=layers or 12,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        num_labels=3,
    )


def _mt5_small(layers: int | None) -> transformers.PretrainedConfig:
    return transformers.MT5Config(
        vocab_size=250112,
        d_model=512,
        d_kv=64,
        d_ff=1024,
        num_layers=layers or 8,
        num_decoder_layers=layers or 8,
        num_heads=6,
        feed_forward_proj="gated-gelu",
        decoder_start_token_id=0,
    )


MODELS = {
    "xlmr_base": (
        transformers.XLMRobertaForSequenceClassification,
        _xlmr_base,
    ),
    "xnli": (transformers.XLMRobertaForSequenceClassification, _xlmr_base),
    "xquad": (transformers.XLMRobertaForQuestionAnswering, _xlmr_base),
    "tatoeba": (transformers.XLMRobertaModel, _xlmr_base),
    "mt5_small": (transformers.MT5ForConditionalGeneration, _mt5_small),
}


def train(arguments: argparse.Namespace) -> dict:
    """Runs the updates; returns seconds and loss of each, and the peak."""
    kind, _ = MODELS[arguments.model]
    # Without dropout, so that losses can be compared.
    rates = {"dropout_rate": 0.0}
    if arguments.model == "xlmr_base":
        rates = {
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        }
    model = kind.from_pretrained(arguments.folder, **rates).train().to(DEVICE)
    pad_id = model.config.pad_token_id
    head = arguments.folder / "head.npz"
    if head.exists():
        with np.load(head, allow_pickle=False) as stored:
            tensors = {name: torch.tensor(stored[name]) for name in stored}
        model.classifier.load_state_dict(tensors)
    optimizer, schedule = _optimizer(model, arguments.schedule)
    seconds, losses = [], []
    half = arguments.dtype == "bfloat16"
    with np.load(
        arguments.folder / "batches.npz", allow_pickle=False
    ) as stored:
        for step in range(arguments.steps):
            batch = _batch(stored, step, arguments.pad, pad_id)
            begin = time.perf_counter()
            # Anew each time: it keeps rounded parameters until it ends.
            with torch.autocast(DEVICE, torch.bfloat16, enabled=half):
                loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            seconds.append(time.perf_counter() - begin)
    peak = processes.peak()
    return {"seconds": seconds, "losses": losses, "peak": peak}


def predict(arguments: argparse.Namespace) -> dict:
    """Predicts all rows in their order; writes what is compared."""
    kind, _ = MODELS[arguments.model]
    model = kind.from_pretrained(arguments.folder).eval().to(DEVICE)
    pad_id = model.config.pad_token_id
    with np.load(arguments.folder / "rows.npz", allow_pickle=False) as stored:
        ends = np.cumsum(stored["lengths"])
        rows = np.split(stored["ids"], ends[:-1])
    output, found, places = OUTPUTS[arguments.model], [], 0
    with torch.inference_mode():
        # The first calls are slower.
        output(model, *_inputs(rows[:ROWS], arguments.pad, pad_id))
        begin = time.perf_counter()
        for low in range(0, len(rows), ROWS):
            inputs = _inputs(rows[low : low + ROWS], arguments.pad, pad_id)
            places += inputs[0].numel()
            found.append(output(model, *inputs).float().cpu().numpy())
        seconds = time.perf_counter() - begin
    np.save(arguments.folder / "outputs.npy", np.concatenate(found))
    return {"seconds": seconds, "places": places}


def _classes(
    model: torch.nn.Module, tokens: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    return model(input_ids=tokens, attention_mask=mask).logits.argmax(-1)


def _best_starts(
    model: torch.nn.Module, tokens: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    logits = model(input_ids=tokens, attention_mask=mask).start_logits
    return logits.masked_fill(mask == 0, -torch.inf).amax(-1)


def _vectors(
    model: torch.nn.Module, tokens: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    hidden = model(
        input_ids=tokens, attention_mask=mask, output_hidden_states=True
    ).hidden_states[LAYER]
    weights = mask[..., None].float()
    means = (hidden * weights).sum(1) / weights.sum(1)
    # As they are compared, by cosines.
    return torch.nn.functional.normalize(means, dim=-1)


OUTPUTS = {"xnli": _classes, "xquad": _best_starts, "tatoeba": _vectors}


def _inputs(
    rows: list[np.ndarray], pad: str, pad_id: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns ids, and 1 where they are no padding."""
    longest = max(map(len, rows)) if pad == DYNAMIC else int(pad)
    lengths = torch.tensor([len(ids) for ids in rows])
    mask = (torch.arange(longest) < lengths[:, None]).long()
    return _padded(rows, longest, pad_id), mask.to(DEVICE)


def _optimizer(model: torch.nn.Module, steps: int) -> tuple:
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1]},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-5, weight_decay=0.01)
    schedule = transformers.get_linear_schedule_with_warmup(
        optimizer, round(0.1 * steps), steps
    )
    return optimizer, schedule


def _batch(
    stored: np.lib.npyio.NpzFile, step: int, pad: str, pad_id: int
) -> dict[str, torch.Tensor]:
    is_text = f"targets_{step}" in stored
    name = "inputs" if is_text else "tokens"
    inputs = _sequences(stored, step, name)
    tokens, mask = _inputs(inputs, pad, pad_id)
    if not is_text:
        labels = torch.from_numpy(stored[f"labels_{step}"]).long().to(DEVICE)
    else:
        targets = _sequences(stored, step, "targets")
        labels = _padded(targets, max(map(len, targets)), IGNORED)
    return {"input_ids": tokens, "attention_mask": mask, "labels": labels}


def _sequences(
    stored: np.lib.npyio.NpzFile, step: int, name: str
) -> list[np.ndarray]:
    ends = np.cumsum(stored[f"{name}_lengths_{step}"])
    return np.split(stored[f"{name}_{step}"], ends[:-1])


def _padded(rows: list[np.ndarray], length: int, value: int) -> torch.Tensor:
    filled = np.full((len(rows), length), value, np.int64)
    for row, ids in zip(filled, rows, strict=True):
        row[: len(ids)] = ids
    return torch.from_numpy(filled).to(DEVICE)


if __name__ == "__main__":
    main()
