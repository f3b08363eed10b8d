"""Extractive question answering: which part of a passage answers a question?

A split's `size` is that of the official file, where it is known.
"""

from functools import partial

from tasks import qa_native
from tasks.row import Dataset, Split
from tasks.sources import Alternatives, Concatenated, Prepared, Qamr, SquadJson

# Its rows hold passages of SQuAD's dev set, which XQuAD and LAReQA translate.
_SQUAD_DEV = ("xquad", "lareqa")

_span = partial(Dataset, problem="span", metrics=("squad",))


# What TensorFlow Datasets has in SQuAD's form.
_PREPARED = (
    *((name, name) for name in ("id", "question", "context")),
    ("answers", ("answers/text", "answers/answer_start")),
)


def _squad_split(
    split: str, file: str, config: str, version: str, size: int
) -> Split:
    """SQuAD's file, or what TensorFlow Datasets has prepared of it."""
    part = "validation" if split == "dev" else split
    prepared = Prepared(f"squad/{config}", version, part, _PREPARED)
    official = SquadJson(f"squad/{file}")
    return Split(split, Alternatives((official, prepared)), size)


def _parts(path: str, **sizes: tuple[str, int | None]) -> tuple[Split, ...]:
    """Makes splits of files in one folder: their name and size by split."""
    return tuple(
        Split(split, SquadJson(f"{path}/{name}"), size)
        for split, (name, size) in sizes.items()
    )


_squad = partial(
    _span,
    language="en",
    citation="Rajpurkar et al. 2016, SQuAD",
    url="https://rajpurkar.github.io/SQuAD-explorer/",
    licence="CC BY-SA 4.0",
)

# Train and dev share no passage, so that training on the one tells nothing of
# XQuAD, which is made of the other.
SQUAD = _squad(
    name="squad.en",
    splits=(
        _squad_split("train", "train-v1.1.json", "v1.1", "3.0.0", 87599),
        _squad_split("dev", "dev-v1.1.json", "v1.1", "3.0.0", 10570),
    ),
)

# 17 articles of SQuAD's train set and 3 of its dev set, under the same names.
SQUAD_EXCERPT = _squad(
    name="squad_excerpt.en",
    splits=_parts(
        "squad",
        train=("train-v1.1.json", 3939),
        dev=("dev-v1.1.json", 700),
    ),
)

SQUAD2 = _squad(
    name="squad2.en",
    splits=(
        _squad_split("train", "train-v2.0.json", "v2.0", "3.0.0", 130319),
        _squad_split("dev", "dev-v2.0.json", "v2.0", "3.0.0", 11873),
    ),
    citation="Rajpurkar et al. 2018, SQuAD 2.0",
    metrics=("squad_v2",),
)

# One article of SQuAD's dev set. Not to be trained on.
SQUAD2_NORMANS = _squad(
    name="squad2_normans.en",
    splits=_parts("squad", dev=("v2.0-fixture.json", 56)),
    citation="Rajpurkar et al. 2018, SQuAD 2.0",
    metrics=("squad_v2",),
    overlap=_SQUAD_DEV,
)

XQUAD_LANGUAGES = (
    *("ar", "de", "el", "en", "es", "hi"),
    *("ro", "ru", "th", "tr", "vi", "zh"),
)

XQUAD = tuple(
    _span(
        name=f"xquad.{code}",
        language=code,
        splits=_parts("xquad", test=(f"xquad.{code}.json", 1190)),
        citation="Artetxe et al. 2020, XQuAD",
        url="https://github.com/google-deepmind/xquad",
        licence="CC BY-SA 4.0",
        translation="native" if code == "en" else "human",
    )
    for code in XQUAD_LANGUAGES
)

# Dev and test.
_MLQA_SIZES = {
    "ar": (517, 5335),
    "de": (512, 4517),
    "en": (1148, 11590),
    "es": (500, 5253),
    "hi": (507, 4918),
    "vi": (511, 5495),
    "zh": (504, 5137),
}


def _mlqa_split(split: str, code: str, size: int) -> Split:
    name = f"{split}/{split}-context-{code}-question-{code}.json"
    return Split(split, SquadJson(f"mlqa/MLQA_V1/{name}"), size)


# Passages are native; the questions are translated from English.
MLQA = tuple(
    _span(
        name=f"mlqa.{code}",
        language=code,
        splits=(
            _mlqa_split("dev", code, dev),
            _mlqa_split("test", code, test),
        ),
        metrics=(f"mlqa_{code}",),
        citation="Lewis et al. 2020, MLQA",
        url="https://github.com/facebookresearch/MLQA",
        licence="CC BY-SA 3.0",
        translation="native" if code == "en" else "human",
    )
    for code, (dev, test) in _MLQA_SIZES.items()
)

# Name in the ids, train and dev.
_TYDIQA = {
    "ar": ("arabic", 14805, 921),
    "bn": ("bengali", 2390, 113),
    "en": ("english", 3696, 440),
    "fi": ("finnish", 6855, 782),
    "id": ("indonesian", 5702, 565),
    "ko": ("korean", 1625, 276),
    "ru": ("russian", 6490, 812),
    "sw": ("swahili", 2755, 499),
    "te": ("telugu", 5563, 669),
}


def _tydiqa_train(code: str, name: str) -> Alternatives:
    """Takes XTREME's file of a language, or that language from Google's.

    XTREME cuts the ids of its training files down to their last number.
    """
    folder = "tydiqa/tydiqa-goldp-v1.1-train"
    return Alternatives(
        (
            SquadJson(f"{folder}/tydiqa.goldp.{code}.train.json", unique=False),
            SquadJson(f"{folder}.json", id_prefix=f"{name}-"),
            SquadJson(
                f"{folder}/tydiqa-goldp-v1.1-train.json",
                id_prefix=f"{name}-",
            ),
            Prepared(
                "tydi_qa/goldp",
                "3.0.0",
                "train",
                _PREPARED,
                prefix=("id", f"{name}-"),
            ),
        )
    )


def _tydiqa_test(code: str, name: str) -> Alternatives:
    """Takes Google's file, or XTREME's, whose answers are blank.

    The official dev set: there is no other test set.
    """
    folder = "tydiqa/tydiqa-goldp-v1.1-dev"
    return Alternatives(
        (
            SquadJson(f"{folder}/tydiqa-goldp-dev-{name}.json"),
            Prepared("tydi_qa/goldp", "3.0.0", f"validation-{code}", _PREPARED),
            SquadJson(f"{folder}/tydiqa.goldp.{code}.dev.json"),
        )
    )


# English is what the target is trained on; the others' training sets belong to
# the target itself.
TYDIQA = tuple(
    _span(
        name=f"tydiqa.{code}",
        language=code,
        splits=(
            Split("train", _tydiqa_train(code, name), train),
            Split("test", _tydiqa_test(code, name), test),
        ),
        citation="Clark et al. 2020, TyDi QA (GoldP)",
        url="https://github.com/google-research-datasets/tydiqa",
        licence="Apache-2.0",
        overlap=() if code == "en" else ("tydiqa",),
    )
    for code, (name, train, test) in _TYDIQA.items()
)


def _shift(name: str, file: str, size: int | None) -> Dataset:
    source = SquadJson(f"squadshifts/{file}_v1.0.json")
    return _span(
        name=f"squadshifts_{name}.en",
        language="en",
        # Test sets to SQuAD, and English training data of a useful size: one
        # and the same questions, never to be used as both.
        splits=(Split("train", source, size), Split("test", source, size)),
        citation="Miller et al. 2020, SQuADShifts",
        url="https://modestyachts.github.io/squadshifts-website/",
        licence="none stated",
    )


SQUADSHIFTS = (
    _shift("new_wiki", "new_wiki", 7938),
    _shift("nyt", "nyt", None),
    _shift("reddit", "reddit", 9803),
    _shift("amazon", "amazon_reviews", None),
)

QAMR = _span(
    name="qamr.en",
    language="en",
    splits=tuple(
        Split(
            split,
            Qamr(f"qamr/filtered/{split}.tsv", "qamr/wiki-sentences.tsv"),
            size,
        )
        for split, size in (("train", None), ("dev", 18908), ("test", None))
    ),
    citation="Michael et al. 2018, QAMR",
    url="https://github.com/uwnlp/qamr",
    licence="MIT",
)

_XTREME = "xtreme_translations"

# Of SQuAD's train and dev sets into the languages of XQuAD.
XTREME_SQUAD = tuple(
    _span(
        name=f"xtreme_squad.{code}",
        language=code,
        splits=tuple(
            Split(
                split,
                SquadJson(
                    f"{_XTREME}/SQuAD/translate-{split}/"
                    f"squad.translate.{split}.en-{code}.json"
                ),
            )
            for split in ("train", "dev")
        ),
        citation="Hu et al. 2020, XTREME",
        url="https://github.com/google-research/xtreme",
        licence="CC BY-SA 4.0",
        overlap=("xquad", "mlqa", "lareqa"),
        translation="machine",
    )
    for code in XQUAD_LANGUAGES
    if code not in ("en", "ro")
)

# Of TyDiQA's English training set.
XTREME_TYDIQA = tuple(
    _span(
        name=f"xtreme_tydiqa.{code}",
        language=code,
        splits=(
            Split(
                "train",
                SquadJson(
                    f"{_XTREME}/TyDiQA-GoldP/translate-train/"
                    f"tydiqa.translate.train.en-{code}.json"
                ),
            ),
        ),
        citation="Hu et al. 2020, XTREME",
        url="https://github.com/google-research/xtreme",
        licence="Apache-2.0",
        overlap=("tydiqa",),
        translation="machine",
    )
    for code in _TYDIQA
    if code != "en"
)

KORQUAD2 = _span(
    name="korquad2.ko",
    language="ko",
    splits=tuple(
        Split(
            split,
            Concatenated(
                tuple(
                    SquadJson(
                        f"korquad/KorQuAD_2.1/{split}/"
                        f"KorQuAD_2.1_{split}_{number:02}.zip"
                    )
                    for number in range(files)
                )
            ),
            size,
        )
        for split, files, size in (("train", 13, 83486), ("dev", 2, 10165))
    ),
    citation="Kim et al. 2020, KorQuAD 2.0",
    url="https://korquad.github.io/",
    licence="CC BY-ND 2.0 KR",
)

DATASETS = (
    *(SQUAD, SQUAD_EXCERPT, SQUAD2, SQUAD2_NORMANS, QAMR, KORQUAD2),
    *(*XQUAD, *MLQA, *TYDIQA, *SQUADSHIFTS, *XTREME_SQUAD, *XTREME_TYDIQA),
    *(*qa_native.NATIVE, *qa_native.TRANSLATED),
)
