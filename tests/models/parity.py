"""Every model of the reference: how to build it, its outputs, its loss.

Outputs are a list with one array an example, whatever the layout of the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from rows import Rows, cut, lay_out

from xltransfer.models.embedders import (
    MT5Embedder,
    XLMREmbedder,
)
from xltransfer.models.mt5 import MT5
from xltransfer.models.retriever import XLMRRetriever
from xltransfer.models.xlmr import XLMRClassifier, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import (
    XLMRMultipleChoice,
    XLMRSpanFinder,
    XLMRTagger,
)

Outputs = list[jax.Array]
Layout = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Case:
    """One model of the reference.

    Attributes:
      build: configuration -> model.
      inputs: (arrays, tokens, layout) -> the model's inputs and the places of
        the outputs.
      outputs: (what the model returns, places, lengths) -> one array each.
      loss: (outputs, arrays) -> the loss that the reference computed.
      packed: a layout of rows with several examples.
      length_of: the array with the lengths of the outputs.
      zero: tensors whose gradient is zero but for rounding, since they move
        all logits of a softmax alike.
    """

    build: Callable[[Any], Any]
    inputs: Callable[[dict, np.ndarray, Layout], tuple[tuple, tuple]]
    outputs: Callable[[Any, tuple, np.ndarray], Outputs]
    loss: Callable[[Outputs, dict], jax.Array]
    packed: Layout = ((2, 1), (0,))
    length_of: str = "lengths"
    zero: tuple[str, ...] = ()

    def wanted(self, arrays: dict) -> list[np.ndarray]:
        """The reference's outputs, example by example."""
        if self.loss is span_loss:
            return [
                arrays["logits"][:, i, :length]
                for i, length in enumerate(arrays["lengths"])
            ]
        if self.loss is token_loss:
            return cut(arrays["logits"], arrays[self.length_of])
        return list(arrays["logits"])


def encoder_rows(
    arrays: dict, tokens: np.ndarray, layout: Layout, pad: int
) -> Rows:
    """The batch, one column longer than the longest row needs."""
    examples = cut(tokens, arrays["lengths"])
    width = max(sum(len(examples[i]) for i in row) for row in layout) + 1
    return lay_out(examples, layout, width, pad)


def slots(arrays: dict, tokens: np.ndarray, layout: Layout):
    """Inputs for a model that reads `starts`."""
    rows = encoder_rows(arrays, tokens, layout, pad=1)
    inputs = (rows.tokens, rows.segment_ids, rows.positions, rows.starts)
    return inputs, rows.places


def everywhere(arrays: dict, tokens: np.ndarray, layout: Layout):
    """Inputs for a model that reads `target_positions`: all columns."""
    rows = encoder_rows(arrays, tokens, layout, pad=1)
    columns = np.arange(rows.tokens.shape[1])[None].repeat(len(layout), 0)
    inputs = (rows.tokens, rows.segment_ids, rows.positions, columns)
    return inputs, rows.places


def text(arrays: dict, tokens: np.ndarray, layout: Layout):
    """Inputs of mT5."""
    source = encoder_rows(arrays, tokens, layout, pad=0)
    lengths = {"lengths": arrays["target_lengths"]}
    target = encoder_rows(lengths, arrays["inputs"], layout, pad=0)
    inputs = (
        source.tokens,
        source.segment_ids,
        target.tokens,
        target.segment_ids,
    )
    return inputs, target.places


def text_slots(arrays: dict, tokens: np.ndarray, layout: Layout):
    """Inputs of mT5's embedder."""
    rows = encoder_rows(arrays, tokens, layout, pad=0)
    return (rows.tokens, rows.segment_ids, rows.starts), rows.places


def by_slot(found: jax.Array, places: tuple, lengths: np.ndarray) -> Outputs:
    return [found[row, slot] for row, slot, _ in places]


def by_column(found: jax.Array, places: tuple, lengths: np.ndarray) -> Outputs:
    return [
        found[row, column : column + length]
        for (row, _, column), length in zip(places, lengths, strict=True)
    ]


def by_span(found: tuple, places: tuple, lengths: np.ndarray) -> Outputs:
    first, last = found
    return [
        jnp.stack(
            [x[row, slot, column : column + length] for x in (first, last)]
        )
        for (row, slot, column), length in zip(places, lengths, strict=True)
    ]


def similarities(found: tuple, places: tuple, lengths: np.ndarray) -> Outputs:
    """Products of the first half, queries, and the second, candidates."""
    vectors, scale = found
    vectors = jnp.stack(by_slot(vectors, places, lengths))
    queries, candidates = jnp.split(vectors, 2)
    return list(scale * queries @ candidates.T)


def class_loss(outputs: Outputs, arrays: dict) -> jax.Array:
    return _mean_loss(jnp.stack(outputs), arrays["labels"])


def choice_loss(outputs: Outputs, arrays: dict) -> jax.Array:
    return _mean_loss(jnp.stack(outputs).reshape(-1, 2), arrays["labels"])


def token_loss(outputs: Outputs, arrays: dict) -> jax.Array:
    targets = [
        row[: len(found)]
        for row, found in zip(arrays["targets"], outputs, strict=True)
    ]
    return _mean_loss(jnp.concatenate(outputs), np.concatenate(targets))


def span_loss(outputs: Outputs, arrays: dict) -> jax.Array:
    losses = [
        _mean_loss(found, answer)
        for found, answer in zip(outputs, arrays["answers"].T, strict=True)
    ]
    return jnp.stack(losses).mean()


def vector_loss(outputs: Outputs, arrays: dict) -> jax.Array:
    return jnp.square(jnp.stack(outputs) - arrays["targets"]).mean()


def pair_loss(outputs: Outputs, arrays: dict) -> jax.Array:
    return _mean_loss(jnp.stack(outputs), np.arange(len(outputs)))


def _mean_loss(logits: jax.Array, targets: np.ndarray) -> jax.Array:
    losses = optax.softmax_cross_entropy_with_integer_labels(
        logits, np.maximum(targets, 0)
    )
    return losses.mean(where=targets >= 0)


CLASSIFIER = Case(lambda c: XLMRClassifier(c, 3), slots, by_slot, class_loss)
MASKED_LM = Case(XLMRMaskedLM, everywhere, by_column, token_loss)
CHOICE = Case(
    XLMRMultipleChoice,
    slots,
    by_slot,
    choice_loss,
    packed=((0, 1), (5, 4, 3), (2,)),
    zero=("classifier.bias",),
)
TAGGER = Case(lambda c: XLMRTagger(c, 3), everywhere, by_column, token_loss)
SPAN = Case(
    XLMRSpanFinder,
    slots,
    by_span,
    span_loss,
    # The last norm's bias, under XLM-R's name and under XLM-R XL's.
    zero=(
        "qa_outputs.bias",
        "encoder.layer.1.output.LayerNorm.bias",
        "encoder.LayerNorm.bias",
    ),
)
EMBEDDING = Case(
    lambda c: XLMREmbedder(c, normalize=True), slots, by_slot, vector_loss
)
RETRIEVER = Case(
    XLMRRetriever,
    slots,
    similarities,
    pair_loss,
    packed=((0, 3), (5, 4, 1), (2,)),
)
TEXT = Case(MT5, text, by_column, token_loss, length_of="target_lengths")
TEXT_EMBEDDING = Case(
    lambda c: MT5Embedder(c, normalize=True), text_slots, by_slot, vector_loss
)
CASES = {
    "xlmr_classifier": CLASSIFIER,
    "xlmr_masked_lm": MASKED_LM,
    "xlmr_choice": CHOICE,
    "xlmr_tagger": TAGGER,
    "xlmr_span": SPAN,
    "xlmr_embedding": EMBEDDING,
    "xlmr_retriever": RETRIEVER,
    "xlmr_xl_classifier": CLASSIFIER,
    "xlmr_xl_masked_lm": MASKED_LM,
    "xlmr_xl_choice": CHOICE,
    "xlmr_xl_tagger": TAGGER,
    "xlmr_xl_span": SPAN,
    "xlmr_xl_embedding": EMBEDDING,
    "xlmr_xl_retriever": RETRIEVER,
    "mt5": TEXT,
    "mt5_embedding": TEXT_EMBEDDING,
    "umt5": TEXT,
    "umt5_embedding": TEXT_EMBEDDING,
}
