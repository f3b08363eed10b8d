"""Which sentence tells the same scene? English ones against another language's.

A split's scenes all differ, and its order tells nothing: queries and candidates
are shuffled against each other, and the i-th example has the i-th of each, as
with Tatoeba. An encoder is evaluated as it is, so there is nothing to train on.
"""

from collections.abc import Iterator
from typing import Any

from tasks import templates
from tasks.miniature import scenes
from tasks.miniature.lexicon import LANGUAGES
from tasks.miniature.rows import DEV, TEST, family
from tasks.miniature.scenes import Scene, sentence


def told(seed: int, size: int, part: str) -> list[Scene]:
    """Returns different scenes of a part."""
    rng = scenes.random(part, seed)
    found: dict[frozenset, Scene] = {}
    while len(found) < size:
        scene = scenes.varied(part, rng)
        found.setdefault(frozenset(scene.items()), scene)
    return list(found.values())


def bitext(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, Any]]:
    """Yields English queries and candidates in a language."""
    queries = told(seed, size, part)
    order = scenes.random(f"{part} order", seed).permutation(size).tolist()
    gold = {scene: place for place, scene in enumerate(order)}
    for number, scene in enumerate(queries):
        yield {
            "query": sentence(scene, LANGUAGES["en"]),
            "query_id": str(number),
            "gold": (str(gold[number]),),
            "candidate": sentence(queries[order[number]], LANGUAGES[language]),
            "candidate_id": str(number),
        }


BITEXT = tuple(
    row
    for row in family(
        "miniature_bitext",
        bitext,
        (("dev", DEV), ("test", TEST)),
        problem="retrieval",
        metrics=("tatoeba",),
        template=templates.PARALLEL,
    )
    if row.language != "en"
)
DATASETS = BITEXT
