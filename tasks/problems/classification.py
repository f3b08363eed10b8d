"""Pairs of sentences and a class, e.g. natural language inference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks.problems import ragged
from tasks.problems.lengths import length_of, text_lengths
from tasks.problems.rendering import Rendering, traced
from xltransfer.errors import InputError, nearest

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.problems.rendering import Example
    from tasks.row import Dataset

FIELDS = {"premise": "text", "hypothesis": "text", "label": "class"}
# `<s> premise </s></s> hypothesis </s>`
ENCODER_SPECIALS = 4
# Stands for a text that names no label; it is never right.
UNREADABLE = "-1"


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, str], str], dict[str, Any] | None]:
    """Returns the function from raw fields to premise, hypothesis and label.

    A premise may be empty: controls that see the hypothesis alone have none.
    """
    classes = {name: index for index, name in enumerate(dataset.labels)}
    classes |= {raw: classes[name] for raw, name in dataset.label_map}
    dropped = frozenset(dataset.dropped_labels)

    def example(fields: dict[str, str], where: str) -> dict[str, Any] | None:
        label = fields["label"].strip()
        if label in dropped:
            return None
        if label not in classes:
            raise InputError(
                f"{where}: the label {label!r} is none of "
                f"{', '.join(classes)}.{nearest(label, classes)}"
            )
        hypothesis = fields["hypothesis"].strip()
        if not hypothesis:
            raise InputError(f"{where}: the hypothesis is empty.")
        return {
            "premise": fields["premise"].strip(),
            "hypothesis": hypothesis,
            "label": classes[label],
        }

    return example


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `tokens` = `<s> P </s></s> H </s>` and `label` for an encoder.

    Too long a pair loses tokens as with Hugging Face's `longest_first`.
    """
    import seqio
    import tensorflow as tf

    classes = seqio.PassThroughVocabulary(size=len(dataset.labels))
    return Rendering(
        features={
            "tokens": seqio.Feature(vocabulary, add_eos=False),
            "label": seqio.Feature(
                classes, add_eos=False, dtype=tf.int32, rank=0
            ),
        },
        preprocessors=(partial(_encode, vocabulary=vocabulary),),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `inputs`, the row's template, and `targets`, its text label.

    In `xnli: premise: {premise} hypothesis: {hypothesis}`, mT5's for XNLI, the
    names in braces are replaced by the texts. Inputs and targets end in `</s>`,
    which truncation keeps. `label` comes along, for evaluation.
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
                text_labels=dataset.text_labels,
            ),
        ),
        postprocess=partial(text_class, text_labels=dataset.text_labels),
    )


def text_class(
    output: str, text_labels: tuple[str, ...] = (), **unused: Any
) -> int:
    """Returns the class that a model's text names, or -1 for another text."""
    output = output.strip()
    return text_labels.index(output) if output in text_labels else -1


def parse_text(output: str, record: Mapping[str, Any]) -> str:
    """Returns the label that a model's text names, or `UNREADABLE`.

    The record's `labels` and `text_labels` are the dataset's.
    """
    number = text_class(output, tuple(record["text_labels"]))
    return UNREADABLE if number < 0 else record["labels"][number]


def longest_first(
    first: tf.Tensor, second: tf.Tensor, room: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the lengths that two sequences keep to fit `room` together.

    The rule is that of the Rust tokenizers behind Hugging Face's fast ones:
    the longer loses tokens down to the length of the shorter, then each keeps
    half, the odd one going to the longer (to the second of two equals).

    Args:
      first: int32, [] or [N].
      second: int32, like `first`.
      room: tokens that both may have together, special ones not counted.
    """
    import tensorflow as tf

    shorter = tf.minimum(first, second)
    longer = tf.minimum(
        tf.maximum(first, second), tf.maximum(shorter, room - shorter)
    )
    is_halved = shorter + longer > room
    shorter = tf.where(is_halved, room // 2, shorter)
    longer = tf.where(is_halved, room // 2 + room % 2, longer)
    is_first_longer = first > second
    return (
        tf.where(is_first_longer, longer, shorter),
        tf.where(is_first_longer, shorter, longer),
    )


def _encode(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    length = length_of(sequence_length, "tokens", ENCODER_SPECIALS + 2)
    return ds.map(traced(_encoded, vocabulary, length))


def _encoded(
    vocabulary: seqio.Vocabulary, length: int | None
) -> Callable[[Example], Example]:
    def encode(example: Example) -> Example:
        # A premise often has several hypotheses.
        premise = ragged.once(vocabulary.encode_tf, example["premise"])
        hypothesis = vocabulary.encode_tf(example["hypothesis"])
        if length is not None:
            kept = longest_first(
                ragged.lengths(premise),
                ragged.lengths(hypothesis),
                length - ENCODER_SPECIALS,
            )
            premise = ragged.first(premise, kept[0])
            hypothesis = ragged.first(hypothesis, kept[1])
        bos, eos = vocabulary.bos_id, vocabulary.eos_id
        tokens = [[bos], premise, [eos, eos], hypothesis, [eos]]
        return {"tokens": ragged.join(tokens), "label": example["label"]}

    return encode


def _write(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
    template: str,
    text_labels: tuple[str, ...],
) -> tf.data.Dataset:
    lengths = text_lengths(sequence_length)
    facts = (vocabulary, template, text_labels, *lengths)
    return ds.map(traced(_written, *facts))


def _written(
    vocabulary: seqio.Vocabulary,
    template: str,
    text_labels: tuple[str, ...],
    inputs_length: int | None,
    targets_length: int | None,
) -> Callable[[Example], Example]:
    import tensorflow as tf

    parts = re.split(r"\{(\w+)\}", template)

    def tokens(text: tf.Tensor, length: int | None) -> ragged.Tokens:
        pieces = vocabulary.encode_tf(text)
        return ragged.ended(pieces, vocabulary.eos_id, length)

    def write(example: Example) -> Example:
        inputs = tf.strings.join(
            [example[part] if part in FIELDS else part for part in parts]
        )
        targets = tf.gather(list(text_labels), example["label"])
        return {
            "inputs": tokens(inputs, inputs_length),
            "targets": ragged.once(
                partial(tokens, length=targets_length), targets
            ),
            "label": example["label"],
        }

    return write
