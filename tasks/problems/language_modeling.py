"""Plain text: masked language modelling and span corruption.

The corruption works on ragged batches in numpy, see `tasks.problems.segments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Int

from tasks.problems import ragged
from tasks.problems.lengths import length_of
from tasks.problems.rendering import Rendering, is_batched
from tasks.problems.segments import Offsets, smallest, sums, within
from xltransfer.errors import InputError

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    from tasks.row import Dataset

FIELDS = {"text": "text"}
# BERT, XLM-R and T5 all corrupt 15 % of the tokens; T5 in spans of mean 3.
RATE = 0.15
MEAN_SPAN_LENGTH = 3.0
# mT5 has 100 sentinels, hence at most as many spans a window.
SENTINELS = 100
# `<s> window </s>`
ENCODER_SPECIALS = 2


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, str], str], dict[str, Any] | None]:
    """Returns the function from raw fields to `text`; blank text is left out."""

    def example(fields: dict[str, str], where: str) -> dict[str, Any] | None:
        text = fields["text"].strip()
        return {"text": text} if text else None

    return example


def encoder(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders `tokens` = `<s> window </s>`; masking is left to `mask_tokens`.

    A text longer than a window becomes several examples; no token is lost.
    """
    import seqio

    return Rendering(
        features={"tokens": seqio.Feature(vocabulary, add_eos=False)},
        preprocessors=(
            partial(_tokenise, vocabulary=vocabulary),
            _encoder_windows,
            partial(_add_specials, vocabulary=vocabulary),
        ),
    )


def text(dataset: Dataset, vocabulary: seqio.Vocabulary) -> Rendering:
    """Renders T5's span corruption: `inputs` and `targets`, both with `</s>`.

    Up to the random step an example is `tokens`, a window of pieces that fits
    both lengths once corrupted. The pieces themselves do not depend on lengths
    and can be cached by SeqIO.
    """
    import seqio

    feature = seqio.Feature(vocabulary, add_eos=True)
    return Rendering(
        features={"inputs": feature, "targets": feature},
        preprocessors=(
            partial(_tokenise, vocabulary=vocabulary),
            seqio.CacheDatasetPlaceholder(),
            _corruptible_windows,
        ),
        random=(partial(_corrupt, vocabulary=vocabulary),),
    )


def sentinels(vocab_size: int) -> Int[np.ndarray, "100"]:
    """Returns the sentinels' ids, first to last: T5's end the vocabulary."""
    return vocab_size - 1 - np.arange(SENTINELS)


def mask_count(candidates: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Returns how many of so many candidates are masked: 15 %, at least one."""
    count = np.rint(RATE * candidates).astype(np.int64)
    return np.where(candidates > 0, np.maximum(count, 1), 0)


def mask_tokens(
    tokens: Int[np.ndarray, "T"],
    offsets: Offsets,
    rng: np.random.Generator,
    *,
    special_ids: Sequence[int],
    mask_id: int,
    vocab_size: int,
) -> tuple[Int[np.ndarray, "T"], Int[np.ndarray, "P"]]:
    """Masks 15 % of each sequence's ordinary tokens, as BERT and XLM-R do.

    Of the chosen tokens 80 % become `<mask>`, 10 % a random ordinary token and
    10 % stay (Devlin et al. 2019). A pure function of its arguments and of the
    generator's state.

    Args:
      tokens: T tokens of N sequences, end to end.
      offsets: where each sequence begins, and the end.
      rng: the source of chance.
      special_ids: ids that are neither masked nor drawn as replacements.
      mask_id: the id of `<mask>`.
      vocab_size: all ids, special ones included.

    Returns:
      The masked tokens, and the P chosen positions in them, ascending. What
      the model must predict is `tokens` at these positions.
    """
    lengths = np.diff(offsets)
    is_candidate = ~np.isin(tokens, np.asarray(special_ids))
    candidates = sums(is_candidate, offsets)
    # Chosen are the candidates of the smallest keys; others come last.
    keys = np.where(is_candidate, rng.random(len(tokens)), 1.0)
    is_chosen = smallest(keys, lengths, mask_count(candidates))
    positions = np.flatnonzero(is_chosen)
    fate = rng.random(len(positions))
    drawn = rng.integers(vocab_size - len(special_ids), size=len(positions))
    for special in sorted(special_ids):
        drawn += drawn >= special  # Skips the special ids.
    replacement = np.where(fate < 0.8, mask_id, drawn)
    masked = tokens.copy()
    masked[positions] = np.where(fate < 0.9, replacement, tokens[positions])
    return masked, positions


def corrupted_lengths(
    lengths: Int[np.ndarray, "N"],
) -> tuple[Int[np.ndarray, "N"], Int[np.ndarray, "N"]]:
    """Returns the lengths of inputs and targets that windows turn into.

    Both count `</s>`. T5's `random_spans_helper`, with at least one noise token
    in windows of two tokens and more.
    """
    lengths = np.asarray(lengths)
    noise, spans = _noise_counts(lengths)
    noise = np.where(lengths < 2, 0, noise)
    inputs = lengths - noise + np.where(lengths < 2, 0, spans) + 1
    targets = noise + np.where(lengths < 1, 0, spans) + 1
    return inputs, targets


def window_length(inputs_length: int, targets_length: int) -> int:
    """Returns the longest window that fits both lengths once corrupted.

    Raises InputError where not even a window of one token fits.
    """
    longest = int(SENTINELS * MEAN_SPAN_LENGTH / RATE)
    candidates = np.arange(1, min(2 * inputs_length, longest) + 1)
    inputs, targets = corrupted_lengths(candidates)
    _, spans = _noise_counts(candidates)
    fits = (inputs <= inputs_length) & (targets <= targets_length)
    fits &= spans <= SENTINELS
    if not fits.any() or not fits[0]:
        raise InputError(
            f"Span corruption does not fit inputs of {inputs_length} and "
            f"targets of {targets_length} tokens: the least is 2 and 2."
        )
    return int(np.argmin(fits)) if not fits.all() else len(fits)


def noise_mask(
    offsets: Offsets, rng: np.random.Generator, *, roll: bool = True
) -> Bool[np.ndarray, "T"]:
    """Returns which tokens are noise: T5's `random_spans_noise_mask`.

    Each sequence alternates kept and noise spans, beginning with a kept one;
    the lengths of either kind are a uniformly random composition.

    Args:
      offsets: where each sequence begins, and the end.
      rng: the source of chance.
      roll: moves a random part of the first kept span to the end. Without it,
        T5's default, every sequence ends in noise: short ones, of one noise
        span, would never have anything but their end corrupted. T5's own
        `random_roll` may tear a span in two; this leaves all lengths as they
        are.
    """
    lengths = np.diff(offsets)
    padded = np.maximum(lengths, 2)
    noise, spans = _noise_counts(lengths)
    kept_ends = _random_composition(padded - noise, spans, rng)
    noise_ends = _random_composition(noise, spans, rng)
    # One sequence's spans after the other's, counted over all sequences.
    begins = np.cumsum(padded) - padded
    first = np.cumsum(spans) - spans
    if roll:
        room = kept_ends[first]
        begins = begins - (rng.random(len(lengths)) * room).astype(np.int64)
    begins = np.repeat(begins, spans)
    noise_before = np.roll(noise_ends, 1)
    noise_before[first] = 0
    change = np.zeros(padded.sum() + 1, np.int8)
    change[begins + kept_ends + noise_before] += 1
    change[begins + kept_ends + noise_ends] -= 1
    mask = np.cumsum(change[:-1], dtype=np.int8).astype(bool)
    return mask[within(padded) < np.repeat(lengths, padded)]


def span_corruption(
    tokens: Int[np.ndarray, "T"],
    offsets: Offsets,
    rng: np.random.Generator,
    *,
    sentinel_ids: Int[np.ndarray, "100"],
    eos_id: int,
    roll: bool = True,
) -> tuple[Int[np.ndarray, "I"], Offsets, Int[np.ndarray, "J"], Offsets]:
    """Replaces noise spans by sentinels, and lists them behind their sentinels.

    `a b c d e f` with the noise spans `b` and `d e` gives the inputs
    `a X c Y f </s>` and the targets `X b Y d e </s>` (Raffel et al. 2020). A
    pure function of its arguments and of the generator's state; the lengths are
    `corrupted_lengths`.

    Args:
      tokens: T tokens of N sequences, end to end.
      offsets: where each sequence begins, and the end.
      rng: the source of chance.
      sentinel_ids: the ids of X, Y, ..., as `sentinels` gives them.
      eos_id: the id of `</s>`.
      roll: as for `noise_mask`.

    Returns:
      The inputs and their offsets, the targets and their offsets.
    """
    mask = noise_mask(offsets, rng, roll=roll)
    spans = sums(_starts(mask, offsets), offsets)
    inputs = _collapse(tokens, mask, offsets, spans, sentinel_ids, eos_id)
    # In the targets a sentinel stands for the kept span before the noise. The
    # kept span after the last noise has none, but T5's for a sequence of one.
    spans = np.maximum(spans, 1)
    targets = _collapse(tokens, ~mask, offsets, spans, sentinel_ids, eos_id)
    return *inputs, *targets


def _noise_counts(
    lengths: Int[np.ndarray, "N"],
) -> tuple[Int[np.ndarray, "N"], Int[np.ndarray, "N"]]:
    padded = np.maximum(lengths, 2)
    noise = np.rint(padded * RATE).astype(np.int64)
    noise = np.clip(noise, 1, padded - 1)
    spans = np.rint(noise / MEAN_SPAN_LENGTH).astype(np.int64)
    return noise, np.maximum(spans, 1)


def _random_composition(
    totals: Int[np.ndarray, "N"],
    parts: Int[np.ndarray, "N"],
    rng: np.random.Generator,
) -> Int[np.ndarray, "K"]:
    """Cuts each total into so many positive parts; returns where they end."""
    inner = totals - 1
    is_cut = smallest(rng.random(inner.sum()), inner, parts - 1)
    ends = np.ones(totals.sum(), bool)
    # The last place of each total is an end; the inner ones where cut.
    is_inner = within(totals) < np.repeat(inner, totals)
    ends[is_inner] = is_cut
    return within(totals)[ends] + 1


def _starts(
    mask: Bool[np.ndarray, "T"], offsets: Offsets
) -> Bool[np.ndarray, "T"]:
    """Marks where the spans of a mask begin."""
    follows = np.roll(mask, 1) & (within(np.diff(offsets)) > 0)
    return mask & ~follows


def _collapse(
    tokens: Int[np.ndarray, "T"],
    mask: Bool[np.ndarray, "T"],
    offsets: Offsets,
    spans: Int[np.ndarray, "N"],
    sentinel_ids: Int[np.ndarray, "100"],
    eos_id: int,
) -> tuple[Int[np.ndarray, "I"], Offsets]:
    """Puts sentinels in place of the first `spans` masked spans of each.

    Further masked spans disappear; `</s>` ends each sequence.
    """
    lengths = np.diff(offsets)
    is_start = _starts(mask, offsets)
    started = np.concatenate([[0], np.cumsum(is_start)])
    span = started[1:] - 1 - np.repeat(started[offsets[:-1]], lengths)
    is_start &= span < np.repeat(spans, lengths)
    ids = np.where(is_start, sentinel_ids[span % len(sentinel_ids)], tokens)
    is_kept = ~mask | is_start
    counts = sums(is_kept, offsets) + 1
    collapsed = np.full(counts.sum(), eos_id, tokens.dtype)
    collapsed[within(counts) < np.repeat(counts - 1, counts)] = ids[is_kept]
    return collapsed, np.concatenate([[0], np.cumsum(counts)])


def _tokenise(
    ds: tf.data.Dataset, *, vocabulary: seqio.Vocabulary
) -> tf.data.Dataset:
    return ds.map(lambda ex: {"tokens": vocabulary.encode_tf(ex["text"])})


def _encoder_windows(
    ds: tf.data.Dataset, sequence_length: Mapping[str, int] | None = None
) -> tf.data.Dataset:
    length = length_of(sequence_length, "tokens", ENCODER_SPECIALS + 1)
    return ds if length is None else _cut(ds, length - ENCODER_SPECIALS)


def _corruptible_windows(
    ds: tf.data.Dataset, sequence_length: Mapping[str, int] | None = None
) -> tf.data.Dataset:
    lengths = sequence_length or {}
    if not {"inputs", "targets"} <= lengths.keys():
        return ds
    return _cut(ds, window_length(lengths["inputs"], lengths["targets"]))


def _cut(ds: tf.data.Dataset, size: int) -> tf.data.Dataset:
    """Cuts `tokens` into windows, each an example of its own."""
    import tensorflow as tf

    batched = is_batched(ds, "tokens", 1)
    ds = ds.map(lambda ex: {"tokens": ragged.windows(ex["tokens"], size)})
    if batched:
        return ds
    return ds.unbatch().map(
        lambda ex: {"tokens": tf.ensure_shape(ex["tokens"], [None])}
    )


def _add_specials(
    ds: tf.data.Dataset, *, vocabulary: seqio.Vocabulary
) -> tf.data.Dataset:
    bos, eos = [vocabulary.bos_id], [vocabulary.eos_id]
    return ds.map(lambda ex: {"tokens": ragged.join([bos, ex["tokens"], eos])})


def _corrupt(
    ds: tf.data.Dataset, *, vocabulary: seqio.Vocabulary
) -> tf.data.Dataset:
    import seqio
    import tensorflow as tf

    def corrupt(tokens: np.ndarray, seed: np.ndarray) -> list[np.ndarray]:
        rng = np.random.default_rng(seed.astype(np.uint32))
        inputs, _, targets, _ = span_corruption(
            tokens,
            np.array([0, len(tokens)]),
            rng,
            sentinel_ids=sentinels(vocabulary.vocab_size),
            eos_id=vocabulary.eos_id,
        )
        return [inputs, targets]

    @seqio.map_over_dataset(num_seeds=1)
    def corrupted(
        example: dict[str, tf.Tensor], seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        inputs, targets = tf.numpy_function(
            corrupt, [example["tokens"], seed], [tf.int32, tf.int32]
        )
        return {
            "inputs": tf.ensure_shape(inputs, [None]),
            "targets": tf.ensure_shape(targets, [None]),
        }

    return corrupted(ds)
