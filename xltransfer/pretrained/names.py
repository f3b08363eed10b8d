"""What Hugging Face calls each parameter of ours.

A table maps the path of a parameter (`encoder/layers_0/mlp/wi/kernel`) to the
stored tensor. PyTorch keeps linear weights output first, hence the transposed
kernels.
"""

from dataclasses import dataclass

from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig


@dataclass(frozen=True)
class Tensor:
    """A tensor as stored: its name, and whether it is our array transposed."""

    name: str
    transposed: bool = False


Table = dict[str, Tensor]

# The part of XLM-R's names that the bare encoder's files leave out.
XLMR_PREFIX = "roberta."

# Tensors that a file may repeat: copy -> original.
XLMR_MASKED_LM_COPIES = {
    "lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight",
    "lm_head.decoder.bias": "lm_head.bias",
}
MT5_COPIES = {
    "encoder.embed_tokens.weight": "shared.weight",
    "decoder.embed_tokens.weight": "shared.weight",
}


def xlmr_encoder(config: XLMRConfig) -> Table:
    """The encoder of `XLMRClassifier` and `XLMRMaskedLM`."""
    ours, theirs = "encoder/embeddings", "roberta.embeddings"
    table = {
        f"{ours}/{name}/embedding": Tensor(
            f"{theirs}.{stored}_embeddings.weight"
        )
        for name, stored in (
            ("token", "word"),
            ("position", "position"),
            ("token_type", "token_type"),
        )
    }
    table |= _norm(f"{ours}/layer_norm", f"{theirs}.LayerNorm")
    for i in range(config.num_layers):
        table |= _xlmr_layer(
            f"encoder/layers_{i}", f"roberta.encoder.layer.{i}"
        )
    return table


def _xlmr_layer(ours: str, theirs: str) -> Table:
    attention = f"{theirs}.attention"
    return (
        _dense(f"{ours}/attention/query", f"{attention}.self.query")
        | _dense(f"{ours}/attention/key", f"{attention}.self.key")
        | _dense(f"{ours}/attention/value", f"{attention}.self.value")
        | _dense(f"{ours}/attention/out", f"{attention}.output.dense")
        | _norm(
            f"{ours}/post_attention_layer_norm",
            f"{attention}.output.LayerNorm",
        )
        | _dense(f"{ours}/mlp/wi", f"{theirs}.intermediate.dense")
        | _dense(f"{ours}/mlp/wo", f"{theirs}.output.dense")
        | _norm(f"{ours}/post_mlp_layer_norm", f"{theirs}.output.LayerNorm")
    )


def xlmr_classification_head() -> Table:
    """The head of `XLMRClassifier`."""
    return _dense("head/dense", "classifier.dense") | _dense(
        "head/out", "classifier.out_proj"
    )


def xlmr_masked_lm_head() -> Table:
    """The head of `XLMRMaskedLM`; its output matrix is the embedding."""
    return (
        _dense("head/dense", "lm_head.dense")
        | _norm("head/layer_norm", "lm_head.layer_norm")
        | {"head/bias": Tensor("lm_head.bias")}
    )


def mt5(config: MT5Config) -> Table:
    """All of `MT5`."""
    table = {
        "token_embedder/embedding": Tensor("shared.weight"),
        "decoder/logits_dense/kernel": Tensor("lm_head.weight", True),
    }
    for stack in ("encoder", "decoder"):
        first = f"{stack}.block.0.layer.0.SelfAttention"
        table |= {
            f"{stack}/relpos_bias/rel_embedding": Tensor(
                f"{first}.relative_attention_bias.weight", True
            ),
            f"{stack}/{stack}_norm/scale": Tensor(
                f"{stack}.final_layer_norm.weight"
            ),
        }
    for i in range(config.num_encoder_layers):
        table |= _mt5_encoder_layer(f"encoder/layers_{i}", f"encoder.block.{i}")
    for i in range(config.num_decoder_layers):
        table |= _mt5_decoder_layer(f"decoder/layers_{i}", f"decoder.block.{i}")
    return table


def _mt5_encoder_layer(ours: str, theirs: str) -> Table:
    return (
        _mt5_norm(f"{ours}/pre_attention_layer_norm", f"{theirs}.layer.0")
        | _mt5_attention(f"{ours}/attention", f"{theirs}.layer.0.SelfAttention")
        | _mt5_norm(f"{ours}/pre_mlp_layer_norm", f"{theirs}.layer.1")
        | _mt5_mlp(f"{ours}/mlp", f"{theirs}.layer.1.DenseReluDense")
    )


def _mt5_decoder_layer(ours: str, theirs: str) -> Table:
    return (
        _mt5_norm(f"{ours}/pre_self_attention_layer_norm", f"{theirs}.layer.0")
        | _mt5_attention(
            f"{ours}/self_attention", f"{theirs}.layer.0.SelfAttention"
        )
        | _mt5_norm(
            f"{ours}/pre_cross_attention_layer_norm", f"{theirs}.layer.1"
        )
        | _mt5_attention(
            f"{ours}/encoder_decoder_attention",
            f"{theirs}.layer.1.EncDecAttention",
        )
        | _mt5_norm(f"{ours}/pre_mlp_layer_norm", f"{theirs}.layer.2")
        | _mt5_mlp(f"{ours}/mlp", f"{theirs}.layer.2.DenseReluDense")
    )


def _mt5_norm(ours: str, theirs: str) -> Table:
    return {f"{ours}/scale": Tensor(f"{theirs}.layer_norm.weight")}


def _mt5_attention(ours: str, theirs: str) -> Table:
    return {
        f"{ours}/{name}/kernel": Tensor(f"{theirs}.{name[0]}.weight", True)
        for name in ("query", "key", "value", "out")
    }


def _mt5_mlp(ours: str, theirs: str) -> Table:
    return {
        f"{ours}/{name}/kernel": Tensor(f"{theirs}.{name}.weight", True)
        for name in ("wi_0", "wi_1", "wo")
    }


def _dense(ours: str, theirs: str) -> Table:
    return {
        f"{ours}/kernel": Tensor(f"{theirs}.weight", True),
        f"{ours}/bias": Tensor(f"{theirs}.bias"),
    }


def _norm(ours: str, theirs: str) -> Table:
    return {
        f"{ours}/scale": Tensor(f"{theirs}.weight"),
        f"{ours}/bias": Tensor(f"{theirs}.bias"),
    }
