"""Inputs and targets under T5X's names, and what is asked of the model."""

import dataclasses

import numpy as np

from xltransfer.data.cache import Cache
from xltransfer.data.features.batch import (
    Batch,
    Drawn,
    OneSlot,
    columns_of,
    filled,
    joined,
    text_rows,
)
from xltransfer.data.packing import Capacity


@dataclasses.dataclass(frozen=True)
class TextToText(OneSlot):
    """Inputs and targets under T5X's names."""

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs and of targets."""
        return cache.lengths("inputs", "targets")

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns encoder and decoder arrays, packed by the same segments."""
        inputs, targets = drawn.sequences("inputs"), drawn.sequences("targets")
        return text_rows(inputs, targets, drawn, capacity)


@dataclasses.dataclass(frozen=True)
class RankedAnswers(OneSlot):
    """Inputs, and every answer in the place of the target: [B, C, T].

    Answers are filled up to one length with the padding id 0, so that all of
    them share one layout.
    """

    answers: tuple[tuple[int, ...], ...]

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs and of the longest answer."""
        inputs = cache.lengths("inputs")[:, 0]
        return np.stack([inputs, np.full_like(inputs, self._longest)], axis=1)

    @property
    def _longest(self) -> int:
        return max(len(answer) for answer in self.answers)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns encoder arrays, answer_tokens and the decoder's segments."""
        inputs = drawn.sequences("inputs")
        blank = [np.zeros(self._longest, np.int32)] * len(inputs)
        batch = text_rows(inputs, blank, drawn, capacity)
        shape = (drawn.rows, len(self.answers), capacity.lengths[1])
        answers = np.zeros(shape, np.int32)
        (row, column), _, position = columns_of(blank, drawn.layout, 1)
        for one, answer in enumerate(self.answers):
            filled = np.zeros(self._longest, np.int32)
            filled[: len(answer)] = answer
            answers[row, one, column] = filled[position]
        batch["answer_tokens"] = answers
        # Only its shape is read: S, which the program needs to know.
        batch["slots"] = np.zeros((drawn.rows, capacity.slots), np.int32)
        return batch


@dataclasses.dataclass(frozen=True)
class TextInputs(OneSlot):
    """Inputs alone, of which outputs are generated."""

    def lengths(self, cache: Cache) -> np.ndarray:
        """Int[size 2]: tokens of inputs; none of targets."""
        inputs = cache.lengths("inputs")[:, 0]
        return np.stack([inputs, np.zeros_like(inputs)], axis=1)

    def arrange(self, drawn: Drawn, capacity: Capacity) -> Batch:
        """Returns encoder arrays, and `slots`, of which the shape is read."""
        inputs = drawn.sequences("inputs")
        shape = (drawn.rows, capacity.lengths[0])
        place, segment, _ = columns_of(inputs, drawn.layout, 0)
        return {
            "encoder_input_tokens": filled(shape, place, joined(inputs)),
            "encoder_segment_ids": filled(shape, place, segment),
            "slots": np.zeros((drawn.rows, capacity.slots), np.int32),
        }
