"""Sequences of tokens, one [L] or a ragged batch [N, L], treated alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import tensorflow as tf

    Tokens = tf.Tensor | tf.RaggedTensor

# What is made of texts: a tensor, or a tuple of them.
Made = TypeVar("Made")


def lengths(tokens: Tokens) -> tf.Tensor:
    """Returns the int32 length of a sequence, [], or of each of a batch, [N]."""
    import tensorflow as tf

    if isinstance(tokens, tf.RaggedTensor):
        return tf.cast(tokens.row_lengths(), tf.int32)
    return tf.size(tokens)


def first(tokens: Tokens, count: tf.Tensor | int) -> Tokens:
    """Keeps the first `count` tokens; for a batch of each, or an [N] of counts."""
    import tensorflow as tf

    if not isinstance(tokens, tf.RaggedTensor):
        return tokens[:count]
    all_lengths = lengths(tokens)
    kept = tf.minimum(all_lengths, count)

    def cut() -> tf.Tensor:
        positions = tf.ragged.range(all_lengths).flat_values
        is_kept = positions < tf.repeat(kept, all_lengths)
        return tf.boolean_mask(tokens.flat_values, is_kept)

    # Seldom is anything too long.
    is_whole = tf.reduce_all(kept == all_lengths)
    flat = tf.cond(is_whole, lambda: tokens.flat_values, cut)
    return tf.RaggedTensor.from_row_lengths(flat, kept, validate=False)


def last(tokens: tf.RaggedTensor, counts: tf.Tensor) -> tf.RaggedTensor:
    """Keeps the last tokens of each sequence of a batch, an [N] of counts."""
    import tensorflow as tf

    all_lengths = lengths(tokens)
    kept = tf.minimum(all_lengths, counts)
    positions = tf.ragged.range(all_lengths).flat_values
    is_kept = positions >= tf.repeat(all_lengths - kept, all_lengths)
    return tf.RaggedTensor.from_row_lengths(
        tf.boolean_mask(tokens.flat_values, is_kept), kept, validate=False
    )


def join(parts: Sequence[Tokens | Sequence[int]]) -> Tokens:
    """Concatenates sequences; a list of ids joins every sequence of a batch."""
    import tensorflow as tf

    tokens = next(p for p in parts if tf.is_tensor(p))
    if not isinstance(tokens, tf.RaggedTensor):
        return tf.concat([tf.cast(p, tf.int32) for p in parts], axis=0)
    rows = [tf.reduce_sum(tf.ones_like(tokens.row_lengths())), 1]
    return tf.concat(
        [p if tf.is_tensor(p) else tf.tile([list(p)], rows) for p in parts],
        axis=1,
    )


def ended(tokens: Tokens, eos_id: int, length: int | None) -> Tokens:
    """Adds the end's id after what leaves room for it; None: no limit."""
    if length is not None:
        tokens = first(tokens, length - 1)
    return join([tokens, [eos_id]])


def once(make: Callable[[tf.Tensor], Made], texts: tf.Tensor) -> Made:
    """Returns `make(texts)`, where each text of a batch is worked on once.

    `make` goes by text: row n of all that it returns depends on text n alone.
    """
    import tensorflow as tf

    if texts.shape.rank == 0:
        return make(texts)
    different, number = tf.unique(texts)
    return tf.nest.map_structure(
        lambda made: tf.gather(made, number), make(different)
    )


def windows(tokens: Tokens, size: int) -> tf.RaggedTensor:
    """Cuts sequences into windows [W, <= size], in order, without overlap.

    All windows of a sequence but its last are full; an empty one has none.
    """
    import tensorflow as tf

    flat, all_lengths = tokens, lengths(tokens)
    if isinstance(tokens, tf.RaggedTensor):
        flat = tokens.flat_values
    all_lengths = tf.reshape(all_lengths, [-1])
    counts = -(-all_lengths // size)
    starts = tf.ragged.range(counts).flat_values * size
    return tf.RaggedTensor.from_row_lengths(
        flat,
        tf.minimum(size, tf.repeat(all_lengths, counts) - starts),
        validate=False,
    )
