"""What stands on an encoder: pooling, and heads for each kind of problem.

A pooling is a function of the encoder's output and of the batch's own arrays
that gives one vector per slot; a new one needs no change anywhere else.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.models import softmax
from xltransfer.models.layers import (
    Dense,
    Initializer,
    LayerNorm,
    constrain,
    take_columns,
)

Pooling = Callable[[Array, Array, Array, Array], Array]

# `</s>` in fairseq's id layout, which XLM-R keeps.
SEPARATOR = 2


def first_token(
    hidden: Float[Array, "B L D"],
    tokens: Int[Array, "B L"],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> Float[Array, "B S D"]:
    """The vector of each example's first token, `<s>`: XLM-R's own choice."""
    del tokens, segment_ids
    return take_columns(hidden, starts)


def compared_sentences(
    hidden: Float[Array, "B L D"],
    tokens: Int[Array, "B L"],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> Float[Array, "B S 4D"]:
    """`[p; h; p h; |p - h|]` of the two sentences' mean vectors.

    For examples of the form `<s> p </s></s> h </s>`. Source: InferSent
    (https://arxiv.org/abs/1705.02364), section 3.1, with mean pooling.
    """
    premise, hypothesis = sentence_masks(tokens, segment_ids, starts)
    p, h = masked_mean(hidden, premise), masked_mean(hidden, hypothesis)
    return jnp.concatenate([p, h, p * h, jnp.abs(p - h)], axis=-1)


def sentence_masks(
    tokens: Int[Array, "B L"],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> tuple[Bool[Array, "B S L"], Bool[Array, "B S L"]]:
    """Where the two sentences of each slot's pair lie, markers left out."""
    own = example_masks(segment_ids, starts)
    separators = jnp.cumsum(tokens == SEPARATOR, axis=1)
    before = jnp.take_along_axis(separators, starts, axis=1)
    passed = separators[:, None, :] - before[:, :, None]
    after_start = jnp.arange(tokens.shape[1]) > starts[:, :, None]
    word = (tokens != SEPARATOR)[:, None, :] & after_start & own
    return word & (passed == 0), word & (passed == 2)


def example_masks(
    segment_ids: Int[Array, "B L"], starts: Int[Array, "B S"]
) -> Bool[Array, "B S L"]:
    """Where each slot's example lies."""
    segments = jnp.take_along_axis(segment_ids, starts, axis=1)
    return segments[:, :, None] == segment_ids[:, None, :]


def masked_mean(
    hidden: Float[Array, "B L D"], mask: Bool[Array, "B S L"]
) -> Float[Array, "B S D"]:
    """The mean hidden state under each mask; zero where a mask is empty."""
    weights = mask.astype(hidden.dtype)
    total = jnp.einsum(
        "BSL,BLD->BSD", weights, hidden, preferred_element_type=jnp.float32
    )
    count = jnp.maximum(mask.sum(-1, keepdims=True), 1)
    return (total / count).astype(hidden.dtype)


POOLINGS: dict[str, Pooling] = {
    "first_token": first_token,
    "compared_sentences": compared_sentences,
}


def mean_vector(
    hidden: Float[Array, "B L D"],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> Float[Array, "B S D"]:
    """The mean over all of each example's tokens."""
    return masked_mean(hidden, example_masks(segment_ids, starts))


def _first_vector(
    hidden: Float[Array, "B L D"],
    segment_ids: Int[Array, "B L"],
    starts: Int[Array, "B S"],
) -> Float[Array, "B S D"]:
    del segment_ids
    return take_columns(hidden, starts)


# What makes a sentence's vector; the mean is over all tokens, markers too, as
# in XTREME's retrieval baselines.
EMBEDDINGS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "mean": mean_vector,
    "first_token": _first_vector,
}


class ClassificationHead(nn.Module):
    """Dropout, dense, tanh, dropout, linear, as in RobertaClassificationHead.

    The logits are computed in float32.
    """

    width: int
    num_labels: int
    dropout_rate: float
    kernel_init: Initializer
    dtype: str

    @nn.compact
    def __call__(
        self, pooled: Float[Array, "B S D"], *, deterministic: bool
    ) -> Float[Array, "B S C"]:
        x = nn.Dropout(self.dropout_rate)(pooled, deterministic=deterministic)
        x = Dense(
            self.width,
            ("embed", "mlp"),
            self.kernel_init,
            self.dtype,
            name="dense",
        )(x)
        x = constrain(jnp.tanh(x), "batch", "slots", "mlp")
        x = nn.Dropout(self.dropout_rate)(x, deterministic=deterministic)
        logits = Dense(
            self.num_labels,
            ("mlp", "labels"),
            self.kernel_init,
            "float32",
            name="out",
        )(x)
        return constrain(logits, "batch", "slots", "labels")


class ChoiceHead(nn.Module):
    """Dense, tanh, dropout, one number, as in XLMRobertaForMultipleChoice."""

    dropout_rate: float
    kernel_init: Initializer
    dtype: str

    @nn.compact
    def __call__(
        self, first: Float[Array, "B S D"], *, deterministic: bool
    ) -> Float[Array, "B S"]:
        x = Dense(
            first.shape[-1],
            ("embed", "mlp"),
            self.kernel_init,
            self.dtype,
            name="pooler",
        )(first)
        x = constrain(jnp.tanh(x), "batch", "slots", "mlp")
        x = nn.Dropout(self.dropout_rate)(x, deterministic=deterministic)
        scores = Dense(
            1, ("mlp", "labels"), self.kernel_init, "float32", name="out"
        )(x)
        return constrain(scores[..., 0], "batch", "slots")


class TaggingHead(nn.Module):
    """Dropout, linear, as in XLMRobertaForTokenClassification, in float32."""

    num_labels: int
    dropout_rate: float
    kernel_init: Initializer

    @nn.compact
    def __call__(
        self, hidden: Float[Array, "B P D"], *, deterministic: bool
    ) -> Float[Array, "B P C"]:
        x = nn.Dropout(self.dropout_rate)(hidden, deterministic=deterministic)
        logits = Dense(
            self.num_labels,
            ("embed", "labels"),
            self.kernel_init,
            "float32",
            name="out",
        )(x)
        return constrain(logits, "batch", "slots", "labels")


class MaskedLMHead(nn.Module):
    """Dense, exact GELU, layer norm, then the tied embedding plus a bias.

    As in XLMRobertaLMHead. The logits are accumulated in float32.
    """

    width: int
    vocab_size: int
    layer_norm_epsilon: float
    kernel_init: Initializer
    dtype: str

    def setup(self) -> None:
        self.dense = Dense(
            self.width, ("embed", "mlp"), self.kernel_init, self.dtype
        )
        self.layer_norm = LayerNorm(self.layer_norm_epsilon, self.dtype)
        self.bias = self.param(
            "bias",
            nn.with_logical_partitioning(
                nn.initializers.zeros_init(), ("vocab",)
            ),
            (self.vocab_size,),
            jnp.float32,
        )

    def __call__(
        self,
        hidden: Float[Array, "B P D"],
        embedding: Float[Array, "V D"],
    ) -> Float[Array, "B P V"]:
        """Returns float32 logits."""
        logits = jnp.einsum(
            "BPD,VD->BPV",
            self._transformed(hidden),
            embedding.astype(self.dtype),
            preferred_element_type=jnp.float32,
        )
        return constrain(logits + self.bias, "batch", "slots", "vocab")

    def losses(
        self,
        hidden: Float[Array, "B P D"],
        embedding: Float[Array, "V D"],
        targets: Int[Array, "B P"],
    ) -> softmax.Losses:
        """Returns what the logits say of targets, never holding them."""
        return softmax.losses(
            self._transformed(hidden),
            embedding.T,
            self.bias,
            targets,
            self.dtype,
        )

    def _transformed(
        self, hidden: Float[Array, "B P D"]
    ) -> Float[Array, "B P D"]:
        x = jax.nn.gelu(self.dense(hidden), approximate=False)
        return self.layer_norm(x)
