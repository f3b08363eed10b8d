"""Writes Hugging Face directories that `from_pretrained` loads."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict

from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.retriever import MT5Retriever, XLMRRetriever
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig
from xltransfer.pretrained import architectures, names
from xltransfer.pretrained.architectures import Model
from xltransfer.pretrained.stored import Params

_UMT5 = (
    "transformers 5 takes every umT5 for tied and divides its logits by the "
    "root of d_model: after loading, set model.config.tie_word_embeddings to "
    "False. Greedy search is the same without; beam search is not."
)


def write(
    directory: Path, model: Model, params: Params, labels: Sequence[str] = ()
) -> None:
    """Writes config.json and model.safetensors.

    A dual encoder becomes an encoder with a pooler, or mT5, its scale a file of
    its own (`names.SCALE_FILE`): Hugging Face has no class for it.

    Args:
      directory: an empty folder.
      model: names the class that loads it.
      params: float32 arrays.
      labels: of the classes, in their order.

    Raises:
      InputError: for a model that Hugging Face's classes do not compute.
    """
    _write_json(directory / "config.json", config(model, labels))
    write_safetensors(directory / "model.safetensors", _tensors(model, params))
    if isinstance(model, XLMRRetriever | MT5Retriever):
        scale = float(params["head"]["scale"])
        _write_json(directory / names.SCALE_FILE, {names.SCALE: scale})


def config(model: Model, labels: Sequence[str] = ()) -> dict[str, Any]:
    """Returns the fields of config.json.

    Raises:
      InputError: for a model that Hugging Face's classes do not compute.
    """
    family = (
        _mt5_fields if isinstance(model.config, MT5Config) else _xlmr_fields
    )
    return {
        "architectures": [architectures.class_name(model)],
        "model_type": architectures.variant(model.config).model_type,
        "dtype": "float32",
        **family(model),
        **_label_fields(model, labels),
    }


def notes(model: Model) -> tuple[str, ...]:
    """Returns what whoever loads the directory should know."""
    found = [architectures.of_model(model).note]
    if isinstance(model, MT5) and model.config.relpos_per_layer:
        found.append(_UMT5)
    return tuple(filter(None, found))


def write_safetensors(path: Path, tensors: Mapping[str, Any]) -> None:
    """Writes float32 tensors one after the other.

    safetensors' own writer wants all of them in memory. The format: the
    header's length, the header in JSON, and the tensors as the header has
    them (https://github.com/huggingface/safetensors, README, "Format").

    Args:
      path: the file.
      tensors: anything with a shape that NumPy can make an array of, or a
        function that returns the array when it is its turn.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + 4 * int(np.prod(tensor.shape, dtype=np.int64))
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            # tofile would flush for every tensor.
            file.write(np.ascontiguousarray(tensor, "<f4").data)


def _tensors(model: Model, params: Params) -> dict[str, Any]:
    """Returns each tensor under its name, turned but not copied."""
    flat = flatten_dict(params, sep="/")
    row = architectures.of_model(model)
    prefix = names.XLMR_PREFIX if row.suffix == architectures.BARE else ""
    return {
        tensor.name.removeprefix(prefix): (
            flat[path].T if tensor.transposed else flat[path]
        )
        for path, tensor in row.names(model.config).items()
        if tensor.name != names.SCALE
    }


def _xlmr_fields(model: Model) -> dict[str, Any]:
    config: XLMRConfig = model.config
    return {
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "intermediate_size": config.mlp_size,
        "max_position_embeddings": config.max_positions,
        "hidden_act": "gelu",
        "hidden_dropout_prob": config.dropout_rate,
        "attention_probs_dropout_prob": config.attention_dropout_rate,
        "layer_norm_eps": config.layer_norm_epsilon,
        "initializer_range": config.initializer_range,
        "type_vocab_size": 1,
        "position_embedding_type": "absolute",
        "tie_word_embeddings": True,
        "pad_token_id": config.pad_id,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _mt5_fields(model: Model) -> dict[str, Any]:
    config: MT5Config = model.config
    return {
        "vocab_size": config.vocab_size,
        "d_model": config.emb_dim,
        "d_kv": config.head_dim,
        "d_ff": config.mlp_dim,
        "num_heads": config.num_heads,
        "num_layers": config.num_encoder_layers,
        "num_decoder_layers": config.num_decoder_layers,
        "relative_attention_num_buckets": config.relpos_buckets,
        "relative_attention_max_distance": config.relpos_max_distance,
        "scalable_attention": config.relpos_per_layer,
        "dropout_rate": config.dropout_rate,
        "layer_norm_epsilon": config.layer_norm_epsilon,
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": isinstance(model, MT5),
        "tie_word_embeddings": False,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
    }


def _label_fields(model: Model, labels: Sequence[str]) -> dict[str, Any]:
    if not architectures.of_model(model).labelled:
        return {}
    if (
        isinstance(model, XLMRClassifier)
        and model.config.pooling != "first_token"
    ):
        raise InputError(
            f"XLMRConfig.pooling is {model.config.pooling!r}: Hugging Face's "
            "XLM-R reads the first token only, and would compute something "
            "else."
        )
    labels = labels or [f"LABEL_{one}" for one in range(model.num_labels)]
    return {
        "id2label": {str(one): label for one, label in enumerate(labels)},
        "label2id": {label: one for one, label in enumerate(labels)},
    }


def _write_json(path: Path, fields: dict[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n")
