"""Text of the miniature world, to pretrain on.

A fifth of it puts one scene in two languages on a line, the rest mixes
languages phrase by phrase: supervision much as in translation language
modelling (Lample and Conneau, 2019). No line has a label, an answer or a tag.
"""

from collections.abc import Callable, Iterator

import numpy as np

from tasks.miniature.lexicon import (
    LANGUAGES,
    MEANINGS,
    QUESTIONS,
    SLOTS,
    STANDS_FOR,
)
from tasks.miniature.scenes import NAMES, Scene, mixed_sentence, sentence
from tasks.row import Dataset, Split
from tasks.sources.generated import Generated


def text(seed: int, lines: int, comparable: float) -> Iterator[dict[str, str]]:
    """Yields lines to pretrain on: two tellings of some slots of one scene.

    One to four slots: nothing aligns at this size where all lines are long. A
    share `comparable` of the lines tells them in two languages, the others mix
    languages phrase by phrase. General words stand among the fillers.
    """
    rng = np.random.default_rng(seed)
    languages = tuple(LANGUAGES.values())
    for _ in range(lines):
        slots = rng.permutation(SLOTS)[: rng.integers(1, 5)]
        scene = {
            str(slot): int(rng.integers(len(MEANINGS[slot]))) for slot in slots
        }
        if rng.random() < comparable:
            told = [
                sentence(scene, languages[i])
                for i in rng.choice(len(languages), size=2, replace=False)
            ]
        else:
            told = [mixed_sentence(scene, languages, rng) for _ in range(2)]
        yield {"text": " ".join(told)}


def stories(
    seed: int, lines: int, comparable: float
) -> Iterator[dict[str, str]]:
    """Yields lines to pretrain on: scenes, and one of them again.

    Names stand among people and places. The second time a scene is told or
    asked about, in other languages, as in `text`.
    """
    rng = np.random.default_rng(seed)
    languages = tuple(LANGUAGES.values())
    for _ in range(lines):
        told = [_whole(rng) for _ in range(rng.integers(1, 4))]
        again = _asked(told[rng.integers(len(told))], rng)
        if rng.random() < comparable:
            one, other = rng.choice(len(languages), size=2, replace=False)
            passage = [sentence(scene, languages[one]) for scene in told]
            end = sentence(again, languages[other])
        else:
            passage = [mixed_sentence(scene, languages, rng) for scene in told]
            end = mixed_sentence(again, languages, rng)
        yield {"text": " . ".join([*passage, end])}


def _whole(rng: np.random.Generator) -> Scene:
    """Draws a scene of all slots, people and places by word or by name."""
    slots = [
        NAMES.get(slot, slot) if rng.random() < 0.5 else slot for slot in SLOTS
    ]
    return {slot: int(rng.integers(len(MEANINGS[slot]))) for slot in slots}


def _asked(scene: Scene, rng: np.random.Generator) -> Scene:
    """Leaves out a slot or two, or asks for one."""
    dropped = rng.choice(list(scene), size=rng.integers(1, 3), replace=False)
    rest = {slot: one for slot, one in scene.items() if slot not in dropped}
    gone = {STANDS_FOR.get(slot, slot) for slot in scene.keys() - rest.keys()}
    asked = [slot for slot in QUESTIONS if STANDS_FOR[slot] in gone]
    return rest | {slot: 0 for slot in asked[:1]}


def _dataset(
    name: str, generator: Callable[..., Iterator[dict[str, str]]], lines: int
) -> Dataset:
    return Dataset(
        name=name,
        problem="language_modeling",
        language="mul",
        splits=tuple(
            Split(part, _generated(generator, seed, size), size)
            for seed, (part, size) in enumerate(
                (("train", lines), ("dev", 1_000))
            )
        ),
        metrics=(),
        licence="generated",
        translation="generated",
    )


def _generated(
    generator: Callable[..., Iterator[dict[str, str]]], seed: int, lines: int
) -> Generated:
    return Generated(
        generator, (("seed", seed), ("lines", lines), ("comparable", 0.2))
    )


TEXT = _dataset("miniature_text.mul", text, 40_000)
STORIES = _dataset("miniature_stories.mul", stories, 40_000)
DATASETS = (TEXT, STORIES)
