"""A multi-parallel miniature world, generated from a seed.

Its scenes are written in twelve languages (`tasks.miniature_lexicon`), as text
to pretrain on and as three-way NLI pairs. A fifth of the text puts one scene in
two languages on a line, the rest mixes languages phrase by phrase: supervision
much as in translation language modelling (Lample and Conneau, 2019). What
transfers here shows that the machinery works, not what XLM-R does.

In a pair, the hypothesis names something in the scene by a general word
(`animals`, `indoors`). It is drawn before the label and without regard to it;
the premise's own word is then chosen by the label: of the class that the
general word covers (entailment), of the other one (contradiction), or neither
for certain (neutral). So the hypothesis alone says nothing, and the label has
no bearing on the words that premise and hypothesis share.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from tasks.miniature_lexicon import LANGUAGES, MEANINGS, SLOTS, Language
from tasks.row import Dataset, Split
from tasks.sources.generated import Generated
from tasks.templates import entailment

LABELS = ("entailment", "neutral", "contradiction")
_FILLERS = 6  # meanings that are no general word
_CLASSES = 3  # classes 0 and 1 have a general word, 2 is neither for certain
_NEITHER = 2


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
# What a slot cannot be told without: colours describe things, things are
# counted.
_NEEDS = {"colour": ("thing", "number"), "thing": ("number",)}

Scene = dict[str, int]  # slot -> meaning, counted as in MEANINGS


@dataclass(frozen=True)
class Pair:
    """Two scenes; in the slot `asked` the hypothesis has a general word."""

    premise: Scene
    hypothesis: Scene
    asked: str
    label: str


def sentence(scene: Scene, language: Language) -> str:
    """The slots of a scene in one language, in its word order."""
    return " ".join(
        language.phrase(slot, scene[slot])
        for slot in language.order
        if slot in scene
    )


def mixed_sentence(
    scene: Scene, languages: tuple[Language, ...], rng: np.random.Generator
) -> str:
    """The same in a random language's order, each phrase in a random one."""
    order = languages[rng.integers(len(languages))].order
    words = rng.integers(len(languages), size=len(order))
    return " ".join(
        languages[word].phrase(slot, scene[slot])
        for slot, word in zip(order, words, strict=True)
        if slot in scene
    )


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


def pairs(telling: Telling, seed: int, size: int, part: str) -> Iterator[Pair]:
    """Yields `size` pairs, classes as even as can be.

    The premises of two parts ('train', 'dev', 'test') have no scene in common.
    """
    rng = np.random.default_rng((seed, *part.encode()))
    for label in rng.permutation(np.arange(size) % len(LABELS)):
        asked = telling.asked[rng.integers(len(telling.asked))]
        others = [slot for slot in telling.slots if slot != asked]
        others = rng.permutation(others)[: rng.integers(2, 4)].tolist()
        scene = _scene(_with_needs([asked, *others]), part, rng)
        repeated = others[: rng.integers(len(others) + 1)]
        covered = int(rng.integers(_NEITHER))
        meant = (covered, _NEITHER, 1 - covered)[label]
        yield Pair(
            premise=scene | {asked: 2 * meant + scene[asked] % 2},
            hypothesis={
                slot: scene[slot] for slot in _with_needs([asked, *repeated])
            }
            | {asked: _FILLERS + covered},
            asked=asked,
            label=LABELS[label],
        )


def _with_needs(slots: list[str]) -> tuple[str, ...]:
    """Returns the slots and what they cannot be told without, in order."""
    told = {*slots, *(need for slot in slots for need in _NEEDS.get(slot, ()))}
    return tuple(slot for slot in SLOTS if slot in told)


def _scene(told: tuple[str, ...], part: str, rng: np.random.Generator) -> Scene:
    """Draws a scene of a part.

    Fillers come in pairs of one class. Which ones of their pairs a scene has,
    a bit a slot, decides its part. The label chooses the class and leaves the
    bits alone, so it is independent of the part.
    """
    scenes = _SCENES[len(told), part]
    bits = scenes[rng.integers(len(scenes))]
    classes = rng.integers(_CLASSES, size=len(bits))
    return {
        slot: int(2 * pair + bit)
        for slot, pair, bit in zip(told, classes, bits, strict=True)
    }


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
    for part in ("train", "dev", "test")
}


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


def inference(
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


# Rows. Equal seeds in all languages make their splits parallel.

_PROBLEM = {
    "problem": "classification",
    "labels": LABELS,
    "text_labels": ("0", "1", "2"),
    "licence": "generated",
    "translation": "generated",
}


def _splits(
    generator: Callable[..., Iterator[dict[str, str]]],
    language: str,
    sizes: dict[str, int],
) -> tuple[Split, ...]:
    return tuple(
        Split(
            part,
            Generated(
                generator,
                (
                    ("language", language),
                    ("seed", seed),
                    ("size", size),
                    ("part", part),
                ),
            ),
            size,
        )
        for seed, (part, size) in enumerate(sizes.items())
    )


def _text(seed: int, lines: int) -> Generated:
    return Generated(
        text, (("seed", seed), ("lines", lines), ("comparable", 0.2))
    )


TEXT = Dataset(
    name="miniature_text.mul",
    problem="language_modeling",
    language="mul",
    splits=(
        Split("train", _text(0, 40_000), 40_000),
        Split("dev", _text(1, 1_000), 1_000),
    ),
    metrics=(),
    licence="generated",
    translation="generated",
)
NLI = tuple(
    Dataset(
        name=f"miniature_nli.{language}",
        language=language,
        splits=_splits(
            nli, language, {"train": 2_000, "dev": 300, "test": 300}
        ),
        template=entailment("miniature_nli"),
        **_PROBLEM,
    )
    for language in LANGUAGES
)
HYPOTHESIS_ONLY = tuple(
    Dataset(
        name=f"miniature_nli_hypothesis_only.{language}",
        language=language,
        splits=_splits(
            hypothesis_only, language, {"train": 2_000, "dev": 300, "test": 300}
        ),
        template=entailment("miniature_nli"),
        **_PROBLEM,
    )
    for language in LANGUAGES
)
INFERENCE = tuple(
    Dataset(
        name=f"miniature_inference.{language}",
        language=language,
        splits=_splits(inference, language, {"train": 2_000, "dev": 300}),
        template=entailment("miniature_inference"),
        **_PROBLEM,
    )
    for language in LANGUAGES
)
DATASETS: tuple[Dataset, ...] = (TEXT, *NLI, *HYPOTHESIS_ONLY, *INFERENCE)
