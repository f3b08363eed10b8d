"""Retrieval: which candidate is a translation, holds an answer, is meant?"""

from functools import partial

from tasks import templates
from tasks.benchmarks import (
    BUCC_LANGUAGES,
    LAREQA_LANGUAGES,
    MEWSLIX_LANGUAGES,
    TATOEBA_ISO3,
)
from tasks.row import Dataset, Split
from tasks.sources import (
    AnswerSentences,
    Entities,
    MentionPairs,
    Mentions,
    MinedPairs,
    SortedPairs,
    SquadJson,
    XquadR,
)

_retrieval = partial(Dataset, problem="retrieval")

# Pairs, where there are not a thousand.
_TATOEBA_SIZES = {
    **{"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307},
    **{"te": 234, "th": 548},
}


def _tatoeba(code: str, iso3: str) -> Dataset:
    # LASER's files; English asks, as in XTREME.
    stem = f"tatoeba/v1/tatoeba.{iso3}-eng"
    return _retrieval(
        name=f"tatoeba.{code}",
        language=code,
        splits=(
            Split(
                "test",
                SortedPairs(f"{stem}.eng", f"{stem}.{iso3}"),
                _TATOEBA_SIZES.get(code, 1000),
            ),
        ),
        metrics=("tatoeba",),
        template=templates.PARALLEL,
        citation="Artetxe and Schwenk 2019, LASER; tatoeba.org",
        url="https://github.com/facebookresearch/LASER",
        licence="CC BY 2.0 FR",
        translation="human",
    )


def _bucc(code: str) -> Dataset:
    # As in XTREME, the training part is the test set and the sample the dev
    # set: BUCC's own test set has no public gold.
    splits = []
    for name, part in (("dev", "sample"), ("test", "training")):
        stem = f"bucc/bucc2018/{code}-en/{code}-en.{part}"
        source = MinedPairs(f"{stem}.{code}", f"{stem}.en", f"{stem}.gold")
        splits.append(Split(name, source))
    return _retrieval(
        name=f"bucc2018.{code}",
        language=code,
        splits=tuple(splits),
        metrics=("bucc",),
        template=templates.PARALLEL,
        citation="Zweigenbaum et al. 2018, BUCC",
        url="https://comparable.limsi.fr/bucc2018",
        licence="research only; see the page",
        translation="human",
    )


# Questions and sentences of one language's file, 1,190 and about 1,200.
_XQUADR_SENTENCES = {"de": 1276, "en": 1180, "es": 1215, "vi": 1209}

_lareqa = partial(
    _retrieval,
    metrics=("map@20",),
    citation="Roy et al. 2020, LAReQA (XQuAD-R)",
    url="https://github.com/google-research-datasets/lareqa",
    licence="CC BY-SA 4.0",
    translation="human",
)

SQUAD_SENTENCES = _retrieval(
    name="squad_sentences.en",
    language="en",
    # What XTREME-R trains LAReQA's dual encoders on. A few answers lie across
    # what the official script takes for a sentence's end; none is left out here.
    splits=(
        Split(
            "train",
            AnswerSentences(SquadJson("squad/train-v1.1.json")),
        ),
        Split(
            "dev",
            AnswerSentences(SquadJson("squad/dev-v1.1.json"), distinct=True),
        ),
    ),
    metrics=("map@20",),
    citation="Rajpurkar et al. 2016, SQuAD 1.1",
    url="https://rajpurkar.github.io/SQuAD-explorer/",
    licence="CC BY-SA 4.0",
)

LAREQA = (
    # The benchmark's one score: 13,090 questions among 13,014 sentences of
    # eleven languages, eleven of which are right.
    _lareqa(
        name="lareqa.mul",
        language="mul",
        splits=(
            Split(
                "test",
                XquadR(LAREQA_LANGUAGES, "lareqa/xquad-r"),
                13090 + 13014,
            ),
        ),
    ),
    # Questions among the sentences of their own language: not the benchmark's.
    *(
        _lareqa(
            name=f"lareqa.{code}",
            language=code,
            splits=(
                Split(
                    "test",
                    XquadR((code,), "lareqa/xquad-r"),
                    1190 + _XQUADR_SENTENCES[code]
                    if code in _XQUADR_SENTENCES
                    else None,
                ),
            ),
        )
        for code in LAREQA_LANGUAGES
    ),
)

_MEWSLIX_SIZES = {
    **{"ar": (318, 1501), "de": (326, 1551), "en": (316, 1490)},
    **{"es": (311, 1552), "fa": (72, 458), "ja": (310, 1519)},
    **{"pl": (304, 1562), "ro": (145, 672), "ta": (312, 1567)},
    **{"tr": (262, 1215), "uk": (315, 1537)},
}
# The dataset whose test split holds the candidates of all languages.
MEWSLIX_POOL = "mewslix_entities.mul"

_mewslix = partial(
    _retrieval,
    metrics=("map@20",),
    citation="Ruder et al. 2021, XTREME-R (Mewsli-X, version 20220518_6)",
    url="https://github.com/google-research/google-research/tree/master/"
    "dense_representations_for_entity_retrieval/mel",
    licence="Apache-2.0; texts CC BY-SA 3.0 and CC BY 2.5",
)

MEWSLIX = (
    *(
        _mewslix(
            name=f"mewslix.{code}",
            language=code,
            splits=tuple(
                Split(
                    part,
                    Mentions(f"mewslix/wikinews_mentions-{part}.jsonl", code),
                    size,
                )
                for part, size in zip(
                    ("dev", "test"), _MEWSLIX_SIZES[code], strict=True
                )
            ),
            pool=MEWSLIX_POOL,
        )
        for code in MEWSLIX_LANGUAGES
    ),
    _mewslix(
        name="mewslix_pairs.en",
        language="en",
        splits=(
            Split(
                "train",
                MentionPairs("mewslix/wikipedia_pairs-train.jsonl"),
                167719,
            ),
            Split(
                "dev", MentionPairs("mewslix/wikipedia_pairs-dev.jsonl"), 14051
            ),
        ),
        # Its dev set asks for one of the 14,051 described entities; XTREME-R's
        # selection does so, too.
    ),
    _mewslix(
        name=MEWSLIX_POOL,
        language="mul",
        splits=(
            Split(
                "test",
                Entities("mewslix/candidate_set_entities.jsonl"),
                1003893,
            ),
        ),
        metrics=(),
    ),
)

DATASETS = (
    *(_tatoeba(code, iso3) for code, iso3 in TATOEBA_ISO3.items()),
    *map(_bucc, BUCC_LANGUAGES),
    SQUAD_SENTENCES,
    *LAREQA,
    *MEWSLIX,
)
