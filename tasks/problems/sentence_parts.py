"""Sentences cut into parts, between words."""

import numpy as np
from jaxtyping import Int

from tasks.problems.segments import within


def sentence_parts(
    pieces: Int[np.ndarray, "T"],
    words: Int[np.ndarray, "N"],
    room: int,
) -> tuple[Int[np.ndarray, "K"], Int[np.ndarray, "K"]]:
    """Cuts sentences between words, each part as long as fits.

    Args:
      pieces: how many pieces each word has, at least one and at most `room`.
      words: how many words each of the N sentences has.
      room: how many pieces a part may have.

    Returns:
      How many words each part has, and the number of its sentence.
    """
    ends = np.cumsum(pieces)
    stops = np.cumsum(words)
    counts: list[int] = []
    sentences: list[int] = []
    for sentence, (count, stop) in enumerate(zip(words, stops, strict=True)):
        start = stop - count
        while start < stop:
            before = ends[start] - pieces[start]
            fitting = np.searchsorted(ends, before + room, side="right")
            counts.append(min(int(fitting), int(stop)) - start)
            sentences.append(sentence)
            start += counts[-1]
    return np.array(counts, np.int64), np.array(sentences, np.int64)


def first_columns(
    pieces: Int[np.ndarray, "T"], words: Int[np.ndarray, "K"]
) -> Int[np.ndarray, "T"]:
    """Returns the column of each word's first piece in its part, `<s>` at 0.

    Args:
      pieces: how many pieces each word has.
      words: how many words each of the K parts has.
    """
    starts = np.cumsum(pieces) - pieces
    place = np.arange(len(pieces)) - within(words)
    return starts - starts[place] + 1
