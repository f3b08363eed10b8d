"""What `config.json` says -> our configuration, or a refusal by field.

Every field that changes what a model computes is read or checked; the rest
(tokenizer class, labels, versions) means nothing here.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from xltransfer.errors import InputError, nearest
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig

# What a training run may choose, whatever the weights' own did.
CHOSEN = (
    "dropout_rate",
    "attention_dropout_rate",
    "initializer_range",
    "pooling",
    "dtype",
)

# The only value that is supported, which is also the one meant by a file
# without the field.
XLMR_FIELDS = {
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
    "pruned_heads": {},
    "quantization_config": None,
}
# transformers writes `tie_word_embeddings` as true for an untied mT5, so that
# field says nothing: a tied file is known by its missing `lm_head.weight`.
T5_FIELDS = {
    "feed_forward_proj": "gated-gelu",
    "dense_act_fn": "gelu_new",
    "is_gated_act": True,
    "is_decoder": False,
    "pad_token_id": 0,
    "decoder_start_token_id": 0,
    "eos_token_id": 1,
    "pruned_heads": {},
    "quantization_config": None,
}


def parse(
    fields: Mapping, path: Path, dtype: str = "float32"
) -> XLMRConfig | MT5Config:
    """Returns the configuration that the fields of `path` describe.

    XLM-V is an XLM-R with another vocabulary.

    Raises:
      InputError: for a model that computes something else, naming the field.
    """
    readers = {
        "xlm-roberta": _xlmr,
        "xlm-roberta-xl": _xlmr_xl,
        "mt5": _mt5,
        "umt5": _umt5,
    }
    family = fields.get("model_type")
    if family not in readers:
        raise InputError(
            f"{path}: model_type {family!r} is none of {sorted(readers)}."
            f"{nearest(str(family), readers)}"
        )
    try:
        return readers[family](fields, path, dtype)
    except KeyError as error:
        raise InputError(f"{path}: no field {error.args[0]!r}") from None


def check_same(
    found: XLMRConfig | MT5Config, wanted: XLMRConfig | MT5Config, path: Path
) -> None:
    """Refuses weights of a model that computes something else.

    Args:
      found: what `path` describes.
      wanted: the model that is to have the weights.
      path: `config.json`.

    Raises:
      InputError: naming the field that differs.
    """
    kinds = type(found).__name__, type(wanted).__name__
    if kinds[0] != kinds[1]:
        raise InputError(f"{path} describes an {kinds[0]}, no {kinds[1]}.")
    for field in dataclasses.fields(wanted):
        theirs, ours = getattr(found, field.name), getattr(wanted, field.name)
        if field.name not in CHOSEN and theirs != ours:
            raise InputError(
                f"{path}: its {field.name} is {theirs!r}, but that of the "
                f"study's {kinds[1]} is {ours!r}."
            )


def _xlmr(
    fields: Mapping, path: Path, dtype: str, norm: str = "post"
) -> XLMRConfig:
    # transformers' own default is 2, BERT's; every published file says 1.
    _require(fields, path, {"type_vocab_size": 1} | XLMR_FIELDS)
    dropout_rate = fields.get("hidden_dropout_prob", 0.1)
    if fields.get("classifier_dropout") is not None:
        _require(fields, path, {"classifier_dropout": dropout_rate})
    return XLMRConfig(
        vocab_size=fields["vocab_size"],
        hidden_size=fields["hidden_size"],
        num_layers=fields["num_hidden_layers"],
        num_heads=fields["num_attention_heads"],
        mlp_size=fields["intermediate_size"],
        max_positions=fields["max_position_embeddings"],
        dropout_rate=dropout_rate,
        attention_dropout_rate=fields.get("attention_probs_dropout_prob", 0.1),
        layer_norm_epsilon=fields["layer_norm_eps"],
        pad_id=fields.get("pad_token_id", 1),
        initializer_range=fields.get("initializer_range", 0.02),
        norm=norm,
        dtype=dtype,
    )


def _xlmr_xl(fields: Mapping, path: Path, dtype: str) -> XLMRConfig:
    return _xlmr(fields, path, dtype, norm="pre")


def _mt5(fields: Mapping, path: Path, dtype: str) -> MT5Config:
    _require(fields, path, T5_FIELDS | {"scalable_attention": False})
    return _t5(fields, dtype, relpos_per_layer=False)


def _umt5(fields: Mapping, path: Path, dtype: str) -> MT5Config:
    _check_untied(fields, path)
    # T5X's switch for a relative position bias in every layer.
    _require(fields, path, T5_FIELDS | {"scalable_attention": True})
    return _t5(fields, dtype, relpos_per_layer=True)


def _check_untied(fields: Mapping, path: Path) -> None:
    """Of umT5, whose classes divide a tied model's logits by sqrt(d_model).

    The published files say false. Where nothing is said, transformers means
    true; and its version 5 says true of whatever it writes.
    """
    tied = fields.get("tie_word_embeddings", True)
    if tied and fields.get("architectures") != ["UMT5EncoderModel"]:
        raise InputError(
            f"{path}: tie_word_embeddings {tied!r} is not supported, only "
            "False: transformers divides such a model's logits by the root of "
            "d_model. Put False there if it was not trained in that way."
        )


def _t5(fields: Mapping, dtype: str, relpos_per_layer: bool) -> MT5Config:
    layers = fields["num_layers"]
    return MT5Config(
        vocab_size=fields["vocab_size"],
        emb_dim=fields["d_model"],
        num_heads=fields["num_heads"],
        num_encoder_layers=layers,
        num_decoder_layers=fields.get("num_decoder_layers") or layers,
        head_dim=fields["d_kv"],
        mlp_dim=fields["d_ff"],
        dropout_rate=fields.get("dropout_rate", 0.1),
        relpos_buckets=fields.get("relative_attention_num_buckets", 32),
        relpos_max_distance=fields.get("relative_attention_max_distance", 128),
        relpos_per_layer=relpos_per_layer,
        layer_norm_epsilon=fields.get("layer_norm_epsilon", 1e-6),
        dtype=dtype,
    )


def _require(fields: Mapping, path: Path, values: Mapping) -> None:
    for field, value in values.items():
        if fields.get(field, value) != value:
            raise InputError(
                f"{path}: {field} {fields[field]!r} is not supported, only "
                f"{value!r}"
            )
