"""Tagging: parts of speech, named entities, CCG's categories."""

from functools import partial

from tasks.row import Dataset, Split
from tasks.sources import Alternatives, Prepared, Tagged, Treebanks

# In alphabetical order, as XTREME numbers them.
UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
ENTITIES = ("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O")
PARTS = ("train", "dev", "test")

# Sentences of Universal Dependencies 2.5 after XTREME's preprocessing, train,
# dev and test; 0 where there is no such part (Hugging Face's dataset_infos of
# `xtreme`, and for dev and test of en, ar and hi XTREME's own files).
_UD_25 = {
    "af": (1315, 194, 425),
    "ar": (6075, 909, 1680),
    "bg": (8907, 1115, 1116),
    "de": (166849, 19233, 22458),
    "el": (28152, 2559, 2809),
    "en": (21253, 3974, 5440),
    "es": (28492, 3054, 3147),
    "et": (25749, 3125, 3760),
    "eu": (5396, 1798, 1799),
    "fa": (4798, 599, 600),
    "fi": (27198, 3239, 4422),
    "fr": (47308, 5979, 9465),
    "he": (5241, 484, 491),
    "hi": (13304, 1659, 2684),
    "hu": (910, 441, 449),
    "id": (4477, 559, 1557),
    "it": (29685, 2278, 3518),
    "ja": (7125, 511, 2372),
    "kk": (31, 0, 1047),
    "ko": (27410, 3016, 4276),
    "mr": (373, 46, 47),
    "nl": (18051, 1394, 1471),
    "pt": (17992, 1770, 2681),
    "ru": (67435, 9960, 11336),
    "ta": (400, 80, 120),
    "te": (1051, 131, 146),
    "th": (0, 0, 1000),
    "tl": (0, 0, 55),
    "tr": (3664, 988, 4785),
    "ur": (4043, 552, 535),
    "vi": (1400, 800, 800),
    "yo": (0, 0, 100),
    "zh": (18998, 3038, 5528),
}
# XTREME-R's further languages are of release 2.7; no count is published.
_UD_27 = ("lt", "pl", "uk", "wo", "ro")
UDPOS_LANGUAGES = (*_UD_25, *_UD_27)

_pos = partial(
    Dataset,
    problem="tagging",
    labels=UPOS,
    # The project's own: mT5 has no such task.
    template="pos: {words}",
    metrics=("udpos",),
    url="https://universaldependencies.org",
    licence="by treebank: CC BY-SA, CC BY-NC-SA, CC BY, GPL and others",
)


def _udpos(code: str) -> Dataset:
    release = "2.7" if code in _UD_27 else "2.5"
    sizes = _UD_25.get(code, (None, None, None))
    return _pos(
        name=f"udpos.{code}",
        language=code,
        splits=tuple(
            Split(
                part, _ud_source(f"ud-treebanks-v{release}", code, part), size
            )
            for part, size in zip(PARTS, sizes, strict=True)
            if size != 0
        ),
        citation=f"Universal Dependencies {release}; Hu et al. 2020, XTREME",
        access=(
            f"It is made from the treebanks of UD {release}, "
            f"ud-treebanks-v{release}.tgz of lindat.mff.cuni.cz."
        ),
    )


def _ud_source(folder: str, code: str, part: str) -> Alternatives:
    """The raw treebanks, or what XTREME's scripts make of them."""
    return Alternatives(
        (
            Treebanks(folder, code, part),
            Tagged(f"udpos/{part}-{code}.tsv"),
        )
    )


def _ud_present(code: str) -> Dataset:
    return _pos(
        name=f"ud_present.{code}",
        language=code,
        splits=tuple(
            Split(part, _ud_source("ud", code, part)) for part in PARTS
        ),
        citation="Universal Dependencies, whatever release is there",
        overlap=(f"udpos.{code}",),
    )


# What XTREME and XTREME-R evaluate on: the sizes tell another release.
UDPOS = tuple(_udpos(code) for code in UDPOS_LANGUAGES)
# Whatever treebanks lie in `ud/` (or prepared in `udpos/`), of any release and
# trimmed or not: good to train on; a number on them is no XTREME number.
UD_PRESENT = tuple(_ud_present(code) for code in UDPOS_LANGUAGES)

_WIKIANN_SMALL = ("jv", "my", "yo", "qu", "pa", "gu")
_WIKIANN_MEDIUM = (
    *("af", "az", "bn", "hi", "kk", "ml", "mr", "ms", "sw", "ta", "te"),
    *("tl", "ur"),
)
# Rahimi et al. 2019's training sizes, where they are not 20,000 (Hugging
# Face's dataset card of `wikiann`).
_WIKIANN_TRAIN = {
    **dict.fromkeys(_WIKIANN_SMALL, 100),
    **dict.fromkeys(("kk", "sw", "te"), 1000),
    **dict.fromkeys(("af", "hi", "mr"), 5000),
    **dict.fromkeys(("az", "bn", "eu", "ka", "lt", "ml", "tl"), 10000),
    **dict.fromkeys(("et", "ta"), 15000),
}
PANX_LANGUAGES = (
    *("ar", "he", "vi", "id", "jv", "ms", "tl", "eu", "ml", "ta", "te", "af"),
    *("nl", "en", "de", "el", "bn", "hi", "mr", "ur", "fa", "fr", "it", "pt"),
    *("es", "bg", "ru", "ja", "ka", "ko", "th", "sw", "yo", "my", "zh", "kk"),
    *("tr", "et", "fi", "hu"),
    # XTREME-R's.
    *("qu", "pl", "uk", "az", "lt", "pa", "gu", "ro"),
)

_entities = partial(
    Dataset,
    problem="tagging",
    labels=ENTITIES,
    # mT5's template for WikiANN.
    template="tag: {words}",
    metrics=("panx",),
)


def _panx(code: str) -> Dataset:
    held_out = 10000
    if code in _WIKIANN_SMALL:
        held_out = 100
    elif code in _WIKIANN_MEDIUM:
        held_out = 1000
    sizes = (_WIKIANN_TRAIN.get(code, 20000), held_out, held_out)
    return _entities(
        name=f"panx.{code}",
        language=code,
        splits=tuple(
            Split(part, _panx_source(code, part), size)
            for part, size in zip(PARTS, sizes, strict=True)
        ),
        citation="Pan et al. 2017 and Rahimi et al. 2019, WikiANN",
        url="https://github.com/afshinrahimi/mmner",
        licence="none stated",
    )


def _panx_source(code: str, part: str) -> Alternatives:
    """What XTREME's scripts make, the raw files, or TensorFlow Datasets'.

    The scripts take the tags out of the test part, so theirs come last there.
    """
    raw = Tagged(f"panx_dataset/{code}/{part}", is_prefixed=True)
    scripted = Tagged(f"panx/{part}-{code}.tsv")
    prepared = Prepared(
        f"wikiann/{code}",
        "1.0.0",
        {"dev": "validation"}.get(part, part),
        (("words", "tokens"), ("tags", "tags")),
    )
    if part == "test":
        return Alternatives((raw, prepared, scripted))
    return Alternatives((scripted, raw, prepared))


PANX = tuple(_panx(code) for code in PANX_LANGUAGES)

# The test sizes are those of the files. Dates, which WikiANN does not have,
# count as no entity, so that a model trained on PAN-X can be evaluated: F1 is
# not comparable to what is published for four types.
MASAKHANER = tuple(
    _entities(
        name=f"masakhaner.{code}",
        language=code,
        splits=tuple(
            Split(part, Tagged(f"masakhaner/data/{folder}/{part}.txt", " "), n)
            for part, n in zip(PARTS, (None, None, size), strict=True)
        ),
        label_map=(("B-DATE", "O"), ("I-DATE", "O")),
        citation="Adelani et al. 2021, MasakhaNER",
        url="https://github.com/masakhane-io/masakhane-ner",
        licence="CC BY-NC 4.0",
    )
    for code, folder, size in (
        ("sw", "swa", 604),
        ("wo", "wol", 539),
        ("yo", "yor", 645),
    )
)


# CCG supertagging, on files of one's own. Phang et al. (2020) take sections 02
# to 21 (38,015 sentences) and a dev part of 5,484. The categories are part of
# the licensed corpus: they are read from the files (see `inventory`).
CCG = Dataset(
    name="ccg.en",
    problem="tagging",
    language="en",
    splits=tuple(Split(part, Tagged(f"ccg/{part}.tsv")) for part in PARTS),
    template="ccg: {words}",
    metrics=("udpos",),
    citation="Hockenmaier and Steedman 2007, CCGbank",
    url="https://catalog.ldc.upenn.edu/LDC2005T13",
    licence="LDC2005T13, by agreement with the LDC",
    access=(
        "CCGbank (LDC2005T13) is licensed by the LDC and cannot be fetched: "
        "write it there, a word, a tab and its category a line, a blank line "
        "after each sentence."
    ),
)

DATASETS = (*UDPOS, *UD_PRESENT, *PANX, *MASAKHANER, CCG)
