"""Queries, and the candidates among which each finds its own.

One task serves both sides. An example has a query, a candidate or both, each
with its tokens; a side that an example lacks has none. In training examples
both belong together. In those to be evaluated they need not: where there are as
many queries as candidates, as with parallel sentences, a row holds the i-th of
each; elsewhere rows of queries and rows of candidates follow each other. Which
candidates are right stands in the records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks.problems import ragged
from tasks.problems.classification import longest_first
from tasks.problems.lengths import length_of
from tasks.problems.rendering import Rendering
from xltransfer.errors import InputError

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

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
    """Returns the ids of both sides, '' for none, and the right candidates'."""
    return {
        name: example[name] for name in ("query_id", "candidate_id", "gold")
    }


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `query_tokens` and `candidate_tokens` for an encoder.

    `<s> query </s>` and `<s> candidate </s>`, with a context
    `<s> candidate </s></s> context </s>`, shortened as with `longest_first`.
    """
    import seqio

    feature = seqio.Feature(vocabulary, add_eos=False)
    return Rendering(
        features={f"{side}_tokens": feature for side in SIDES},
        preprocessors=(partial(_encode, vocabulary=vocabulary),),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `inputs` = `query: Q` and `targets` = `candidate: C context: X`.

    Both end in `</s>`, which truncation keeps. Trained as text to text, a model
    writes the candidate; as an encoder of sentences it embeds either.
    """
    import seqio

    feature = seqio.Feature(vocabulary, add_eos=True)
    return Rendering(
        features={"inputs": feature, "targets": feature},
        preprocessors=(partial(_write, vocabulary=vocabulary),),
    )


def _encode(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    import tensorflow as tf

    lengths = {
        side: length_of(sequence_length, f"{side}_tokens", PAIR_SPECIALS + 2)
        for side in SIDES
    }
    bos, eos = [vocabulary.bos_id], [vocabulary.eos_id]

    def encode(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        query = vocabulary.encode_tf(example["query"])
        if lengths["query"] is not None:
            query = ragged.first(query, lengths["query"] - 2)
        candidate = vocabulary.encode_tf(example["candidate"])
        context = vocabulary.encode_tf(example["context"])
        has_context = example["context"] != ""
        if lengths["candidate"] is not None:
            room = lengths["candidate"] - tf.where(has_context, 4, 2)
            kept = longest_first(
                ragged.lengths(candidate), ragged.lengths(context), room
            )
            candidate = ragged.first(candidate, kept[0])
            context = ragged.first(context, kept[1])
        between = _where(has_context, eos + eos, context)
        end = _where(example["candidate"] != "", eos, context)
        return {
            "query_tokens": _present(
                ragged.join([bos, query, eos]), example["query"]
            ),
            "candidate_tokens": _present(
                ragged.join([bos, candidate, between, context, end]),
                example["candidate"],
            ),
        }

    return ds.map(encode)


def _write(
    ds: tf.data.Dataset,
    sequence_length: Mapping[str, int] | None = None,
    *,
    vocabulary: seqio.Vocabulary,
) -> tf.data.Dataset:
    import tensorflow as tf

    def tokens(written: tf.Tensor, side: tf.Tensor, name: str) -> ragged.Tokens:
        length = length_of(sequence_length, name, 2)
        pieces = vocabulary.encode_tf(written)
        if length is not None:
            pieces = ragged.first(pieces, length - 1)
        return _present(ragged.join([pieces, [vocabulary.eos_id]]), side)

    def write(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        query, candidate = example["query"], example["candidate"]
        context = tf.where(
            example["context"] != "",
            tf.strings.join([" context: ", example["context"]]),
            "",
        )
        return {
            "inputs": tokens(
                tf.strings.join(["query: ", query]), query, "inputs"
            ),
            "targets": tokens(
                tf.strings.join(["candidate: ", candidate, context]),
                candidate,
                "targets",
            ),
        }

    return ds.map(write)


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
