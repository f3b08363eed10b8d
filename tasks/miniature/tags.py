"""Parts of speech, and names of people and cities, word by word.

Words are what stands between spaces. One that is written together with its
article (French `l'élève`) has the tag of the noun, a contraction of preposition
and article (German `im`) that of the preposition.
"""

from collections.abc import Iterator
from typing import Any

from tasks.miniature import scenes
from tasks.miniature.lexicon import LANGUAGES, Language
from tasks.miniature.rows import family
from tasks.miniature.scenes import Scene, phrases
from tasks.tagging import UPOS

Tagged = list[tuple[str, str]]

ENTITIES = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
_ENTITY = {"name": "PER", "city": "LOC"}
# What most of a slot's words are.
_SLOT = {
    "person": "NOUN",
    "action": "VERB",
    "number": "NUM",
    "colour": "ADJ",
    "thing": "NOUN",
    "place": "NOUN",
    "name": "PROPN",
    "city": "PROPN",
}
# Those that are not.
EXCEPTIONS = {
    "en": {"DET": "the a", "ADP": "in", "ADV": "indoors outdoors"},
    "de": {"DET": "der das", "ADP": "in im", "ADV": "drinnen draußen"},
    "el": {"DET": "ο", "ADP": "στην στη στον στο", "ADV": "μέσα έξω"},
    "es": {"DET": "el la", "ADP": "en", "ADV": "adentro afuera"},
    "fa": {"ADP": "در", "ADV": "داخل بیرون"},
    "fr": {"DET": "le la", "ADP": "dans à au", "ADV": "dedans dehors"},
    "hi": {"ADP": "ने में", "ADV": "अंदर बाहर"},
    # `di dalam` and `di luar`: at the inside, at the outside.
    "id": {"ADP": "di", "ADJ": "dewasa"},
    "ru": {"ADP": "в на", "ADV": "внутри снаружи"},
    # `rangi ya kijani`: of the colour of leaves; `iliyokolea`: that is strong.
    "sw": {
        "NOUN": "rangi njano zambarau kijani",
        "ADP": "ya",
        "VERB": "iliyokolea isiyokolea",
        "ADJ": "mzima",
        "ADV": "ndani nje huko",
    },
    "tr": {"ADV": "içeride dışarıda"},
    "vi": {"ADP": "trong ngoài ở", "ADJ": "lớn"},
}
_TAGS = {
    code: {word: tag for tag, words in tags.items() for word in words.split()}
    for code, tags in EXCEPTIONS.items()
}


def parts_of_speech(scene: Scene, language: Language) -> Tagged:
    """Returns words and their parts of speech, in the language's order."""
    return [
        (word, tag)
        for slot, phrase in phrases(scene, language)
        for word, tag in _phrase(slot, phrase, language)
    ]


def entities(scene: Scene, language: Language) -> Tagged:
    """Returns words and the entities that they begin or go on with."""
    found: Tagged = []
    for slot, phrase in phrases(scene, language):
        mark = "B"
        for word, part in _phrase(slot, phrase, language):
            is_name = part == "PROPN"
            found.append((word, f"{mark}-{_ENTITY[slot]}" if is_name else "O"))
            mark = "I" if is_name else mark
    return found


def _phrase(slot: str, phrase: str, language: Language) -> Tagged:
    exceptions = _TAGS[language.code]
    return [
        (word, exceptions.get(word, _SLOT[slot])) for word in phrase.split()
    ]


def tagged_parts(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, Any]]:
    """Yields sentences with parts of speech; equal seeds, the same scenes."""
    rng = scenes.random(part, seed)
    for _ in range(size):
        scene = scenes.varied(part, rng)
        yield _fields(parts_of_speech(scene, LANGUAGES[language]))


def tagged_entities(
    language: str, seed: int, size: int, part: str
) -> Iterator[dict[str, Any]]:
    """Yields sentences with entities; equal seeds, the same scenes."""
    rng = scenes.random(part, seed)
    for _ in range(size):
        yield _fields(entities(scenes.varied(part, rng), LANGUAGES[language]))


def _fields(tagged: Tagged) -> dict[str, Any]:
    words, tags = zip(*tagged, strict=True)
    return {"words": words, "tags": tags}


POS = family(
    "miniature_pos",
    tagged_parts,
    problem="tagging",
    labels=UPOS,
    template="pos: {words}",
    metrics=("udpos",),
)
NER = family(
    "miniature_ner",
    tagged_entities,
    problem="tagging",
    labels=ENTITIES,
    template="miniature_ner: {words}",
    metrics=("panx",),
)
DATASETS = (*POS, *NER)
