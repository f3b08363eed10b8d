"""XLM-R (https://arxiv.org/abs/1911.02116).

A RoBERTa encoder: exact GELU, learnt positions. Base, large and XLM-V
(https://arxiv.org/abs/2301.10472) normalise after each layer, XL and XXL
(https://arxiv.org/abs/2105.00572) before it and once more at the end. Batches
are packed: a row holds several examples, told apart by `segment_ids` (0 is
padding), and `positions` restart at 0 in each of them.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.errors import InputError, nearest
from xltransfer.models import stack
from xltransfer.models.attention import Attention, inverse_root
from xltransfer.models.heads import (
    POOLINGS,
    ClassificationHead,
    MaskedLMHead,
)
from xltransfer.models.layers import (
    Dense,
    Dropout,
    Embed,
    Initializer,
    LayerNorm,
    check_dtype,
    check_rates,
    check_sizes,
    constrain,
    segment_mask,
    take_columns,
)
from xltransfer.models.softmax import Losses


@dataclass(frozen=True)
class XLMRConfig:
    """The sizes of an XLM-R encoder.

    `max_positions` is Hugging Face's `max_position_embeddings`: it includes
    the `pad_id + 1` rows that no token uses, so 514 serves 512 tokens.
    `pooling` names what a classification head reads, of `heads.POOLINGS`; the
    published models' is `first_token`. `norm` says where the layer norms
    stand: `post`, after each sum, or `pre`, before each layer.

    Raises:
      InputError: when sizes do not fit together or `dtype` is not supported.
    """

    vocab_size: int
    hidden_size: int
    num_layers: int
    num_heads: int
    mlp_size: int
    max_positions: int = 514
    dropout_rate: float = 0.1
    attention_dropout_rate: float = 0.1
    layer_norm_epsilon: float = 1e-5
    pad_id: int = 1
    initializer_range: float = 0.02
    pooling: str = "first_token"
    norm: Literal["post", "pre"] = "post"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_dtype(self.dtype, "gradients underflow; use bfloat16 or float32")
        check_rates(self, "dropout_rate", "attention_dropout_rate")
        check_sizes(
            self,
            "vocab_size",
            "hidden_size",
            "num_layers",
            "num_heads",
            "mlp_size",
            "max_length",
        )
        if self.pooling not in POOLINGS:
            raise InputError(
                f"XLMRConfig.pooling is {self.pooling!r}; one of "
                f"{', '.join(POOLINGS)}.{nearest(self.pooling, POOLINGS)}"
            )
        if self.norm not in ("post", "pre"):
            raise InputError(
                f"XLMRConfig.norm is {self.norm!r}; 'post' or 'pre'"
            )
        if self.hidden_size % self.num_heads:
            raise InputError(
                f"XLMRConfig.hidden_size {self.hidden_size} is not a multiple "
                f"of num_heads {self.num_heads}"
            )

    @property
    def max_length(self) -> int:
        """The most tokens that one example may have."""
        return self.max_positions - self.pad_id - 1

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_heads

    @property
    def kernel_init(self) -> Initializer:
        return nn.initializers.normal(self.initializer_range)


class XLMRClassifier(nn.Module):
    """XLM-R that puts each example of a packed batch into one of C classes."""

    config: XLMRConfig
    num_labels: int

    def setup(self) -> None:
        self.encoder = XLMREncoder(self.config)
        self.head = ClassificationHead(
            width=self.config.hidden_size,
            num_labels=self.num_labels,
            dropout_rate=self.config.dropout_rate,
            kernel_init=self.config.kernel_init,
            dtype=self.config.dtype,
        )

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        starts: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B S C"]:
        """Returns float32 logits for each of the S slots of a row.

        `starts` holds the column of each example's first token. The logits of
        an empty slot mean nothing.
        """
        hidden = self.encoder(
            tokens, segment_ids, positions, deterministic=deterministic
        )
        pool = POOLINGS[self.config.pooling]
        pooled = pool(hidden, tokens, segment_ids, starts)
        pooled = constrain(pooled, "batch", "slots", "embed")
        return self.head(pooled, deterministic=deterministic)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class XLMRMaskedLM(nn.Module):
    """XLM-R that predicts the tokens at some columns of each row."""

    config: XLMRConfig

    def setup(self) -> None:
        self.encoder = XLMREncoder(self.config)
        self.head = MaskedLMHead(
            width=self.config.hidden_size,
            vocab_size=self.config.vocab_size,
            layer_norm_epsilon=self.config.layer_norm_epsilon,
            kernel_init=self.config.kernel_init,
            dtype=self.config.dtype,
        )

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        target_positions: Int[Array, "B P"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B P V"]:
        """Returns float32 logits over the vocabulary at `target_positions`.

        Only those columns are projected: at 15 % masking and V = 250,002 the
        rest would be most of the model's work and memory.
        """
        where = tokens, segment_ids, positions, target_positions
        hidden = self.encoder.at_columns(*where, deterministic=deterministic)
        return self.head(hidden, self.encoder.embeddings.token.embedding)

    def losses(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        target_positions: Int[Array, "B P"],
        target_tokens: Int[Array, "B P"],
        *,
        deterministic: bool,
    ) -> Losses:
        """Returns what those logits say of targets, never holding them."""
        where = tokens, segment_ids, positions, target_positions
        hidden = self.encoder.at_columns(*where, deterministic=deterministic)
        table = self.encoder.embeddings.token.embedding
        return self.head.losses(hidden, table, target_tokens)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class XLMREncoder(nn.Module):
    """Embeddings and layers; returns the last layer's hidden states."""

    config: XLMRConfig

    def setup(self) -> None:
        config = self.config
        self.embeddings = Embeddings(config)
        self.layers = [EncoderLayer(config) for _ in range(config.num_layers)]
        if config.norm == "pre":
            self.layer_norm = LayerNorm(config.layer_norm_epsilon, config.dtype)

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        x = self.embeddings(tokens, positions, deterministic=deterministic)
        mask = segment_mask(segment_ids, segment_ids)
        x = stack.run(self, x, mask, deterministic=deterministic)
        return self.layer_norm(x) if self.config.norm == "pre" else x

    def at_columns(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        columns: Int[Array, "B S"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B S D"]:
        """Returns what `__call__` gives at some columns of each row."""
        hidden = self(
            tokens, segment_ids, positions, deterministic=deterministic
        )
        chosen = take_columns(hidden, columns)
        return constrain(chosen, "batch", "slots", "embed")

    def hidden_states(
        self,
        tokens: Int[Array, "B L"],
        segment_ids: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        *,
        deterministic: bool,
    ) -> list[Float[Array, "B L D"]]:
        """Returns the embeddings and each layer's output.

        The last is normalised; with `norm` at `pre` the others are not. Under
        `jit`, layers after the one that is used cost nothing.
        """
        x = self.embeddings(tokens, positions, deterministic=deterministic)
        mask = segment_mask(segment_ids, segment_ids)
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1], mask, deterministic=deterministic))
        if self.config.norm == "pre":
            states[-1] = self.layer_norm(states[-1])
        return states


class Embeddings(nn.Module):
    """Token, position and (single) token type, summed.

    Normalised at once, unless the layers do so first thing.
    """

    config: XLMRConfig

    def setup(self) -> None:
        config = self.config
        self.token = self._table(config.vocab_size, "vocab")
        self.position = self._table(config.max_positions, "positions")
        self.token_type = self._table(1, "token_types")
        if config.norm == "post":
            self.layer_norm = LayerNorm(config.layer_norm_epsilon, config.dtype)
        self.dropout = Dropout(config.dropout_rate)

    def _table(self, size: int, axis: str) -> Embed:
        # Summed in float32, and rounded once.
        return Embed(
            size=size,
            width=self.config.hidden_size,
            axes=(axis, "embed"),
            embedding_init=self.config.kernel_init,
            dtype="float32",
        )

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        positions: Int[Array, "B L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        x = self.token(tokens)
        # fairseq counts positions from the padding id on.
        x = x + self.position(positions + self.config.pad_id + 1)
        x = x + self.token_type(jnp.zeros((1, 1), jnp.int32))
        if self.config.norm == "post":
            x = self.layer_norm(x)
        x = x.astype(self.config.dtype)
        x = self.dropout(x, deterministic=deterministic)
        return constrain(x, "batch", "length", "embed")


class EncoderLayer(nn.Module):
    """Attention and feed-forward, each with its sum and norm."""

    config: XLMRConfig

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        attention = _attention(self.config)
        mlp = MLP(self.config, name="mlp")
        # fairseq drops after both; Hugging Face's XL leaves the second out.
        drop = functools.partial(
            Dropout(self.config.dropout_rate), deterministic=deterministic
        )
        x = self._add(
            "attention",
            x,
            lambda y: drop(attention(y, y, mask, deterministic=deterministic)),
        )
        return self._add("mlp", x, lambda y: drop(mlp(y)))

    def _add(
        self, name: str, x: Float[Array, "B L D"], layer: Callable
    ) -> Float[Array, "B L D"]:
        order = self.config.norm
        norm = _norm(self.config, f"{order}_{name}_layer_norm")
        x = norm(x + layer(x)) if order == "post" else x + layer(norm(x))
        return constrain(x, "batch", "length", "embed")


def _attention(config: XLMRConfig) -> Attention:
    return Attention(
        width=config.hidden_size,
        num_heads=config.num_heads,
        head_dim=config.head_dim,
        scale=inverse_root(config.head_dim),
        use_bias=True,
        dropout_rate=config.attention_dropout_rate,
        query_init=config.kernel_init,
        kernel_init=config.kernel_init,
        dtype=config.dtype,
        name="attention",
    )


def _norm(config: XLMRConfig, name: str) -> LayerNorm:
    return LayerNorm(config.layer_norm_epsilon, config.dtype, name=name)


class MLP(nn.Module):
    """Dense, exact GELU, dense."""

    config: XLMRConfig

    @nn.compact
    def __call__(self, x: Float[Array, "B L D"]) -> Float[Array, "B L D"]:
        config = self.config
        x = Dense(
            config.mlp_size,
            ("embed", "mlp"),
            config.kernel_init,
            config.dtype,
            name="wi",
        )(x)
        x = constrain(
            jax.nn.gelu(x, approximate=False), "batch", "length", "mlp"
        )
        return Dense(
            config.hidden_size,
            ("mlp", "embed"),
            config.kernel_init,
            config.dtype,
            name="wo",
        )(x)
