"""XLM-R, base and large (https://arxiv.org/abs/1911.02116).

A RoBERTa encoder: post-layer-norm, exact GELU, learnt positions. Batches are
packed: a row holds several examples, told apart by `segment_ids` (0 is
padding), and `positions` restart at 0 in each of them.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.errors import InputError, nearest
from xltransfer.models.heads import (
    POOLINGS,
    ClassificationHead,
    MaskedLMHead,
)
from xltransfer.models.layers import (
    Attention,
    Dense,
    Embed,
    Initializer,
    LayerNorm,
    check_dtype,
    check_rates,
    check_sizes,
    constrain,
    inverse_root,
    segment_mask,
    take_columns,
)


@dataclass(frozen=True)
class XLMRConfig:
    """The sizes of an XLM-R encoder.

    `max_positions` is Hugging Face's `max_position_embeddings`: it includes
    the `pad_id + 1` rows that no token uses, so 514 serves 512 tokens.
    `pooling` names what a classification head reads, of `heads.POOLINGS`; the
    published models' is `first_token`.

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
        hidden = self.encoder(
            tokens, segment_ids, positions, deterministic=deterministic
        )
        hidden = take_columns(hidden, target_positions)
        hidden = constrain(hidden, "batch", "slots", "embed")
        return self.head(hidden, self.encoder.embeddings.token.embedding)

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


class XLMREncoder(nn.Module):
    """Embeddings and layers; returns the last layer's hidden states."""

    config: XLMRConfig

    def setup(self) -> None:
        self.embeddings = Embeddings(self.config)
        self.layers = [
            EncoderLayer(self.config) for _ in range(self.config.num_layers)
        ]

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
        for layer in self.layers:
            x = layer(x, mask, deterministic=deterministic)
        return x


class Embeddings(nn.Module):
    """Token, position and (single) token type, summed and normalised."""

    config: XLMRConfig

    def setup(self) -> None:
        config = self.config
        self.token = self._table(config.vocab_size, "vocab")
        self.position = self._table(config.max_positions, "positions")
        self.token_type = self._table(1, "token_types")
        self.layer_norm = LayerNorm(config.layer_norm_epsilon, config.dtype)
        self.dropout = nn.Dropout(config.dropout_rate)

    def _table(self, size: int, axis: str) -> Embed:
        # Summed in float32: the norm follows at once.
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
        x = self.dropout(self.layer_norm(x), deterministic=deterministic)
        return constrain(x, "batch", "length", "embed")


class EncoderLayer(nn.Module):
    """Attention and feed-forward, each added and then normalised."""

    config: XLMRConfig

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        config = self.config
        drop = nn.Dropout(config.dropout_rate, deterministic=deterministic)
        y = _attention(config)(x, x, mask, deterministic=deterministic)
        x = _norm(config, "post_attention_layer_norm")(x + drop(y))
        x = constrain(x, "batch", "length", "embed")
        y = MLP(config, name="mlp")(x)
        x = _norm(config, "post_mlp_layer_norm")(x + drop(y))
        return constrain(x, "batch", "length", "embed")


def _attention(config: XLMRConfig) -> Attention:
    return Attention(
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
