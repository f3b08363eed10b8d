"""Which of two to four continuations fits a scene, without shortcuts.

A continuation tells what the same people do next, in general words for one or
two slots of the scene (`the child`, `animals`, `indoors`). Choices differ in
these words alone, and none of them is in the prompt. Which words are right is
drawn evenly: one choice has the covering words in all its slots. Of two and of
four choices every word is in as many; of three, any may be the right one. So
neither the choices alone nor the words that they share with the prompt tell
anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from tasks.miniature import scenes
from tasks.miniature.lexicon import LANGUAGES, MEANINGS
from tasks.miniature.rows import family
from tasks.miniature.scenes import FILLERS, NEITHER, Scene, sentence, with_needs

COUNTS = (2, 3, 4)
ASKED = ("person", "colour", "thing", "place")
_ALWAYS = ("person", "action", "thing")
_AT_WILL = ("colour", "place")


@dataclass(frozen=True)
class Question:
    """A scene and what may follow; `choices[label]` does.

    In the slots `asked` choices have general words.
    """

    prompt: Scene
    choices: tuple[Scene, ...]
    label: int
    asked: tuple[str, ...]


def questions(seed: int, size: int, part: str) -> Iterator[Question]:
    """Yields questions, numbers of choices and labels as even as can be.

    The prompts of two parts have no scene in common.
    """
    rng = scenes.random(part, seed)
    for number in rng.permutation(size):
        count = COUNTS[number % len(COUNTS)]
        label = int(number // len(COUNTS) % count)
        asked = rng.permutation(ASKED)[: 1 if count == 2 else 2].tolist()
        further = _some([one for one in _AT_WILL if one not in asked], rng)
        scene = scenes.draw(with_needs([*_ALWAYS, *asked, *further]), part, rng)
        covered = rng.integers(NEITHER, size=len(asked)).tolist()
        meant = {
            slot: 2 * one + scene[slot] % 2
            for slot, one in zip(asked, covered, strict=True)
        }
        repeated = with_needs([*_ALWAYS, *asked, *_some(further, rng)])
        same = {slot: scene[slot] for slot in repeated}
        same["action"] = _another(scene["action"], rng)
        yield Question(
            prompt=scene | meant,
            choices=tuple(
                same
                | {
                    slot: FILLERS + one
                    for slot, one in zip(asked, words, strict=True)
                }
                for words in _alternatives(covered, count, label, rng)
            ),
            label=label,
            asked=tuple(asked),
        )


def _some(slots: list[str], rng: np.random.Generator) -> list[str]:
    return [slot for slot in slots if rng.random() < 0.5]


def _another(action: int, rng: np.random.Generator) -> int:
    actions = len(MEANINGS["action"])
    return int(action + rng.integers(1, actions)) % actions


def _alternatives(
    covered: list[int], count: int, label: int, rng: np.random.Generator
) -> list[list[int]]:
    """Returns which general words each choice has; those of `label` cover."""
    every = map(list, product(range(NEITHER), repeat=len(covered)))
    wrong = [words for words in every if words != covered]
    found = [wrong[one] for one in rng.permutation(len(wrong))[: count - 1]]
    found.insert(label, covered)
    return found


def continuations(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, Any]]:
    """Yields questions in one language; equal seeds give parallel ones."""
    words = LANGUAGES[language]
    for question in questions(seed, size, part):
        yield {
            "prompt": sentence(question.prompt, words),
            "choices": tuple(sentence(one, words) for one in question.choices),
            "label": str(question.label),
        }


def choices_only(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, Any]]:
    """Yields the questions of `continuations` without their prompts."""
    for example in continuations(language, seed, size, part):
        yield example | {"prompt": ""}


CHOICE = family("miniature_choice", continuations, problem="multiple_choice")
CHOICES_ONLY = family(
    "miniature_choice_choices_only", choices_only, problem="multiple_choice"
)
DATASETS = (*CHOICE, *CHOICES_ONLY)
