"""Questions whose answer is a span of a passage, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks.problems import passage_windows, ragged
from tasks.problems.lengths import text_lengths
from tasks.problems.punctuation import found_in, padded_tf
from tasks.problems.rendering import Rendering, traced
from xltransfer.errors import InputError

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.problems.rendering import Example
    from tasks.row import Dataset

FIELDS = {
    "id": "text",
    "question": "text",
    "context": "text",
    "answers": "texts",
    "begin": "class",
    "end": "class",
    "index": "index",
}
# `begin` and `end` of a question without an answer, and of one whose answer is
# not known or not to be found in the passage.
UNANSWERABLE = (0, 0)
UNKNOWN = (-1, -1)


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    """Returns the function from raw fields to a canonical example.

    Raw answers are pairs of text and first character. `answers` are their
    texts: blank ones, which stand for a lost or withheld answer, are left out,
    and a question that has no answer has the one answer "". `begin` and `end`
    are where the first answer that can be found lies, in the UTF-8 of the
    passage.
    """

    def example(fields: dict[str, Any], where: str) -> dict[str, Any]:
        context = fields["context"]
        if not context.strip():
            raise InputError(f"{where}: the passage is empty.")
        answers = [one for one in fields["answers"] if one[0].strip()]
        is_answerable = bool(fields["answers"])
        begin, end = _place(context, answers) if is_answerable else UNANSWERABLE
        return {
            "id": fields["id"],
            "question": fields["question"].strip(),
            "context": context,
            "answers": [text for text, _ in answers] if is_answerable else [""],
            "begin": begin,
            "end": end,
        }

    return example


def record(example: dict[str, Any]) -> dict[str, Any]:
    """Returns what evaluating needs: id, context, question and answers.

    No answers at all are answers that the file withholds: there is nothing to
    score against.
    """
    return {
        name: example[name] for name in ("id", "context", "question", "answers")
    }


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders windows `<s> question </s></s> part of the passage </s>`.

    See `passage_windows` for their features.
    """
    import seqio

    return Rendering(
        features={"tokens": seqio.Feature(vocabulary, add_eos=False)},
        preprocessors=(partial(passage_windows.cut, vocabulary=vocabulary),),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `inputs` = `question: Q context: C` and `targets`.

    The format is mT5's for XQuAD, MLQA and TyDiQA: punctuation stands alone,
    and the target is the first answer, written likewise. A question without
    an answer has the target "". Both end in `</s>`, which truncation keeps.
    """
    import seqio

    feature = seqio.Feature(vocabulary, add_eos=True)
    return Rendering(
        features={"inputs": feature, "targets": feature},
        preprocessors=(partial(_write, vocabulary=vocabulary),),
    )


def parse_text(output: str, record: dict[str, Any]) -> str:
    """Returns the answer that a model's text names, in the passage's words.

    The model writes punctuation apart; benchmarks expect the passage's own
    characters. A text that is not in the passage is returned as it is.
    """
    return found_in(record["context"], output)


def unquoted(output: str, record: dict[str, Any]) -> str:
    """Returns an answer that is not in the passage, else nothing."""
    answer = parse_text(output, record)
    return "" if answer in record["context"] else answer


def _place(context: str, answers: list[tuple[str, int]]) -> tuple[int, int]:
    """Returns the bytes [begin, end) of the first answer that can be found."""
    for answer, start in answers:
        found = located(context, answer, start)
        if found is not None:
            begin = len(context[:found].encode())
            return begin, begin + len(answer.encode())
    return UNKNOWN


def located(context: str, answer: str, start: int) -> int | None:
    """Returns the first character of an answer, None where it is nowhere.

    Some files' offsets are wrong: an answer that does not lie at `start` is
    looked for, and the occurrence nearest to `start` is taken.
    """
    if start >= 0 and context.startswith(answer, start):
        return start
    places = []
    place = context.find(answer)
    while place >= 0:
        places.append(place)
        place = context.find(answer, place + 1)
    return min(places, key=lambda p: abs(p - start), default=None)


def _write(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    lengths = text_lengths(sequence_length)
    return ds.map(traced(_written, vocabulary, *lengths))


def _written(
    vocabulary: seqio.Vocabulary,
    inputs_length: int | None,
    targets_length: int | None,
) -> Callable[[Example], Example]:
    import tensorflow as tf

    def first(answers: tf.Tensor | tf.RaggedTensor) -> tf.Tensor:
        if not isinstance(answers, tf.RaggedTensor):
            return tf.concat([answers, [""]], 0)[0]
        blank = tf.fill([answers.nrows(), 1], "")
        return tf.concat([answers, blank], 1)[:, :1].values

    def marked(mark: str, texts: tf.Tensor) -> ragged.Tokens:
        texts = tf.strings.strip(padded_tf(texts))
        texts = tf.strings.join([mark, texts], separator=" ")
        return vocabulary.encode_tf(texts)

    def write(example: Example) -> Example:
        # Two texts have the one's pieces: none reaches across the space before
        # `context:`. (Within a long text, SentencePiece's sums in float32 may
        # choose another of two splits that are about equally probable.)
        question = marked("question:", example["question"])
        context = ragged.once(partial(marked, "context:"), example["context"])
        answer = vocabulary.encode_tf(padded_tf(first(example["answers"])))
        inputs = ragged.join([question, context])
        return {
            "inputs": ragged.ended(inputs, vocabulary.eos_id, inputs_length),
            "targets": ragged.ended(answer, vocabulary.eos_id, targets_length),
        }

    return write
