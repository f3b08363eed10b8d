"""A question and its passage as windows of pieces, for an encoder.

A window is `<s> question </s></s> pieces of the passage </s>`. Windows begin
`stride` pieces after one another and the last one ends with the passage, as in
BERT's and XTREME's run_squad (there `doc_stride`; the option `stride` of Hugging
Face's tokenizers is the overlap instead). At most half a window lies between two
beginnings, so that short windows overlap as well; windows of 384 never feel
that. Each window is an example of the cache:

- tokens: the ids;
- begins, ends: for each of the window's passage pieces, the bytes [begin, end)
  of the passage's UTF-8 that it stands for;
- example: the number of the question within its split;
- piece: the number, within the passage, of the window's first piece;
- context_start: the column of that piece;
- answer_start, answer_end: the columns of the first and the last piece of the
  least span of pieces that covers the first answer. A window that does not
  hold the whole answer has 0, `<s>`, in both, as has a question without an
  answer: run_squad trains on it as a window without an answer;
- answer_weight: 0 where the answer is not known or nowhere in the passage.
  run_squad leaves such questions out of training, and they must not teach that
  there is no answer; else 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tasks.problems import ragged
from tasks.problems.lengths import length_of
from tasks.problems.rendering import is_batched, traced

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.problems.rendering import Example

# XTREME's train_qa.sh: doc_stride and max_query_length.
STRIDE = 128
QUESTION = 64
# `<s> question </s></s> passage </s>`
SPECIALS = 4
_BEFORE_PASSAGE = 3


def cut(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    """Turns questions into windows, whole passages without a length.

    `sequence_length` gives the length of a window (`tokens`) and may give the
    most pieces of a question (`question`) and `stride`.

    Raises:
      InputError: for lengths that leave no room for the passage.
    """
    lengths = dict(sequence_length or {})
    question = length_of({"question": QUESTION} | lengths, "question", 1)
    stride = length_of({"stride": STRIDE} | lengths, "stride", 1)
    length = None
    if "tokens" in lengths:
        least = question + SPECIALS + 1
        length = length_of(lengths, "tokens", least)
    batched = is_batched(ds, "context", 0)
    ds = ds.map(traced(_cut, vocabulary, length, question, stride))
    if batched:
        return ds
    # Each window alone; unbatching leaves the length of its axis unnamed.
    return ds.unbatch().map(_shaped)


def _shaped(window: Example) -> Example:
    import tensorflow as tf

    return {k: tf.ensure_shape(v, v.shape) for k, v in window.items()}


def _cut(
    vocabulary: seqio.Vocabulary, length: int | None, question: int, stride: int
) -> Callable[[Example], Example]:
    import tensorflow as tf

    def windows(example: Example) -> Example:
        names = ("question", "context", "begin", "end", "index")
        batch = {name: example[name] for name in names}
        if batch["context"].shape.rank == 0:
            batch = {k: tf.expand_dims(v, 0) for k, v in batch.items()}
        return _windows(batch, vocabulary, length, question, stride)

    return windows


def _windows(
    batch: dict[str, tf.Tensor],
    vocabulary: seqio.Vocabulary,
    length: int | None,
    most_of_question: int,
    stride: int,
) -> dict[str, tf.Tensor | tf.RaggedTensor]:
    import tensorflow as tf

    question = ragged.first(
        vocabulary.encode_tf(batch["question"]), most_of_question
    ).with_row_splits_dtype(tf.int64)
    ids, begins, ends = ragged.once(
        vocabulary.tokenize_with_offsets, batch["context"]
    )
    pieces = ragged.lengths(ids)
    room = pieces
    if length is not None:
        room = length - SPECIALS - ragged.lengths(question)
    stride = tf.minimum(stride, tf.maximum(room // 2, 1))
    counts = 1 - (-tf.maximum(pieces - room, 0) // stride)
    example = tf.repeat(tf.range(tf.size(counts)), counts)

    def each(values: tf.Tensor) -> tf.Tensor:
        return tf.gather(values, example)

    piece = tf.ragged.range(counts).flat_values * each(stride)
    size = tf.minimum(each(room), each(pieces) - piece)
    own = _slices(each(tf.cast(ids.row_starts(), tf.int32)) + piece, size)
    context_start = ragged.lengths(each(question)) + _BEFORE_PASSAGE
    bos, eos = vocabulary.bos_id, vocabulary.eos_id
    context = tf.gather(ids.values, own)
    first, last, is_known = _answer(batch, begins, ends)
    first, last = each(first) - piece, each(last) - piece
    is_held = (first >= 0) & (first <= last) & (last < size)
    return {
        "tokens": ragged.join(
            [[bos], each(question), [eos] * 2, context, [eos]]
        ),
        "begins": tf.cast(tf.gather(begins.values, own), tf.int32),
        "ends": tf.cast(tf.gather(ends.values, own), tf.int32),
        "example": each(batch["index"]),
        "piece": piece,
        "context_start": context_start,
        "answer_start": tf.where(is_held, context_start + first, 0),
        "answer_end": tf.where(is_held, context_start + last, 0),
        "answer_weight": each(tf.cast(is_known, tf.int32)),
    }


def _slices(starts: tf.Tensor, sizes: tf.Tensor) -> tf.RaggedTensor:
    """Returns the indices [start, start + size) of each of W slices."""
    import tensorflow as tf

    return tf.ragged.range(starts, starts + sizes, row_splits_dtype=tf.int64)


def _answer(
    batch: dict[str, tf.Tensor],
    begins: tf.RaggedTensor,
    ends: tf.RaggedTensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the first and last piece of each answer, and if it is known.

    No answer has first = last = -1. Pieces that stand for nothing are no part
    of the least span: they end where it begins, or begin where it ends.
    """
    import tensorflow as tf

    begin, end = batch["begin"], batch["end"]
    # Both ends of pieces never fall, so counting finds the place.
    first = _count(ends, ends.values <= _of_piece(begin, ends))
    last = _count(begins, begins.values < _of_piece(end, begins)) - 1
    has_answer = end > begin
    is_covered = has_answer & (first <= last)
    is_nothing = (begin == 0) & (end == 0)
    return (
        tf.where(is_covered, first, -1),
        tf.where(is_covered, last, -1),
        is_covered | is_nothing,
    )


def _of_piece(values: tf.Tensor, pieces: tf.RaggedTensor) -> tf.Tensor:
    import tensorflow as tf

    return tf.cast(tf.gather(values, pieces.value_rowids()), pieces.dtype)


def _count(pieces: tf.RaggedTensor, is_counted: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    ones = pieces.with_values(tf.cast(is_counted, tf.int32))
    return tf.reduce_sum(ones, axis=1)
