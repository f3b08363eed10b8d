"""Queries, and the candidates among which each finds its own.

One task serves both sides. An example has a query, a candidate or both. In
training examples both belong together. In those to be evaluated they need not:
where there are as many queries as candidates, as with parallel sentences, a row
holds the i-th of each; elsewhere rows of queries and rows of candidates follow
each other. Which candidates are right stands in the records.

An encoder's example is the sides that it has, one after the other, each a
sequence of its own with its markers, as the choices of a question are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks import templates
from tasks.problems import ragged
from tasks.problems.classification import longest_first
from tasks.problems.lengths import length_of, text_lengths
from tasks.problems.rendering import Rendering, traced
from xltransfer.errors import InputError

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.problems.rendering import Example
    from tasks.row import Dataset

# `context` is the candidate's: the paragraph that a sentence stands in.
FIELDS = {"query": "text", "candidate": "text", "context": "text"}
SIDES = ("query", "candidate")
# `<s> candidate </s></s> context </s>`
PAIR_SPECIALS = 4


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, Any], str], dict[str, Any] | None]:
    """Returns the function from raw fields to a canonical example.

    Raw fields are `query`, `query_id`, `gold` (ids of the right candidates;
    may be empty), `candidate`, `candidate_id` and `context`; those of a side
    may be absent. A side with an id must have text.
    """

    def example(fields: dict[str, Any], where: str) -> dict[str, Any]:
        found: dict[str, Any] = {"context": fields.get("context", "").strip()}
        for side in SIDES:
            found[side] = fields.get(side, "").strip()
            found[f"{side}_id"] = fields.get(f"{side}_id", "")
            if found[f"{side}_id"] and not found[side]:
                raise InputError(f"{where}: the {side} is empty.")
        if not found["query"] and not found["candidate"]:
            raise InputError(f"{where}: neither a query nor a candidate.")
        return found | {"gold": list(fields.get("gold", ()))}

    return example


def record(example: dict[str, Any]) -> dict[str, Any]:
    """Returns the ids of the sides that there are, and what a query asks for.

    `id` is the query's, `candidate` the candidate's, `gold` the right
    candidates'. The keys tell which texts are equal.
    """
    found: dict[str, Any] = {}
    if example["query"]:
        found |= {
            "id": example["query_id"],
            "gold": example["gold"],
            "query_key": _key(example["query"]),
        }
    if example["candidate"]:
        found |= {
            "candidate": example["candidate_id"],
            "candidate_key": _key(example["candidate"]),
        }
    return found


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `tokens` and `side_lengths` for an encoder.

    `tokens` are `<s> query </s>` and `<s> candidate </s>`, with a context
    `<s> candidate </s></s> context </s>`, end to end; `side_lengths` are how
    many each has, query and candidate, 0 for a side that is not there. The
    length of `tokens` is that of a side; `query` may give a shorter one for
    queries. A candidate and its context are shortened as with `longest_first`.
    """
    import seqio

    number = seqio.PassThroughVocabulary(size=2**31 - 1)
    return Rendering(
        features={
            "tokens": seqio.Feature(vocabulary, add_eos=False),
            "side_lengths": seqio.Feature(number, add_eos=False),
        },
        preprocessors=(partial(_encode, vocabulary=vocabulary),),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `inputs` = `query: Q` and `targets` = `candidate: C context: X`.

    The row's template may say otherwise: `{side}` is the word in front, `{text}`
    query or candidate. Both end in `</s>`, which truncation keeps. A side that
    is not there is empty. Trained as text to text, by T5X say, a model writes
    the candidate; as an encoder of sentences it embeds either.
    """
    import seqio

    template = dataset.template or templates.RETRIEVAL
    if template.count("{text}") != 1:
        raise InputError(
            f"{dataset.name}: the template {template!r} needs '{{text}}' once."
        )
    feature = seqio.Feature(vocabulary, add_eos=True)
    return Rendering(
        features={"inputs": feature, "targets": feature},
        preprocessors=(
            partial(_write, vocabulary=vocabulary, template=template),
        ),
    )


def _encode(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    import tensorflow as tf

    length = length_of(sequence_length, "tokens", PAIR_SPECIALS + 2)
    query_length = length_of(sequence_length, "query", 3) or length
    bos, eos = [vocabulary.bos_id], [vocabulary.eos_id]

    def encode(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        query = vocabulary.encode_tf(example["query"])
        if query_length is not None:
            query = ragged.first(query, query_length - 2)
        query = _present(ragged.join([bos, query, eos]), example["query"])
        candidate = _candidate(example)
        # Both may have been shortened, and then count in other integers.
        sides = [_counted_alike(one) for one in (query, candidate)]
        lengths = tf.stack([ragged.lengths(one) for one in sides], axis=-1)
        if isinstance(query, tf.RaggedTensor):
            # As every sequence of a batch comes, though all have two.
            lengths = tf.RaggedTensor.from_tensor(lengths)
        return {"tokens": ragged.join(sides), "side_lengths": lengths}

    def _candidate(example: dict[str, tf.Tensor]) -> ragged.Tokens:
        candidate = vocabulary.encode_tf(example["candidate"])
        context = vocabulary.encode_tf(example["context"])
        has_context = example["context"] != ""
        if length is not None:
            room = length - tf.where(has_context, PAIR_SPECIALS, 2)
            kept = longest_first(
                ragged.lengths(candidate), ragged.lengths(context), room
            )
            candidate = ragged.first(candidate, kept[0])
            context = ragged.first(context, kept[1])
        between = _where(has_context, eos + eos, context)
        joined = ragged.join([bos, candidate, between, context, eos])
        return _present(joined, example["candidate"])

    return ds.map(encode)


def _counted_alike(tokens: ragged.Tokens) -> ragged.Tokens:
    import tensorflow as tf

    if isinstance(tokens, tf.RaggedTensor):
        return tokens.with_row_splits_dtype(tf.int64)
    return tokens


def _write(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
    template: str,
) -> tf.data.Dataset:
    lengths = text_lengths(sequence_length)
    return ds.map(traced(_written, vocabulary, template, *lengths))


def _written(
    vocabulary: seqio.Vocabulary,
    template: str,
    inputs_length: int | None,
    targets_length: int | None,
) -> Callable[[Example], Example]:
    import tensorflow as tf

    def side(name: str, text: tf.Tensor) -> tf.Tensor:
        head, tail = template.replace("{side}", name).split("{text}")
        return tf.strings.join([head, text, tail])

    def tokens(
        written: tf.Tensor, side: tf.Tensor, length: int | None
    ) -> ragged.Tokens:
        pieces = vocabulary.encode_tf(written)
        ended = ragged.ended(pieces, vocabulary.eos_id, length)
        return _present(ended, side)

    def write(example: Example) -> Example:
        query, candidate = example["query"], example["candidate"]
        context = tf.where(
            example["context"] != "",
            tf.strings.join([" context: ", example["context"]]),
            "",
        )
        return {
            "inputs": tokens(side("query", query), query, inputs_length),
            "targets": tokens(
                tf.strings.join([side("candidate", candidate), context]),
                candidate,
                targets_length,
            ),
        }

    return write


def _present(tokens: ragged.Tokens, side: tf.Tensor) -> ragged.Tokens:
    """Returns no tokens for a side that an example does not have."""
    import tensorflow as tf

    return ragged.first(tokens, tf.where(side != "", ragged.lengths(tokens), 0))


def _where(
    is_there: tf.Tensor, ids: list[int], like: ragged.Tokens
) -> ragged.Tokens:
    """Returns `ids` for the examples of which it is true, [] for others."""
    import tensorflow as tf

    count = tf.where(is_there, len(ids), 0)
    if not isinstance(like, tf.RaggedTensor):
        return tf.constant(ids, tf.int32)[:count]
    whole = tf.RaggedTensor.from_tensor(
        tf.tile([tf.constant(ids, tf.int32)], [tf.size(count), 1])
    )
    found = ragged.first(whole, count)
    return found.with_row_splits_dtype(like.row_splits.dtype)
