"""Text of the miniature world, to pretrain on.

A fifth of it puts one scene in two languages on a line, the rest mixes
languages phrase by phrase: supervision much as in translation language
modelling (Lample and Conneau, 2019).
"""

from collections.abc import Iterator

import numpy as np

from tasks.miniature.lexicon import LANGUAGES, MEANINGS, SLOTS
from tasks.miniature.scenes import mixed_sentence, sentence
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
DATASETS = (TEXT,)
