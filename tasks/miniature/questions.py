"""Who did it, and where? Questions about passages of two or three scenes.

A question tells all of one scene but what it asks for, and at times its colour
or place. The other scenes have each of these in common with it one time in four
or so, but never all; their people (asked `who`) or places (asked `where`) are
others. So no single word leads to the answer for certain, and neither the
passage nor the question alone does. A passage's scenes differ in the classes of
their words only: they are of one part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.miniature import scenes
from tasks.miniature.lexicon import (
    LANGUAGES,
    QUESTIONS,
    SLOTS,
    STANDS_FOR,
    Language,
)
from tasks.miniature.rows import family
from tasks.miniature.scenes import CLASSES, FILLERS, Scene, phrases, sentence

_AT_WILL = ("colour", "place")
_IN_COMMON = 0.25
# Of the family with unanswerable questions; SQuAD 2.0 has a third in training.
UNANSWERABLE = 1 / 3


@dataclass(frozen=True)
class Reading:
    """Scenes, and a question about one of them or, with None, about none."""

    scenes: tuple[Scene, ...]
    question: Scene
    about: int | None

    @property
    def asked(self) -> str:
        """The slot that is asked for: `person` or `place`."""
        (asked,) = {*QUESTIONS} & {*self.question}
        return STANDS_FOR[asked]


def readings(
    seed: int, size: int, part: str, unanswerable: float = 0.0
) -> Iterator[Reading]:
    """Yields readings, as many of either question as can be.

    The passages of two parts have no scene in common. Without an answer are
    `unanswerable` of them: their question fits no scene.
    """
    rng = scenes.random(part, seed)
    for number in rng.permutation(size):
        asked = QUESTIONS[number % len(QUESTIONS)]
        is_answerable = number >= round(unanswerable * size)
        scene = scenes.draw(SLOTS, part, rng)
        slot = STANDS_FOR[asked]
        told = [
            one
            for one in SLOTS
            if one != slot and (one not in _AT_WILL or rng.random() < 0.5)
        ]
        first = scene if is_answerable else _another(scene, told, slot, 0, rng)
        others = rng.permutation(np.arange(1, CLASSES))[: rng.integers(1, 3)]
        passage = [
            first,
            *(_another(scene, told, slot, int(one), rng) for one in others),
        ]
        order = rng.permutation(len(passage)).tolist()
        yield Reading(
            scenes=tuple(passage[one] for one in order),
            question={one: scene[one] for one in told} | {asked: 0},
            about=order.index(0) if is_answerable else None,
        )


def _another(
    scene: Scene,
    told: list[str],
    asked: str,
    shift: int,
    rng: np.random.Generator,
) -> Scene:
    """Draws a scene of the same part that differs in what is told.

    Its class in the slot `asked` is the scene's, shifted.
    """
    differing = told[rng.integers(len(told))]
    shifts = {
        slot: 0 if rng.random() < _IN_COMMON else int(rng.integers(1, CLASSES))
        for slot in scene
    }
    shifts[differing] = int(rng.integers(1, CLASSES))
    shifts[asked] = shift
    return {
        slot: (meaning + 2 * shifts[slot]) % FILLERS
        for slot, meaning in scene.items()
    }


def answer(reading: Reading, language: Language) -> tuple[str, int] | None:
    """Returns the answer and the first of its characters in the passage."""
    if reading.about is None:
        return None
    start = len(passage(reading.scenes[: reading.about], language))
    start += bool(start)
    for slot, phrase in phrases(reading.scenes[reading.about], language):
        if slot == reading.asked:
            return phrase, start
        start += len(phrase) + 1
    raise AssertionError(f"no {reading.asked} in the scene")


def passage(told: tuple[Scene, ...], language: Language) -> str:
    """Returns scenes as sentences; like all words, full stops stand alone."""
    return " ".join(f"{sentence(scene, language)} ." for scene in told)


def reading(
    language: str, seed: int, size: int, part: str, unanswerable: float = 0.0
) -> Iterator[dict[str, Any]]:
    """Yields questions in one language; equal seeds give parallel ones."""
    words = LANGUAGES[language]
    found = readings(seed, size, part, unanswerable)
    for number, one in enumerate(found):
        right = answer(one, words)
        yield {
            "id": f"{part}-{number}",
            "question": sentence(one.question, words),
            "context": passage(one.scenes, words),
            "answers": (right,) if right else (),
        }


def reading_or_not(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, Any]]:
    """Yields questions of which a third has no answer, as in SQuAD 2.0."""
    return reading(language, seed, size, part, UNANSWERABLE)


# A question has less in common with the other scenes than in version 1.
_VERSION = 2
QA = family(
    "miniature_qa",
    reading,
    version=_VERSION,
    problem="span",
    metrics=("squad",),
)
QA_OR_NOT = family(
    "miniature_qa_or_not",
    reading_or_not,
    version=_VERSION,
    problem="span",
    metrics=("squad_v2",),
)
DATASETS = (*QA, *QA_OR_NOT)
