"""Sentences in words, and a tag for each: parts of speech, entities, categories.

An encoder sees `<s> words </s></s>` and predicts at each word's first piece.
Words are tokenised one by one and sentences cut as XTREME does it
(utils_preprocess.py, utils_tag.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.problems import ragged
from tasks.problems.lengths import length_of
from tasks.problems.rendering import Rendering, is_batched
from tasks.problems.sentence_parts import first_columns, sentence_parts
from tasks.problems.tag_text import parse_text, unquoted, write_text
from xltransfer.errors import InputError, nearest

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.row import Dataset

__all__ = [
    "FIELDS",
    "canonical",
    "encoder",
    "parse_text",
    "record",
    "text",
    "unquoted",
]

FIELDS = {"words": "texts", "tags": "numbers", "index": "index"}
# `<s> words </s></s>`: XTREME keeps the second `</s>` of RoBERTa's pairs.
ENCODER_SPECIALS = 3


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, Any], str], dict[str, Any] | None]:
    """Returns the function from raw fields to words and numbers of tags.

    `names`, the tags' names, come along for `record`. Raises InputError at a
    tag that the dataset does not have, with its line where the source tells
    `lines`.
    """
    classes = {name: index for index, name in enumerate(dataset.labels)}
    classes |= {raw: classes[name] for raw, name in dataset.label_map}
    if not classes:
        raise InputError(f"{dataset.name} has no tags. {dataset.access}")

    def example(fields: dict[str, Any], where: str) -> dict[str, Any] | None:
        words, tags = fields["words"], fields["tags"]
        if not words or len(words) != len(tags):
            raise InputError(
                f"{where}: {len(words)} words and {len(tags)} tags."
            )
        unknown = next(
            (n for n, t in enumerate(tags) if t not in classes), None
        )
        if unknown is not None:
            raise InputError(
                f"{_line(where, fields, unknown)}: the tag {tags[unknown]!r} "
                f"of {words[unknown]!r} is none of {dataset.name}'s."
                f"{nearest(tags[unknown], classes)}"
            )
        numbers = [classes[tag] for tag in tags]
        return {
            "words": list(words),
            "tags": numbers,
            "names": [dataset.labels[number] for number in numbers],
        }

    return example


def record(example: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the words and the names of their tags."""
    return {"words": example["words"], "tags": example["names"]}


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders sentences, or parts of too long ones, for an encoder.

    `tokens` are `<s> words </s></s>`, `first` the columns of the words' first
    pieces, `tags` their classes, `example` the sentence's number. A sentence is
    cut between words; of a word that alone is too long the first pieces stay;
    a word without pieces is `<unk>`: every word is tagged exactly once.
    """
    import seqio
    import tensorflow as tf

    columns = seqio.PassThroughVocabulary(size=2**31 - 1)
    classes = seqio.PassThroughVocabulary(size=len(dataset.labels))
    return Rendering(
        features={
            "tokens": seqio.Feature(vocabulary, add_eos=False),
            "first": seqio.Feature(columns, add_eos=False),
            "tags": seqio.Feature(classes, add_eos=False),
            "example": seqio.Feature(
                columns, add_eos=False, dtype=tf.int32, rank=0
            ),
        },
        preprocessors=(partial(_encode, vocabulary=vocabulary),),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `inputs`, the row's template, and `targets`, see `tag_text`.

    Both end in `</s>` and lose what is beyond their length.
    """
    import seqio

    feature = seqio.Feature(vocabulary, add_eos=True)
    return Rendering(
        features={"inputs": feature, "targets": feature},
        preprocessors=(
            partial(
                _write,
                vocabulary=vocabulary,
                template=dataset.template,
                labels=dataset.labels,
            ),
        ),
    )


def _line(where: str, fields: Mapping[str, Any], word: int) -> str:
    lines = fields.get("lines")
    if lines is None:
        return f"{where}, word {word + 1}"
    return f"{where.rpartition(':')[0]}:{lines[word]}"


def _encode(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    import tensorflow as tf

    room = _room(sequence_length)
    batched = is_batched(ds, "words", 1)

    def encode(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        words, tags = example["words"], example["tags"]
        index = tf.reshape(example["index"], [-1])
        if not batched:
            words, tags = words[None], tags[None]
            words = tf.RaggedTensor.from_tensor(words)
            tags = tf.RaggedTensor.from_tensor(tags)
        pieces = _pieces(words.flat_values, vocabulary, room)
        counts, sentences, first = tf.numpy_function(
            partial(_cut, room=room),
            [pieces.row_lengths(), words.row_lengths()],
            [tf.int64, tf.int64, tf.int32],
        )

        def parts(values: tf.Tensor | tf.RaggedTensor) -> tf.RaggedTensor:
            return tf.RaggedTensor.from_row_lengths(values, counts)

        bos, eos = vocabulary.bos_id, vocabulary.eos_id
        inside = parts(pieces).merge_dims(1, 2)
        return {
            "tokens": ragged.join([[bos], inside, [eos, eos]]),
            "first": parts(tf.ensure_shape(first, [None])),
            "tags": parts(tags.flat_values),
            "example": tf.gather(index, sentences),
        }

    ds = ds.map(encode)
    return ds if batched else _unbatched(ds)


def _unbatched(ds: tf.data.Dataset) -> tf.data.Dataset:
    import tensorflow as tf

    def shaped(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        sequences = ("tokens", "first", "tags")
        known = {
            name: tf.ensure_shape(example[name], [None]) for name in sequences
        }
        return {**known, "example": tf.ensure_shape(example["example"], [])}

    return ds.unbatch().map(shaped)


def _room(sequence_length: Mapping[str, int] | None) -> int:
    length = length_of(sequence_length, "tokens", ENCODER_SPECIALS + 1)
    return 2**31 - 1 if length is None else length - ENCODER_SPECIALS


def _pieces(
    words: tf.Tensor, vocabulary: seqio.Vocabulary, room: int
) -> tf.RaggedTensor:
    """Tokenises each word by itself: [T, 1 to room]."""
    import tensorflow as tf

    pieces = vocabulary.encode_tf(words)
    is_empty = tf.cast(pieces.row_lengths() == 0, tf.int64)
    unknown = tf.RaggedTensor.from_row_lengths(
        tf.fill([tf.reduce_sum(is_empty)], vocabulary.unk_id), is_empty
    )
    kept = ragged.first(tf.concat([pieces, unknown], axis=1), room)
    return kept.with_row_splits_dtype(tf.int64)


def _cut(
    pieces: np.ndarray, words: np.ndarray, *, room: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts, sentences = sentence_parts(pieces, words, room)
    return counts, sentences, first_columns(pieces, counts).astype(np.int32)


def _write(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
    template: str,
    labels: tuple[str, ...],
) -> tf.data.Dataset:
    import tensorflow as tf

    lengths = sequence_length or {}
    batched = is_batched(ds, "words", 1)
    before, after = template.split("{words}")

    def written(
        words: np.ndarray, tags: np.ndarray, counts: np.ndarray
    ) -> np.ndarray:
        names = [labels[tag] for tag in tags]
        texts = [word.decode() for word in words]
        return np.array(
            [
                write_text(texts[end - n : end], names[end - n : end], labels)
                for n, end in zip(counts, np.cumsum(counts), strict=True)
            ],
            object,
        )

    def tokens(text: tf.Tensor, feature: str) -> ragged.Tokens:
        pieces = vocabulary.encode_tf(text)
        return ragged.ended(pieces, vocabulary.eos_id, lengths.get(feature))

    def write(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        words, tags = example["words"], example["tags"]
        counts = words.row_lengths() if batched else tf.size(words)[None]
        flat = [one.flat_values if batched else one for one in (words, tags)]
        targets = tf.numpy_function(written, [*flat, counts], tf.string)
        inputs = tf.strings.join(
            [
                before,
                tf.strings.reduce_join(words, axis=-1, separator=" "),
                after,
            ]
        )
        targets = tf.ensure_shape(targets, [None])
        return {
            "inputs": tokens(inputs, "inputs"),
            "targets": tokens(targets if batched else targets[0], "targets"),
            "example": example["index"],
        }

    return ds.map(write)
