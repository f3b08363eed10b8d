"""Scenes of the miniature world, how they are drawn and told.

A scene gives some slots a meaning. Its six fillers come in pairs of one class.
Which ones of their pairs a scene has, a bit a slot, decides its part, 'train',
'dev' or 'test': parts have no scene in common, and whatever chooses classes
alone leaves the part as it is.
"""

from itertools import product

import numpy as np

from tasks.miniature.lexicon import MEANINGS, SLOTS, Language

PARTS = ("train", "dev", "test")
FILLERS = 6  # meanings that are no general word
CLASSES = 3  # classes 0 and 1 have a general word, 2 is neither for certain
NEITHER = 2
# What a slot cannot be told without: colours describe things, things are
# counted.
_NEEDS = {"colour": ("thing", "number"), "thing": ("number",)}
NAMES = {"person": "name", "place": "city"}

Scene = dict[str, int]  # slot -> meaning, counted as in MEANINGS


def sentence(scene: Scene, language: Language) -> str:
    """The slots of a scene in one language, in its word order."""
    return " ".join(phrase for _, phrase in phrases(scene, language))


def phrases(scene: Scene, language: Language) -> list[tuple[str, str]]:
    """The same as pairs of slot and phrase."""
    return [
        (slot, language.phrase(slot, scene[slot]))
        for slot in language.arrange(scene)
        if slot
    ]


def mixed_sentence(
    scene: Scene, languages: tuple[Language, ...], rng: np.random.Generator
) -> str:
    """The same in a random language's order, each phrase in a random one."""
    places = languages[rng.integers(len(languages))].arrange(scene)
    words = rng.integers(len(languages), size=len(places))
    return " ".join(
        languages[word].phrase(slot, scene[slot])
        for slot, word in zip(places, words, strict=True)
        if slot
    )


def with_needs(slots: list[str]) -> tuple[str, ...]:
    """Returns the slots and what they cannot be told without, in order."""
    told = {*slots, *(need for slot in slots for need in _NEEDS.get(slot, ()))}
    return tuple(slot for slot in SLOTS if slot in told)


def draw(
    told: tuple[str, ...],
    part: str,
    rng: np.random.Generator,
    general: bool = False,
) -> Scene:
    """Draws a scene of a part that tells three slots or more.

    With `general`, general words stand among the fillers: a further class.
    """
    scenes = _SCENES[len(told), part]
    bits = scenes[rng.integers(len(scenes))]
    most = [len(MEANINGS[slot]) // 2 for slot in told]
    classes = rng.integers(most if general else CLASSES, size=len(bits))
    return {
        slot: int(2 * pair + bit)
        for slot, pair, bit in zip(told, classes, bits, strict=True)
    }


def varied(part: str, rng: np.random.Generator) -> Scene:
    """Draws a scene of some slots, people and places by word or by name."""
    slots = rng.permutation(SLOTS)[: rng.integers(3, len(SLOTS) + 1)]
    told = tuple(
        NAMES.get(slot, slot) if rng.random() < 0.5 else slot
        for slot in with_needs(slots.tolist())
    )
    return draw(told, part, rng, general=True)


def _part(bits: tuple[int, ...]) -> str:
    """Half of all bits for training; any two slots meet in all their ways."""
    if sum(bits) % 2 == 0:
        return "train"
    return "dev" if bits[0] == bits[1] else "test"


_SCENES = {
    (slots, part): [
        bits for bits in product((0, 1), repeat=slots) if _part(bits) == part
    ]
    for slots in range(3, len(SLOTS) + 1)
    for part in PARTS
}


def random(part: str, seed: int) -> np.random.Generator:
    """Returns the source of chance of a part, the same in all languages."""
    return np.random.default_rng((seed, *part.encode()))
