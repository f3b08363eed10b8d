"""Greedy and beam search with mT5, one token at a time for a whole batch.

The input is packed like any other: a row holds up to S examples, each of which
gets an output of its own, `[B, S, T]`. Keys and values of past tokens lie in
arrays beside the loop; those of the encoder's output are computed once a row,
for all of its slots and beams. Both functions are to be compiled by the
caller, with everything but `params` and the two arrays static.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from xltransfer.models.layers import segment_mask
from xltransfer.models.mt5 import MT5, Cache, Memory

PAD, END = 0, 1

# Hugging Face's score for what is not, or no longer, in the running.
OUT = -1.0e9


def greedy(
    model: MT5,
    params: Any,
    encoder_input_tokens: Int[Array, "B L"],
    encoder_segment_ids: Int[Array, "B L"],
    *,
    slots: int,
    length: int,
) -> Int[Array, "B S T"]:
    """Returns the most probable next token each time, up to `END`.

    `length` is T, the most tokens of an output, `END` included; `PAD` follows
    it. An empty slot's output means nothing.
    """
    stepper = _stepper(
        model, params, encoder_input_tokens, encoder_segment_ids, slots, length
    )
    shape = (len(encoder_input_tokens), slots)

    def go_on(state: tuple) -> Bool[Array, ""]:
        index, _, _, finished, _ = state
        return (index < length) & ~finished.all()

    def advance(state: tuple) -> tuple:
        index, tokens, output, finished, cache = state
        logits, cache = stepper.step(tokens, index, cache)
        tokens = jnp.where(finished, PAD, logits.argmax(-1).astype(jnp.int32))
        output = output.at[:, :, index].set(tokens)
        return index + 1, tokens, output, finished | (tokens == END), cache

    start = (
        jnp.int32(0),
        jnp.full(shape, PAD, jnp.int32),
        jnp.full((*shape, length), PAD, jnp.int32),
        ~_filled(encoder_segment_ids, slots),
        stepper.cache(1),
    )
    return jax.lax.while_loop(go_on, advance, start)[2]


class Beams(NamedTuple):
    """The state of a beam search with K beams; scores are log-probabilities.

    Attributes:
      index: how many tokens have been decoded.
      running: outputs so far, Int[B S K T], and their scores, best first.
      ended: the best outputs that have ended, and their scores over their
        length to the power of the penalty; `done` tells them from blanks.
      open: whether an example can still find a better output, Bool[B S 1].
      cache: of the running beams.
    """

    index: Int[Array, ""]
    running: Int[Array, "B S K T"]
    scores: Float[Array, "B S K"]
    ended: Int[Array, "B S K T"]
    ended_scores: Float[Array, "B S K"]
    done: Bool[Array, "B S K"]
    open: Bool[Array, "B S 1"]
    cache: Cache


def beam_search(
    model: MT5,
    params: Any,
    encoder_input_tokens: Int[Array, "B L"],
    encoder_segment_ids: Int[Array, "B L"],
    *,
    slots: int,
    length: int,
    beams: int = 4,
    length_penalty: float = 1.0,
) -> Int[Array, "B S T"]:
    """Returns the best output of a beam search; as `greedy` otherwise.

    Scores are divided by the output's length, `END` included, to the power of
    `length_penalty`. An example stops when all its beams have ended and the
    best running one, at its present length, is no better than the worst of
    them. Source: `generate` of Hugging Face transformers 5 with
    `early_stopping=False`, its default, to the same tokens.
    """
    stepper = _stepper(
        model, params, encoder_input_tokens, encoder_segment_ids, slots, length
    )
    filled = _filled(encoder_segment_ids, slots)[..., None]
    last = length - 1

    def go_on(state: Beams) -> Bool[Array, ""]:
        return (state.index < length) & state.open.any()

    def advance(state: Beams) -> Beams:
        scores, outputs, parents, cache = _continued(stepper, state)
        ends = (outputs[..., state.index] == END) | (state.index == last)
        state = _with_ended(state, outputs, scores, ends, length_penalty)
        scores = scores + ends * OUT
        scores, best = jax.lax.top_k(scores, beams)
        state = state._replace(
            index=state.index + 1,
            running=_pick(outputs, best),
            scores=scores,
            cache=_reordered(cache, _pick(parents, best)),
        )
        return state._replace(
            open=state.open & _improvable(state, length_penalty)
        )

    blank = jnp.full((*filled.shape[:2], beams, length), PAD, jnp.int32)
    out = jnp.full(blank.shape[:3], OUT)
    state = Beams(
        index=jnp.int32(0),
        running=blank,
        # All beams start alike: only the first may be continued.
        scores=out.at[..., 0].set(0.0),
        ended=blank,
        ended_scores=out,
        done=jnp.zeros(blank.shape[:3], bool),
        open=filled,
        cache=stepper.cache(beams),
    )
    return jax.lax.while_loop(go_on, advance, state).ended[:, :, 0]


def _continued(
    stepper: "_Stepper", state: Beams
) -> tuple[Array, Array, Array, Cache]:
    """The best 2K continuations: scores, outputs, and which beams they extend.

    Each beam has one continuation that ends, so at least K go on.
    """
    batch, slots, beams, _ = state.running.shape
    before = state.running[..., jnp.maximum(state.index - 1, 0)]
    tokens = jnp.where(state.index == 0, PAD, before).reshape(batch, -1)
    logits, cache = stepper.step(tokens, state.index, state.cache)
    vocabulary = logits.shape[-1]
    scores = jax.nn.log_softmax(logits).reshape(batch, slots, beams, vocabulary)
    scores = (scores + state.scores[..., None]).reshape(batch, slots, -1)
    scores, chosen = jax.lax.top_k(scores, 2 * beams)
    parents = chosen // vocabulary
    outputs = _pick(state.running, parents)
    outputs = outputs.at[..., state.index].set(chosen % vocabulary)
    return scores, outputs, parents, cache


def _with_ended(
    state: Beams,
    outputs: Int[Array, "B S 2K T"],
    scores: Float[Array, "B S 2K"],
    ends: Bool[Array, "B S 2K"],
    length_penalty: float,
) -> Beams:
    """Puts those of the best K continuations that end among the ended."""
    beams = state.scores.shape[-1]
    ends = ends & (jnp.arange(2 * beams) < beams)
    scores = scores / _power(state.index + 1, length_penalty)
    scores = scores + ~(ends & state.open) * OUT
    merged, best = jax.lax.top_k(
        jnp.concatenate([state.ended_scores, scores], axis=-1), beams
    )
    joined = jnp.concatenate([state.ended, outputs], axis=2)
    done = jnp.concatenate([state.done, ends], axis=-1)
    return state._replace(
        ended=_pick(joined, best), ended_scores=merged, done=_pick(done, best)
    )


def _improvable(state: Beams, length_penalty: float) -> Bool[Array, "B S 1"]:
    best = state.scores[..., :1] / _power(state.index, length_penalty)
    worst = state.ended_scores.min(-1, keepdims=True)
    beaten = best > jnp.where(state.done, worst, OUT)
    return beaten.any(-1, keepdims=True)


def _power(length: Int[Array, ""], penalty: float) -> Float[Array, ""]:
    return length.astype(jnp.float32) ** penalty


def _pick(x: Array, chosen: Int[Array, "B S N"]) -> Array:
    """The chosen beams of `x`, B S K ..."""
    trailing = (1,) * (x.ndim - 3)
    return jnp.take_along_axis(
        x, chosen.reshape(*chosen.shape, *trailing), axis=2
    )


def _reordered(cache: Cache, parents: Int[Array, "B S K"]) -> Cache:
    def follow(kept: Float[Array, "B Q T H K"]) -> Float[Array, "B Q T H K"]:
        apart = kept.reshape(*parents.shape, *kept.shape[2:])
        return _pick(apart, parents).reshape(kept.shape)

    return jax.tree.map(follow, cache)


class _Stepper(NamedTuple):
    """The model after encoding: Q sequences a row, the slots' beams in turn."""

    model: MT5
    params: Any
    memory: Memory
    encoder_segment_ids: Int[Array, "B L"]
    slots: int
    length: int

    def cache(self, beams: int) -> Cache:
        """Room for the keys and values of `length` tokens a beam."""
        config = self.model.config
        shape = (
            len(self.encoder_segment_ids),
            self.slots * beams,
            self.length,
            config.num_heads,
            config.head_dim,
        )
        blank = jnp.zeros(shape, config.dtype)
        return ((blank, blank),) * config.num_decoder_layers

    def step(
        self, tokens: Int[Array, "B Q"], index: Int[Array, ""], cache: Cache
    ) -> tuple[Float[Array, "B Q V"], Cache]:
        """Logits of the tokens after `tokens`, and the grown cache."""
        slot = jnp.arange(tokens.shape[1]) // (tokens.shape[1] // self.slots)
        queries = jnp.broadcast_to(slot + 1, tokens.shape)
        return self.model.apply(
            {"params": self.params},
            tokens,
            index,
            segment_mask(queries, self.encoder_segment_ids),
            self.memory,
            cache,
            method=self.model.step,
        )


def _stepper(
    model: MT5,
    params: Any,
    encoder_input_tokens: Int[Array, "B L"],
    encoder_segment_ids: Int[Array, "B L"],
    slots: int,
    length: int,
) -> _Stepper:
    encoded = model.apply(
        {"params": params},
        encoder_input_tokens,
        encoder_segment_ids,
        deterministic=True,
        method=model.encode,
    )
    memory = model.apply(
        {"params": params}, encoded, length, method=model.start
    )
    return _Stepper(model, params, memory, encoder_segment_ids, slots, length)


def _filled(
    encoder_segment_ids: Int[Array, "B L"], slots: int
) -> Bool[Array, "B S"]:
    number = jnp.arange(slots)[:, None] + 1
    return (encoder_segment_ids[:, None] == number).any(-1)
