"""Vocabularies for SeqIO. Importing this module loads TensorFlow.

Within TensorFlow's graph, too, the pieces are SentencePiece's own: TensorFlow
Text brings an older one, which chooses another segmentation where two have the
same score.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import seqio
import tensorflow as tf
import tensorflow_text

from tasks.pieces import MT5Pieces, Pieces, XLMRPieces

# Ids, and the bytes [begin, end) of each piece.
Spans = tuple[
    tf.Tensor | tf.RaggedTensor,
    tf.Tensor | tf.RaggedTensor,
    tf.Tensor | tf.RaggedTensor,
]


class _Exact:
    """What both families share: SentencePiece's pieces, in the graph too.

    Vocabularies are equal whose models are, byte for byte. `model_file` may be
    another one later on: what it held when it was first read counts.
    """

    model_file: str
    _kind: type[Pieces]

    @cached_property
    def model(self) -> bytes:
        return _one_copy(Path(self.model_file).read_bytes())

    @property
    def pieces(self) -> Pieces:
        return _pieces(self._kind, self.model_file, self.model)

    def tokenize_with_offsets(self, s: tf.Tensor) -> Spans:
        """Returns ids, begins and ends in the UTF-8 of texts.

        The twin of `Pieces.encode_with_offsets`, which says what a piece
        stands for; there the offsets count characters, here bytes.

        Args:
          s: a text, or a vector of them.
        """
        return _spanned(s, self.pieces)

    def _encode_tf(self, s: tf.Tensor) -> tf.Tensor | tf.RaggedTensor:
        return _encoded(s, self.pieces)

    def __getstate__(self) -> dict:
        """All but what it has read."""
        state = super().__getstate__()
        return {name: state[name] for name in state if name != "model"}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.model == other.model

    def __hash__(self) -> int:
        return hash(self.model)


class XLMRVocabulary(_Exact, seqio.Vocabulary):
    """XLM-R's ids over a SentencePiece model (see `tasks.pieces`).

    The padding id is 1, whereas SeqIO's feature converters pad with 0: this
    vocabulary is for encoders, whose batches are padded by `xltransfer.data`.
    """

    _kind = XLMRPieces

    def __init__(self, model_file: str | Path):
        super().__init__(extra_ids=0)
        self.model_file = str(model_file)

    @property
    def bos_id(self) -> int:
        return XLMRPieces.bos_id

    @property
    def eos_id(self) -> int:
        return XLMRPieces.eos_id

    @property
    def pad_id(self) -> int:
        return XLMRPieces.pad_id

    @property
    def unk_id(self) -> int:
        return XLMRPieces.unk_id

    @property
    def mask_id(self) -> int:
        return self.pieces.mask_id

    @property
    def _base_vocab_size(self) -> int:
        return self.pieces.vocab_size

    def _encode(self, s: str) -> Sequence[int]:
        return self.pieces.encode(s)

    def _decode(self, ids: Iterable[int]) -> str:
        return self.pieces.decode(ids)

    def _decode_tf(self, ids: tf.Tensor) -> tf.Tensor:
        special = (self.bos_id, self.pad_id, self.eos_id, self.mask_id)
        is_special = tf.reduce_any(
            tf.expand_dims(ids, -1) == tf.constant(special), axis=-1
        )
        kept = tf.ragged.boolean_mask(ids, ~is_special)
        return _tokenizer(self.model).detokenize(
            tf.ragged.map_flat_values(
                lambda ids: tf.where(ids == self.unk_id, 0, ids - 1), kept
            )
        )


class MT5Vocabulary(_Exact, seqio.SentencePieceVocabulary):
    """mT5's ids; its sentinels are pieces of the model."""

    _kind = MT5Pieces

    def __init__(self, model_file: str | Path):
        super().__init__(str(model_file), extra_ids=0)
        self.model_file = str(model_file)

    @property
    def tf_tokenizer(self) -> tensorflow_text.SentencepieceTokenizer:
        """Decodes; SeqIO's own goes by the path alone."""
        return _tokenizer(self.model)


def _encoded(
    texts: tf.Tensor | tf.RaggedTensor, pieces: Pieces
) -> tf.Tensor | tf.RaggedTensor:
    def encode(batch: np.ndarray) -> tuple[np.ndarray, ...]:
        return _flat(pieces.encode_batch(batch))

    (ids,) = _outside(encode, texts, (tf.int32,))
    return ids


def _spanned(texts: tf.Tensor, pieces: Pieces) -> Spans:
    """Returns ids and spans without the spaces beside them."""
    if texts.shape.rank == 0:
        batch = _spanned(texts[tf.newaxis], pieces)
        return tuple(ragged[0] for ragged in batch)

    def encode(batch: np.ndarray) -> tuple[np.ndarray, ...]:
        ids, spans = pieces.encode_with_bytes(batch)
        flat = np.array([*itertools.chain.from_iterable(spans)], np.int64)
        return *_flat(ids), *flat.reshape(-1, 2).T

    ids, begins, ends = _outside(encode, texts, (tf.int32, tf.int64, tf.int64))
    spaces = _spaces(pieces)
    of_piece = tf.gather(texts, ids.value_rowids())
    whole = tf.strings.substr(of_piece, begins.values, (ends - begins).values)
    right = tf.strings.regex_replace(whole, f"^{spaces}", "")
    both = tf.strings.regex_replace(right, f"{spaces}$", "")
    begin = ends.values - _length(right)
    return (
        ids,
        begins.with_values(begin),
        ends.with_values(begin + _length(both)),
    )


def _outside(
    encode: Callable[[np.ndarray], tuple[np.ndarray, ...]],
    texts: tf.Tensor | tf.RaggedTensor,
    types: tuple[tf.DType, ...],
) -> tuple[tf.Tensor | tf.RaggedTensor, ...]:
    """Calls a function of texts, in UTF-8, outside of the graph.

    It returns the number of pieces of each text, and then flat values for all
    pieces, of the given types.
    """
    if isinstance(texts, tf.RaggedTensor):
        found = _outside(encode, texts.values, types)
        return tuple(texts.with_values(values) for values in found)
    if texts.shape.rank == 0:
        batch = _outside(encode, texts[tf.newaxis], types)
        return tuple(ragged[0] for ragged in batch)
    lengths, *values = tf.numpy_function(
        encode, [texts], [tf.int64, *types], stateful=False
    )
    for one in (lengths, *values):
        one.set_shape([None])
    first = tf.RaggedTensor.from_row_lengths(values[0], lengths, validate=False)
    return tuple(first.with_values(one) for one in values)


def _flat(ids: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the length of each list, and all of them as one array."""
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    chained = itertools.chain.from_iterable(ids)
    return lengths, np.fromiter(chained, np.int32, lengths.sum())


def _length(texts: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(texts), tf.int64)


def _spaces(pieces: Pieces) -> str:
    """Returns RE2's expression for a run of a model's spaces."""
    codes = sorted(map(ord, pieces.spaces))
    return "[{}]+".format("".join(rf"\x{{{code:x}}}" for code in codes))


@cache
def _one_copy(model: bytes) -> bytes:
    """Keeps one copy for all vocabularies of a model: a task has its own."""
    return model


@cache
def _pieces(kind: type[Pieces], model_file: str, model: bytes) -> Pieces:
    """Loads a model once, whatever the number of tasks; `model` is its key."""
    return kind(Path(model_file))


@cache
def _tokenizer(model: bytes) -> tensorflow_text.SentencepieceTokenizer:
    # Outside of all graphs: one that is made inside is loaded again whenever
    # an iterator starts, the published models in half a second each time.
    with tf.init_scope():
        return tensorflow_text.SentencepieceTokenizer(model=model)
