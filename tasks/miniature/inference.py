"""Three-way inference in the miniature world, without shortcuts.

In a pair, the hypothesis names something in the scene by a general word
(`animals`, `indoors`). It is drawn before the label and without regard to it;
the premise's own word is then chosen by the label: of the class that the
general word covers (entailment), of the other one (contradiction), or neither
for certain (neutral). So the hypothesis alone says nothing, and the label has
no bearing on the words that premise and hypothesis share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.miniature import scenes
from tasks.miniature.lexicon import LANGUAGES, SLOTS
from tasks.miniature.rows import DEV, TRAIN, family
from tasks.miniature.scenes import FILLERS, NEITHER, Scene, sentence, with_needs
from tasks.templates import entailment

LABELS = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True)
class Telling:
    """The slots that a kind of premise draws from, and may be asked about.

    Which of them a premise tells, and which the hypothesis repeats, differs
    from pair to pair: otherwise a slot's position would say which it is, and
    what is learnt in one word order would not carry over to another.
    """

    slots: tuple[str, ...]
    asked: tuple[str, ...]


SENTENCE = Telling(slots=SLOTS, asked=("person", "colour", "thing", "place"))
CAPTION = Telling(
    slots=("number", "colour", "thing", "place"),
    asked=("colour", "thing", "place"),
)


@dataclass(frozen=True)
class Pair:
    """Two scenes; in the slot `asked` the hypothesis has a general word."""

    premise: Scene
    hypothesis: Scene
    asked: str
    label: str


def pairs(telling: Telling, seed: int, size: int, part: str) -> Iterator[Pair]:
    """Yields `size` pairs, classes as even as can be.

    The premises of two parts ('train', 'dev', 'test') have no scene in common.
    """
    rng = scenes.random(part, seed)
    for label in rng.permutation(np.arange(size) % len(LABELS)):
        asked = telling.asked[rng.integers(len(telling.asked))]
        others = [slot for slot in telling.slots if slot != asked]
        others = rng.permutation(others)[: rng.integers(2, 4)].tolist()
        scene = scenes.draw(with_needs([asked, *others]), part, rng)
        repeated = others[: rng.integers(len(others) + 1)]
        covered = int(rng.integers(NEITHER))
        meant = (covered, NEITHER, 1 - covered)[label]
        yield Pair(
            premise=scene | {asked: 2 * meant + scene[asked] % 2},
            hypothesis={
                slot: scene[slot] for slot in with_needs([asked, *repeated])
            }
            | {asked: FILLERS + covered},
            asked=asked,
            label=LABELS[label],
        )


def nli(
    language: str, seed: int, size: int, part: str, telling: Telling = SENTENCE
) -> Iterator[dict[str, str]]:
    """Yields pairs in one language; equal seeds give parallel pairs."""
    words = LANGUAGES[language]
    for pair in pairs(telling, seed, size, part):
        yield {
            "premise": sentence(pair.premise, words),
            "hypothesis": sentence(pair.hypothesis, words),
            "label": pair.label,
        }


def captions(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, str]]:
    """Yields pairs of captions: numbers and colours, nobody and no action."""
    return nli(language, seed, size, part, CAPTION)


def hypothesis_only(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, str]]:
    """Yields the pairs of `nli` without their premises."""
    for example in nli(language, seed, size, part):
        yield example | {"premise": ""}


_FACTS: dict[str, Any] = {
    "problem": "classification",
    "labels": LABELS,
    "text_labels": ("0", "1", "2"),
}
NLI = family(
    "miniature_nli", nli, template=entailment("miniature_nli"), **_FACTS
)
HYPOTHESIS_ONLY = family(
    "miniature_nli_hypothesis_only",
    hypothesis_only,
    template=entailment("miniature_nli"),
    **_FACTS,
)
CAPTIONS = family(
    "miniature_inference",
    captions,
    (("train", TRAIN), ("dev", DEV)),
    template=entailment("miniature_inference"),
    **_FACTS,
)
DATASETS = (*NLI, *HYPOTHESIS_ONLY, *CAPTIONS)
