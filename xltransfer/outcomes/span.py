"""The text of each question's answer, out of all windows of its passage.

The rules are those of XTREME's run_squad, which takes them over from Hugging
Face's `compute_predictions_logits` and BERT:

- candidates are pairs of a window's 20 best starts and 20 best ends, both
  pieces of the passage, the end not before the start, 30 pieces at most;
- a start counts only in the window where it has the most context: where the
  smaller of the numbers of passage pieces before and after it, plus a hundredth
  of the window's pieces, is largest (the first of equal ones);
- the candidate with the largest sum of logits answers, over all windows;
- where questions may have no answer (SQuAD 2), nothing is answered if the
  smallest sum of logits at `<s>` over the windows exceeds that by more than a
  threshold.

Two things differ. An answer is the passage's own characters from the first to
the last piece, whereas run_squad takes whole words and then searches. And where
there is no candidate the answer is "", not the word "empty".
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from xltransfer.data.cache import Cache
from xltransfer.data.packing import Layout
from xltransfer.errors import LabelsWithheld

# XTREME's train_qa.sh: max_answer_length, in pieces.
LONGEST = 30


class Window(NamedTuple):
    """What was put out for a window; columns count from its own first."""

    start_logits: Float[np.ndarray, "K"]
    start_columns: Int[np.ndarray, "K"]
    end_logits: Float[np.ndarray, "K"]
    end_columns: Int[np.ndarray, "K"]
    null: float


class Passage(NamedTuple):
    """Where a window's pieces of the passage lie.

    `context_start` is the column of the first, `piece` its number within the
    passage; `begins` and `ends` are bytes of the passage's UTF-8.
    """

    context_start: int
    piece: int
    begins: Int[np.ndarray, "P"]
    ends: Int[np.ndarray, "P"]


class Candidate(NamedTuple):
    """A part of the passage, in bytes, and its score."""

    score: float
    begin: int
    end: int


@dataclasses.dataclass(frozen=True)
class Answers:
    """Outputs are those of `objectives.span`; predictions are texts.

    Attributes:
      null_threshold: how much better nothing must score to be the answer, for
        datasets that are scored by SQuAD 2's metric.
    """

    null_threshold: float = 0.0
    layout: str = "answers"

    def read(
        self,
        outputs: dict[str, np.ndarray],
        layout: Layout,
        cache: Cache,
        examples: np.ndarray,
    ) -> list[Window]:
        """Returns each window's outputs."""
        mine = {
            name: values[layout.row, layout.slot]
            for name, values in outputs.items()
        }
        first = layout.start[:, :1]
        mine["start_columns"] = mine["start_columns"] - first
        mine["end_columns"] = mine["end_columns"] - first
        columns = [mine[name] for name in Window._fields]
        return [Window(*row) for row in zip(*columns, strict=True)]

    def combine(self, cache: Cache, found: Sequence[Window]) -> list[str]:
        """Returns the answer to each question, "" for none."""
        may_be_nothing = "squad_v2" in cache.manifest["metrics"]
        threshold = self.null_threshold if may_be_nothing else np.inf
        answers = [""] * len(cache.records)
        for number, members in _questions(cache):
            chosen = choose(
                [found[one] for one in members],
                [_passage(cache, one) for one in members],
                threshold,
            )
            if chosen is not None:
                context = cache.records[number]["context"].encode()
                answers[number] = context[chosen.begin : chosen.end].decode()
        return answers

    def targets(self, cache: Cache) -> list[list[str]]:
        """Returns the right answers to each question; [] where there is none.

        Raises:
          LabelsWithheld: where the file withholds some.
        """
        # A question that has no answer is recorded with the answer "".
        answers = [record["answers"] for record in cache.records]
        if missing := answers.count([]):
            raise LabelsWithheld(
                f"{cache.manifest['dataset']}: the file of the split "
                f"{cache.manifest['key']['split']!r} withholds the answers to "
                f"{missing} of {len(answers)} questions, so that it cannot be "
                "scored. Put the official file in its place."
            )
        return [[one for one in some if one] for some in answers]


def choose(
    windows: Sequence[Window],
    passages: Sequence[Passage],
    null_threshold: float = np.inf,
) -> Candidate | None:
    """Returns the answer to a question, None for nothing.

    Args:
      windows: the outputs for each of its windows.
      passages: where those lie.
      null_threshold: see `Answers`; infinite where nothing is no answer.
    """
    found = [
        candidate
        for number, window in enumerate(windows)
        if (candidate := _best(window, passages, number)) is not None
    ]
    # The first of equal ones.
    best = max(found, key=lambda one: one.score, default=None)
    nothing = min(float(window.null) for window in windows)
    if best is None or nothing - best.score > null_threshold:
        return None
    return best


def has_most_context(
    pieces: Int[np.ndarray, "K"], passages: Sequence[Passage], number: int
) -> Bool[np.ndarray, "K"]:
    """Tells for which pieces, by number, window `number` is the best one."""
    starts = np.array([one.piece for one in passages])[:, None]
    sizes = np.array([len(one.begins) for one in passages])[:, None]
    before, after = pieces - starts, starts + sizes - 1 - pieces
    scores = np.minimum(before, after) + 0.01 * sizes
    scores = np.where((before >= 0) & (after >= 0), scores, -np.inf)
    return scores.argmax(axis=0) == number


def _best(
    window: Window, passages: Sequence[Passage], number: int
) -> Candidate | None:
    own = passages[number]
    starts = window.start_columns - own.context_start
    ends = window.end_columns - own.context_start
    size = len(own.begins)
    start_counts = (starts >= 0) & (starts < size)
    start_counts &= has_most_context(starts + own.piece, passages, number)
    end_counts = (ends >= 0) & (ends < size)
    length = ends[None, :] - starts[:, None] + 1
    counts = start_counts[:, None] & end_counts[None, :]
    counts &= (length >= 1) & (length <= LONGEST)
    # Pieces that stand for nothing alone are no answer.
    inside = np.clip(starts, 0, size - 1), np.clip(ends, 0, size - 1)
    begins, finish = own.begins[inside[0]], own.ends[inside[1]]
    counts &= begins[:, None] < finish[None, :]
    if not counts.any():
        return None
    scores = window.start_logits.astype(np.float64)[:, None]
    scores = scores + window.end_logits.astype(np.float64)[None, :]
    scores = np.where(counts, scores, -np.inf)
    row, column = np.unravel_index(scores.argmax(), scores.shape)
    return Candidate(
        float(scores[row, column]), int(begins[row]), int(finish[column])
    )


def _questions(cache: Cache) -> Iterator[tuple[int, list[int]]]:
    """Yields each question's number and those of its windows."""
    examples = cache.scalars("example").tolist()
    pairs = itertools.groupby(enumerate(examples), key=lambda pair: pair[1])
    for number, members in pairs:
        yield number, [one for one, _ in members]


def _passage(cache: Cache, one: int) -> Passage:
    return Passage(
        int(cache.scalars("context_start")[one]),
        int(cache.scalars("piece")[one]),
        cache.tokens("begins", one),
        cache.tokens("ends", one),
    )
