"""mT5 (https://arxiv.org/abs/2010.11934), with T5X minimal's parameter names.

A T5 1.1 encoder-decoder: pre-RMS-norm, gated tanh-GELU, no biases, relative
positions, an output layer of its own. umT5
(https://arxiv.org/abs/2304.09151) differs in that every layer has a relative
position bias of its own. Batches are packed: `*_segment_ids`
tell the examples of a row apart (0 is padding), and a decoder segment sees
the encoder segment of the same number.

Dropout is drawn per element; T5X shares one mask along the length.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from xltransfer.models import softmax, stack
from xltransfer.models.attention import KeysValues
from xltransfer.models.layers import (
    Dense,
    Dropout,
    Embed,
    causal_mask,
    constrain,
    segment_mask,
)
from xltransfer.models.mt5_layers import (
    DecoderLayer,
    EncoderLayer,
    MT5Config,
    norm,
    relpos_bias,
    truncated,
)


class MT5(nn.Module):
    """mT5 for training (`__call__`) and decoding.

    `encode` once, then either `decode` whole targets or `start` and then
    `step` token by token. Positions are not asked for: examples lie in one
    piece, so the distance of two columns of a segment is the distance of
    their positions.
    """

    config: MT5Config

    def setup(self) -> None:
        self.token_embedder = token_embedder(self.config)
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)

    def __call__(
        self,
        encoder_input_tokens: Int[Array, "B L"],
        encoder_segment_ids: Int[Array, "B L"],
        decoder_input_tokens: Int[Array, "B T"],
        decoder_segment_ids: Int[Array, "B T"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T V"]:
        """Returns float32 logits of the token after each decoder input."""
        encoded = self.encode(
            encoder_input_tokens,
            encoder_segment_ids,
            deterministic=deterministic,
        )
        return self.decode(
            encoded,
            encoder_segment_ids,
            decoder_input_tokens,
            decoder_segment_ids,
            deterministic=deterministic,
        )

    def encode(
        self,
        encoder_input_tokens: Int[Array, "B L"],
        encoder_segment_ids: Int[Array, "B L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        """Returns the encoder's output, which serves many decodings."""
        x = self.token_embedder(encoder_input_tokens)
        mask = segment_mask(encoder_segment_ids, encoder_segment_ids)
        return self.encoder(x, mask, deterministic=deterministic)

    def decode(
        self,
        encoded: Float[Array, "B L D"],
        encoder_segment_ids: Int[Array, "B L"],
        decoder_input_tokens: Int[Array, "B T"],
        decoder_segment_ids: Int[Array, "B T"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T V"]:
        """Returns float32 logits, given `encode`'s output.

        `decoder_input_tokens` are the targets shifted right within each
        segment, padding id 0 first.
        """
        return self.decoder.logits(
            self._decoded(
                encoded,
                encoder_segment_ids,
                decoder_input_tokens,
                decoder_segment_ids,
                deterministic=deterministic,
            )
        )

    def losses(
        self,
        encoded: Float[Array, "B L D"],
        encoder_segment_ids: Int[Array, "B L"],
        decoder_input_tokens: Int[Array, "B T"],
        decoder_segment_ids: Int[Array, "B T"],
        decoder_target_tokens: Int[Array, "B T"],
        *,
        deterministic: bool,
    ) -> softmax.Losses:
        """Returns what `decode`'s logits say of targets, never holding them."""
        return self.decoder.losses(
            self._decoded(
                encoded,
                encoder_segment_ids,
                decoder_input_tokens,
                decoder_segment_ids,
                deterministic=deterministic,
            ),
            decoder_target_tokens,
        )

    def _decoded(
        self,
        encoded: Float[Array, "B L D"],
        encoder_segment_ids: Int[Array, "B L"],
        decoder_input_tokens: Int[Array, "B T"],
        decoder_segment_ids: Int[Array, "B T"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T D"]:
        return self.decoder(
            self.token_embedder(decoder_input_tokens),
            encoded,
            segment_mask(decoder_segment_ids, decoder_segment_ids)
            & causal_mask(decoder_input_tokens.shape[1]),
            segment_mask(decoder_segment_ids, encoder_segment_ids),
            deterministic=deterministic,
        )

    def start(self, encoded: Float[Array, "B L D"], length: int) -> "Memory":
        """Returns what every step of decoding `length` tokens reads."""
        return self.decoder.start(encoded, length)

    def step(
        self,
        tokens: Int[Array, "B Q"],
        index: Int[Array, ""],
        cross_mask: Bool[Array, "B 1 Q L"],
        memory: "Memory",
        cache: "Cache",
    ) -> tuple[Float[Array, "B Q V"], "Cache"]:
        """Returns float32 logits of the next token, and the cache with this.

        Args:
          tokens: one token of each of Q sequences a row: slots, or beams of
            slots. They see none of each other.
          index: the tokens' place in their sequences.
          cross_mask: which columns of `encode`'s output each sequence reads.
          memory: of `start`.
          cache: keys and values of the tokens before; zeros at first.
        """
        return self.decoder.step(
            self.token_embedder(tokens), index, cross_mask, memory, cache
        )

    def sample_inputs(self) -> tuple[Array, ...]:
        """The smallest inputs, to initialise with."""
        return (jnp.zeros((1, 1), jnp.int32),) * 4


def token_embedder(config: MT5Config) -> Embed:
    """The table of pieces that encoder and decoder read."""
    return Embed(
        size=config.vocab_size,
        width=config.emb_dim,
        axes=("vocab", "embed"),
        embedding_init=nn.initializers.normal(1.0),
        dtype=config.dtype,
    )


class Memory(NamedTuple):
    """What decoding reads at each step, a tuple over the layers each.

    Attributes:
      cross: keys and values of the encoder's output, Float[B L H K].
      biases: relative position biases, Float[1 H T T].
    """

    cross: tuple[KeysValues, ...]
    biases: tuple[Float[Array, "1 H T T"], ...]


# Keys and values of the tokens decoded so far, Float[B Q T H K], by layer.
Cache = tuple[KeysValues, ...]


class Encoder(nn.Module):
    """A stack of encoder layers and a final norm."""

    config: MT5Config

    def setup(self) -> None:
        config = self.config
        if not config.relpos_per_layer:
            self.relpos_bias = relpos_bias(config, bidirectional=True)
        self.layers = [
            EncoderLayer(config) for _ in range(config.num_encoder_layers)
        ]
        self.encoder_norm = norm(config)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B L D"]:
        x, bias = self._start(x, deterministic)
        x = stack.run(self, x, mask, bias, deterministic=deterministic)
        return self._end(x, deterministic)

    def hidden_states(
        self,
        x: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 L L"],
        *,
        deterministic: bool,
    ) -> list[Float[Array, "B L D"]]:
        """Returns the embeddings and each layer's output, the last normed."""
        x, bias = self._start(x, deterministic)
        states = [x]
        for layer in self.layers:
            x = layer(x, mask, bias, deterministic=deterministic)
            states.append(x)
        states[-1] = self._end(x, deterministic)
        return states

    def _start(
        self, x: Float[Array, "B L D"], deterministic: bool
    ) -> tuple[Float[Array, "B L D"], Float[Array, "1 H L L"] | None]:
        x = self.dropout(x, deterministic=deterministic)
        return constrain(x, "batch", "length", "embed"), _bias(self, x)

    def _end(
        self, x: Float[Array, "B L D"], deterministic: bool
    ) -> Float[Array, "B L D"]:
        return self.dropout(self.encoder_norm(x), deterministic=deterministic)


class Decoder(nn.Module):
    """A stack of decoder layers, a final norm and the output layer."""

    config: MT5Config

    def setup(self) -> None:
        config = self.config
        if not config.relpos_per_layer:
            self.relpos_bias = relpos_bias(config, bidirectional=False)
        self.layers = [
            DecoderLayer(config) for _ in range(config.num_decoder_layers)
        ]
        self.decoder_norm = norm(config)
        self.dropout = Dropout(config.dropout_rate)
        # In float32 throughout, as T5X has it.
        self.logits_dense = Dense(
            config.vocab_size,
            ("embed", "vocab"),
            truncated,
            "float32",
            use_bias=False,
        )

    def __call__(
        self,
        y: Float[Array, "B T D"],
        encoded: Float[Array, "B L D"],
        mask: Bool[Array, "B 1 T T"],
        cross_mask: Bool[Array, "B 1 T L"],
        *,
        deterministic: bool,
    ) -> Float[Array, "B T D"]:
        """Returns what the output layer projects."""
        y = self.dropout(y, deterministic=deterministic)
        y = constrain(y, "batch", "length", "embed")
        y = stack.run(
            self,
            y,
            encoded,
            mask,
            cross_mask,
            _bias(self, y),
            deterministic=deterministic,
        )
        return self.dropout(self.decoder_norm(y), deterministic=deterministic)

    def logits(self, y: Float[Array, "B T D"]) -> Float[Array, "B T V"]:
        """Returns float32 logits of what `__call__` gave."""
        return constrain(self.logits_dense(y), "batch", "length", "vocab")

    def losses(
        self, y: Float[Array, "B T D"], targets: Int[Array, "B T"]
    ) -> softmax.Losses:
        """Returns what the `logits` say of targets, never holding them."""
        table = self.logits_dense.variables["params"]["kernel"]
        return softmax.losses(y, table, None, targets, self.logits_dense.dtype)

    def start(self, encoded: Float[Array, "B L D"], length: int) -> Memory:
        """As `MT5.start`."""
        cross = tuple(
            layer.encoder_decoder_attention.keys_values(encoded)
            for layer in self.layers
        )
        if self.config.relpos_per_layer:
            biases = tuple(one.relpos_bias(length) for one in self.layers)
        else:
            biases = (self.relpos_bias(length),) * len(self.layers)
        return Memory(cross, biases)

    def step(
        self,
        y: Float[Array, "B Q D"],
        index: Int[Array, ""],
        cross_mask: Bool[Array, "B 1 Q L"],
        memory: Memory,
        cache: Cache,
    ) -> tuple[Float[Array, "B Q V"], Cache]:
        """As `MT5.step`."""
        kept = []
        for layer, old, cross, bias in zip(
            self.layers, cache, *memory, strict=True
        ):
            row = jax.lax.dynamic_slice_in_dim(bias, index, 1, axis=2)
            y, new = layer.step(y, index, old, cross, cross_mask, row)
            kept.append(new)
        return self.logits(self.decoder_norm(y)), tuple(kept)


def _bias(
    owner: Encoder | Decoder, x: Float[Array, "B L D"]
) -> Float[Array, "1 H L L"] | None:
    """The bias that all layers of a stack share, where they have none each."""
    if owner.config.relpos_per_layer:
        return None
    return owner.relpos_bias(x.shape[1])
