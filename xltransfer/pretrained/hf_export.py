"""Writes Hugging Face directories that `from_pretrained` loads."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict

from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.pretrained import huggingface, names
from xltransfer.pretrained.huggingface import Model
from xltransfer.pretrained.stored import Params

ENCODER = "XLMRobertaModel"
ARCHITECTURES = {
    XLMRClassifier: "XLMRobertaForSequenceClassification",
    XLMRMaskedLM: "XLMRobertaForMaskedLM",
    MT5: "MT5ForConditionalGeneration",
}
# The names under which the families' tokenizers look for SentencePiece's
# model, and those tokenizers.
VOCABULARIES = {
    XLMRConfig: ("sentencepiece.bpe.model", "XLMRobertaTokenizer"),
    MT5Config: ("spiece.model", "T5Tokenizer"),
}


def write(
    directory: Path,
    model: Model,
    params: Params,
    labels: Sequence[str] = (),
    vocabulary: Path | None = None,
) -> None:
    """Writes config.json, model.safetensors and, maybe, a tokenizer.

    Args:
      directory: an empty folder.
      model: names the class that loads it; its encoder alone where `params`
        has no head.
      params: float32 arrays.
      labels: of the classes, in their order.
      vocabulary: a SentencePiece model.

    Raises:
      InputError: for a model that Hugging Face's classes do not compute.
    """
    fields = config(model, "head" in params, labels)
    _write_json(directory / "config.json", fields)
    write_safetensors(directory / "model.safetensors", _tensors(model, params))
    if vocabulary is not None:
        _write_tokenizer(directory, model, vocabulary)


def config(model: Model, head: bool, labels: Sequence[str]) -> dict[str, Any]:
    """Returns the fields of config.json."""
    if isinstance(model, MT5):
        fields, head = _mt5_fields(model.config), True
    else:
        fields = _xlmr_fields(model.config)
    if isinstance(model, XLMRClassifier) and head:
        fields |= _label_fields(model, labels)
    architecture = ARCHITECTURES[type(model)] if head else ENCODER
    return {"architectures": [architecture], "dtype": "float32", **fields}


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
    headless = "head" not in params and not isinstance(model, MT5)
    prefix = names.XLMR_PREFIX if headless else ""
    return {
        tensor.name.removeprefix(prefix): (
            flat[path].T if tensor.transposed else flat[path]
        )
        for path, tensor in huggingface.table_of(model).items()
        if path in flat
    }


def _xlmr_fields(config: XLMRConfig) -> dict[str, Any]:
    if config.norm != "post":
        raise InputError(
            f"XLMRConfig.norm is {config.norm!r}: XLM-R XL and XXL cannot be "
            "written yet."
        )
    return {
        "model_type": "xlm-roberta",
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
        "pad_token_id": config.pad_id,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _mt5_fields(config: MT5Config) -> dict[str, Any]:
    if config.relpos_per_layer:
        raise InputError(
            "umT5 (MT5Config.relpos_per_layer) cannot be written yet."
        )
    return {
        "model_type": "mt5",
        "vocab_size": config.vocab_size,
        "d_model": config.emb_dim,
        "d_kv": config.head_dim,
        "d_ff": config.mlp_dim,
        "num_heads": config.num_heads,
        "num_layers": config.num_encoder_layers,
        "num_decoder_layers": config.num_decoder_layers,
        "relative_attention_num_buckets": config.relpos_buckets,
        "relative_attention_max_distance": config.relpos_max_distance,
        "dropout_rate": config.dropout_rate,
        "layer_norm_epsilon": config.layer_norm_epsilon,
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": True,
        "tie_word_embeddings": False,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
    }


def _label_fields(
    model: XLMRClassifier, labels: Sequence[str]
) -> dict[str, Any]:
    if model.config.pooling != "first_token":
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


def _write_tokenizer(directory: Path, model: Model, vocabulary: Path) -> None:
    name, tokenizer = VOCABULARIES[type(model.config)]
    shutil.copyfile(vocabulary, directory / name)
    fields: dict[str, Any] = {"tokenizer_class": tokenizer}
    if isinstance(model, MT5):
        # The sentinels are pieces of the model already.
        fields["extra_ids"] = 0
    else:
        fields["model_max_length"] = model.config.max_length
    _write_json(directory / "tokenizer_config.json", fields)


def _write_json(path: Path, fields: dict[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n")
