"""A prompt and choices of which one is right, e.g. commonsense questions.

The encoder reads each choice with the prompt, and a softmax over a question's
choices says which is right (Phang et al. 2020 after jiant; XTREME-R's XCOPA).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks.problems import ragged
from tasks.problems.lengths import length_of, text_lengths
from tasks.problems.rendering import Rendering, is_batched
from xltransfer.errors import InputError, nearest

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.row import Dataset

FIELDS = {
    "prompt": "text",
    "choices": "texts",
    "label": "class",
    "index": "index",
}
# `<s> prompt </s></s> choice </s>`
ENCODER_SPECIALS = 4
LETTERS = string.ascii_lowercase
# A text that names no choice; it is never right.
UNREADABLE = -1


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, Any], str], dict[str, Any] | None]:
    """Returns the function from raw fields to prompt, choices and label.

    The raw `label` is the right choice's number, from 0, or stands for it in
    the row's `label_map`. Where a file repeats the right choice's text instead,
    its raw field is `answer`. Empty choices at the end, with which some files
    fill up their columns, are none.
    """
    numbers = dict(dataset.label_map)
    dropped = frozenset(dataset.dropped_labels)

    def example(fields: dict[str, Any], where: str) -> dict[str, Any] | None:
        choices = _choices(fields["choices"], where)
        if "answer" in fields:
            label = _place(fields["answer"].strip(), choices, where)
        else:
            raw = fields["label"].strip()
            if raw in dropped:
                return None
            label = _number(raw, numbers, len(choices), where)
        return {
            "prompt": fields["prompt"].strip(),
            "choices": choices,
            "label": label,
        }

    return example


def record(example: dict[str, Any]) -> dict[str, Any]:
    """Returns what is kept of a question to evaluate answers to it."""
    return {"label": example["label"], "choices": len(example["choices"])}


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `<s> prompt </s></s> choice </s>` for each choice.

    `tokens` holds those of a question end to end, `choice_lengths` how many
    tokens each has; `label` is the right one's number. The length of `tokens`
    is that of one choice. A prompt that is too long loses its beginning: the
    question stands at its end (jiant's `truncate_sequences`, which cuts from
    the left). A choice that leaves it no room loses its end.
    """
    import seqio
    import tensorflow as tf

    number = seqio.PassThroughVocabulary(size=2**31 - 1)
    scalar = seqio.Feature(number, add_eos=False, dtype=tf.int32, rank=0)
    return Rendering(
        features={
            "tokens": seqio.Feature(vocabulary, add_eos=False),
            "choice_lengths": seqio.Feature(number, add_eos=False),
            "label": scalar,
            "example": scalar,
        },
        preprocessors=(partial(_encode, vocabulary=vocabulary),),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `choice: question: P choices: (a) A (b) B` and the letter.

    The format is this project's: mT5 has published none for multiple choice.
    The target is a letter, not the choice's text, so that a model trained on
    English questions need not write another language than it was trained to
    write: mT5 tends to translate its answers (Xue et al. 2021, section 5).
    A prompt that is too long loses its beginning, and then the choices their
    end. `label` and `example` come along, for evaluation.
    """
    import seqio

    feature = seqio.Feature(vocabulary, add_eos=True)
    return Rendering(
        features={"inputs": feature, "targets": feature},
        preprocessors=(partial(_write, vocabulary=vocabulary),),
        postprocess=text_choice,
    )


def text_choice(output: str, **unused: Any) -> int:
    """Returns the number of the choice that a text names, or UNREADABLE.

    `b` and `(b)` name the second one.
    """
    letter = output.strip().removeprefix("(").removesuffix(")")
    if len(letter) != 1:
        return UNREADABLE
    return LETTERS.find(letter)


def parse_text(output: str, record: dict[str, Any]) -> int:
    """Returns `text_choice`, or UNREADABLE where there is no such choice."""
    number = text_choice(output)
    return number if number < record["choices"] else UNREADABLE


def _choices(raw: tuple[str, ...], where: str) -> list[str]:
    choices = [choice.strip() for choice in raw]
    while choices and not choices[-1]:
        choices.pop()
    if not 2 <= len(choices) <= len(LETTERS):
        raise InputError(
            f"{where}: {len(choices)} choices, expected 2 to {len(LETTERS)}."
        )
    if "" in choices:
        raise InputError(
            f"{where}: choice {choices.index('') + 1} of {len(choices)} is "
            "empty."
        )
    return choices


def _place(answer: str, choices: list[str], where: str) -> int:
    if answer not in choices:
        raise InputError(
            f"{where}: the answer {answer!r:.80} is none of the choices."
            f"{nearest(answer, choices)}"
        )
    return choices.index(answer)


def _number(
    raw: str, numbers: Mapping[str, str], choices: int, where: str
) -> int:
    number = numbers.get(raw, "") if numbers else raw
    if not (number.isascii() and number.isdecimal()):
        expected = f"one of {', '.join(numbers)}" if numbers else "a number"
        raise InputError(f"{where}: the label {raw!r:.80} is not {expected}.")
    if len(number) > 2 or int(number) >= choices:
        raise InputError(
            f"{where}: the label {raw!r:.80} names none of {choices} choices."
        )
    return int(number)


def _encode(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    length = length_of(sequence_length, "tokens", ENCODER_SPECIALS + 2)

    def encode(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        choices = batch["choices"]
        choice = vocabulary.encode_tf(choices.flat_values)
        prompt = tf.gather(
            vocabulary.encode_tf(batch["prompt"]), choices.value_rowids()
        )
        if length is not None:
            room = length - ENCODER_SPECIALS
            choice = ragged.first(choice, room)
            prompt = ragged.last(prompt, room - ragged.lengths(choice))
        bos, eos = vocabulary.bos_id, vocabulary.eos_id
        pairs = ragged.join([[bos], prompt, [eos, eos], choice, [eos]])
        lengths = choices.with_values(ragged.lengths(pairs))
        return {
            "tokens": tf.RaggedTensor.from_row_lengths(
                pairs.flat_values,
                tf.reduce_sum(lengths, axis=1),
                validate=False,
            ),
            "choice_lengths": lengths,
            "label": batch["label"],
            "example": batch["index"],
        }

    return _map_batches(ds, encode)


def _write(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    inputs_length, targets_length = text_lengths(sequence_length)

    def write(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        # Cut at spaces, where no piece of these vocabularies goes across: the
        # parts have the pieces of the whole.
        head = vocabulary.encode_tf(
            tf.fill(tf.shape(batch["prompt"]), "choice: question:")
        )
        prompt = vocabulary.encode_tf(batch["prompt"])
        tail = vocabulary.encode_tf(_listed(batch["choices"]))
        targets = vocabulary.encode_tf(tf.gather(list(LETTERS), batch["label"]))
        if inputs_length is not None:
            room = inputs_length - 1 - ragged.lengths(head)
            tail = ragged.first(tail, tf.maximum(room, 0))
            left = tf.maximum(room - ragged.lengths(tail), 0)
            prompt = ragged.last(prompt, left)
            head = ragged.first(head, inputs_length - 1)
        eos = vocabulary.eos_id
        return {
            "inputs": ragged.join([head, prompt, tail, [eos]]),
            "targets": ragged.ended(targets, eos, targets_length),
            "label": batch["label"],
            "example": batch["index"],
        }

    return _map_batches(ds, write)


def _listed(choices: tf.RaggedTensor) -> tf.Tensor:
    """Returns `choices: (a) A (b) B` for each question."""
    import tensorflow as tf

    letters = tf.gather(
        [f"({letter})" for letter in LETTERS],
        tf.ragged.range(choices.row_lengths()).flat_values,
    )
    named = choices.with_values(
        tf.strings.join([letters, choices.flat_values], " ")
    )
    joined = tf.strings.reduce_join(named, axis=1, separator=" ")
    return tf.strings.join(["choices:", joined], " ")


def _map_batches(
    ds: tf.data.Dataset,
    function: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]],
) -> tf.data.Dataset:
    """Maps batches; a single example is a batch of one."""
    if is_batched(ds, "prompt", 0):
        return ds.map(function)

    def alone(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        batch = {
            name: value[tf.newaxis]
            for name, value in example.items()
            if name != "choices"
        }
        batch["choices"] = tf.RaggedTensor.from_tensor(
            example["choices"][tf.newaxis]
        )
        return {name: value[0] for name, value in function(batch).items()}

    return ds.map(alone)
