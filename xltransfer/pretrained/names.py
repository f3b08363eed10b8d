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

# A layer that files of the bare encoder may hold, trained for nothing.
XLMR_POOLER = "roberta.pooler.dense"

# What a dual encoder has beside XLM-R with its pooler, or mT5, which no class of
# Hugging Face's knows: its name, which is the field's too, in a file of its own.
SCALE = "scale"
SCALE_FILE = "dual_encoder.json"

# Tensors that a file may repeat: copy -> original.
XLMR_MASKED_LM_COPIES = {
    "lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight",
    "lm_head.decoder.bias": "lm_head.bias",
}
MT5_ENCODER_COPIES = {"encoder.embed_tokens.weight": "shared.weight"}
MT5_COPIES = MT5_ENCODER_COPIES | {
    "decoder.embed_tokens.weight": "shared.weight",
}


def xlmr_encoder(config: XLMRConfig) -> Table:
    """The encoder of every model on XLM-R."""
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
    if config.norm == "post":
        table |= _norm(f"{ours}/layer_norm", f"{theirs}.LayerNorm")
    else:
        table |= _norm("encoder/layer_norm", "roberta.encoder.LayerNorm")
    norms = XLMR_NORMS[config.norm]
    for i in range(config.num_layers):
        ours, theirs = f"encoder/layers_{i}", f"roberta.encoder.layer.{i}"
        table |= _xlmr_layer(ours, theirs)
        for name, stored in norms.items():
            table |= _norm(f"{ours}/{name}", f"{theirs}.{stored}")
    return table


# The norms of a layer, by where they stand: XLM-R's and XLM-R XL's.
XLMR_NORMS = {
    "post": {
        "post_attention_layer_norm": "attention.output.LayerNorm",
        "post_mlp_layer_norm": "output.LayerNorm",
    },
    "pre": {
        "pre_attention_layer_norm": "attention.self_attn_layer_norm",
        "pre_mlp_layer_norm": "LayerNorm",
    },
}


def _xlmr_layer(ours: str, theirs: str) -> Table:
    attention = f"{theirs}.attention"
    return (
        _dense(f"{ours}/attention/query", f"{attention}.self.query")
        | _dense(f"{ours}/attention/key", f"{attention}.self.key")
        | _dense(f"{ours}/attention/value", f"{attention}.self.value")
        | _dense(f"{ours}/attention/out", f"{attention}.output.dense")
        | _dense(f"{ours}/mlp/wi", f"{theirs}.intermediate.dense")
        | _dense(f"{ours}/mlp/wo", f"{theirs}.output.dense")
    )


def xlmr_classification_head() -> Table:
    """The head of `XLMRClassifier`."""
    return _dense("head/dense", "classifier.dense") | _dense(
        "head/out", "classifier.out_proj"
    )


def xlmr_choice_head() -> Table:
    """The head of `XLMRMultipleChoice`.

    Its first layer is Hugging Face's pooler, which lies in the encoder there.
    """
    return _dense("head/pooler", XLMR_POOLER) | _dense("head/out", "classifier")


def xlmr_tagging_head() -> Table:
    """The head of `XLMRTagger`."""
    return _dense("head/out", "classifier")


def xlmr_span_head() -> Table:
    """The head of `XLMRSpanFinder`."""
    return _dense("head", "qa_outputs")


def xlmr_retrieval_head() -> Table:
    """The head of `XLMRRetriever`: Hugging Face's pooler, and the scale."""
    return _dense("head/pooler", XLMR_POOLER) | {"head/scale": Tensor(SCALE)}


def xlmr_masked_lm_head() -> Table:
    """The head of `XLMRMaskedLM`; its output matrix is the embedding."""
    return (
        _dense("head/dense", "lm_head.dense")
        | _norm("head/layer_norm", "lm_head.layer_norm")
        | {"head/bias": Tensor("lm_head.bias")}
    )


def mt5(config: MT5Config) -> Table:
    """All of `MT5`."""
    table = mt5_encoder(config) | _mt5_stack(
        "decoder", config.num_decoder_layers, config.relpos_per_layer
    )
    table["decoder/logits_dense/kernel"] = Tensor("lm_head.weight", True)
    for i in range(config.num_decoder_layers):
        table |= _mt5_decoder_layer(f"decoder/layers_{i}", f"decoder.block.{i}")
    return table


def mt5_retriever(config: MT5Config) -> Table:
    """All of `MT5Retriever`."""
    return mt5(config) | {"head/scale": Tensor(SCALE)}


def mt5_encoder(config: MT5Config) -> Table:
    """All of `MT5Embedder`."""
    table = {"token_embedder/embedding": Tensor("shared.weight")}
    table |= _mt5_stack(
        "encoder", config.num_encoder_layers, config.relpos_per_layer
    )
    for i in range(config.num_encoder_layers):
        table |= _mt5_encoder_layer(f"encoder/layers_{i}", f"encoder.block.{i}")
    return table


def _mt5_stack(stack: str, layers: int, relpos_per_layer: bool) -> Table:
    """The final norm, and the tables of relative positions."""
    table = {
        f"{stack}/{stack}_norm/scale": Tensor(
            f"{stack}.final_layer_norm.weight"
        )
    }
    for i in range(layers if relpos_per_layer else 1):
        ours = f"{stack}/layers_{i}" if relpos_per_layer else stack
        theirs = f"{stack}.block.{i}.layer.0.SelfAttention"
        table[f"{ours}/relpos_bias/rel_embedding"] = Tensor(
            f"{theirs}.relative_attention_bias.weight", True
        )
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
