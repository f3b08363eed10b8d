"""Questions with choices of answers, about a text or the world."""

from functools import partial

from tasks import templates
from tasks.commonsense.completion import XCSR_LANGUAGES, xcsr
from tasks.commonsense.rows import (
    CAPITALS,
    FROM_ONE,
    multiple_choice,
    question,
)
from tasks.nli.rows import pairs
from tasks.row import Dataset, Split
from tasks.sources import (
    Composed,
    Concatenated,
    Delimited,
    JsonArray,
    JsonLines,
    NestedLines,
    Parallel,
    Selected,
    Source,
    Table,
)


def _siqa_file(part: str) -> Composed:
    names = ("context", "question", "answerA", "answerB", "answerC")
    folder = "siqa/socialiqa-train-dev"
    questions = JsonLines(
        f"{folder}/{part}.jsonl", tuple((name, name) for name in names)
    )
    labels = Delimited(f"{folder}/{part}-labels.lst", ("label",))
    return question(
        Parallel((questions, labels)),
        "{context} {question}",
        ("{answerA}", "{answerB}", "{answerC}"),
    )


# XTREME trains on it before COPA, for XCOPA.
SIQA = multiple_choice(
    name="siqa.en",
    language="en",
    splits=(
        Split("train", _siqa_file("train"), 33410),
        Split("dev", _siqa_file("dev"), 1954),
    ),
    label_map=FROM_ONE[:3],
    citation="Sap et al. 2019, Social IQa",
    url=(
        "https://storage.googleapis.com/ai2-mosaic/public/socialiqa/"
        "socialiqa-train-dev.zip"
    ),
    licence="CC BY 4.0",
)


def _cosmosqa_file(name: str) -> Composed:
    answers = tuple(f"answer{place}" for place in range(4))
    names = ("context", "question", *answers, "label")
    return question(
        Table(
            f"cosmosqa/{name}.csv",
            tuple((name, name) for name in names),
            quoted=True,
            delimiter=",",
            multiline=True,
        ),
        "{context} {question}",
        tuple(f"{{{answer}}}" for answer in answers),
    )


COSMOSQA = multiple_choice(
    name="cosmosqa.en",
    language="en",
    splits=(
        Split("train", _cosmosqa_file("train"), 25262),
        Split("dev", _cosmosqa_file("valid"), 2985),
    ),
    citation="Huang et al. 2019, Cosmos QA",
    url="https://github.com/wilburOne/cosmosqa",
    licence="CC BY 4.0",
)


def _arc_like(path: str, *more: tuple[str, str]) -> JsonLines:
    """Lines as AI2's ARC first wrote them; `more` pairs fields and paths."""
    keys = (
        ("stem", "question.stem"),
        ("choices", "question.choices.*.text"),
        ("label", "answerKey"),
    )
    return JsonLines(path, (*keys, *more))


def _asked(source: Source) -> Composed:
    return question(source, "{stem}", "{choices}")


COMMONSENSEQA = multiple_choice(
    name="commonsenseqa.en",
    language="en",
    splits=tuple(
        Split(
            part,
            _asked(_arc_like(f"commonsenseqa/{part}_rand_split.jsonl")),
            size,
        )
        for part, size in (("train", 9741), ("dev", 1221))
    ),
    label_map=CAPITALS,
    citation="Talmor et al. 2019, CommonsenseQA",
    url="https://s3.amazonaws.com/commensenseqa/train_rand_split.jsonl",
    licence="MIT",
    overlap=("xcsqa",),
)
X_CSQA = tuple(xcsr("xcsqa", "X-CSQA", code, 1000) for code in XCSR_LANGUAGES)


def _parsinlu_file(part: str) -> Composed:
    keys = (
        ("question", "question"),
        ("choices", "candidates.*"),
        ("label", "answer"),
    )
    lines = JsonLines(f"parsinlu_mc/{part}.jsonl", keys)
    return question(lines, "{question}", "{choices}")


PARSINLU_MC = multiple_choice(
    name="parsinlu_mc.fa",
    language="fa",
    splits=(
        Split("train", _parsinlu_file("train"), 1271),
        Split("dev", _parsinlu_file("valid"), 139),
    ),
    # One question has its answer's number in Persian.
    label_map=(*FROM_ONE, ("۴", "3")),
    citation="Khashabi et al. 2021, ParsiNLU",
    url="https://github.com/persiannlp/parsinlu",
    licence="CC BY-NC-SA 4.0",
)


def _c3_file(kind: str, part: str) -> Composed:
    return Composed(
        JsonArray(
            f"c3/c3-{kind}-{part}.json",
            (
                ("question", "question"),
                ("choices", "choice.*"),
                ("answer", "answer"),
            ),
            inner="1",
            outer=(("document", "0.*"),),
        ),
        (
            ("prompt", "{document} {question}"),
            ("choices", "{choices}"),
            ("answer", "{answer}"),
        ),
    )


def _c3(name: str, kinds: str, train: int | None, dev: int) -> Dataset:
    return multiple_choice(
        name=name,
        language="zh",
        splits=tuple(
            Split(
                part,
                Concatenated(tuple(_c3_file(kind, part) for kind in kinds)),
                size,
            )
            for part, size in (("train", train), ("dev", dev))
        ),
        citation="Sun et al. 2020, C3",
        url="https://github.com/nlpdata/c3",
        licence="non-commercial research only",
    )


# Questions about dialogues ("d") and about other texts ("m").
C3 = _c3("c3.zh", "dm", 11869, 3816)
C3_DIALOGUES = _c3("c3_dialogues.zh", "d", None, 1825)


def _jcommonsenseqa_file(part: str) -> Composed:
    choices = tuple(f"choice{place}" for place in range(5))
    names = ("question", *choices, "label")
    return question(
        JsonLines(
            f"jglue/jcommonsenseqa-v1.3/{part}-v1.3.json",
            tuple((name, name) for name in names),
            integers=("label",),
        ),
        "{question}",
        tuple(f"{{{choice}}}" for choice in choices),
    )


JCOMMONSENSEQA = multiple_choice(
    name="jcommonsenseqa.ja",
    language="ja",
    splits=(
        Split("train", _jcommonsenseqa_file("train"), 8939),
        Split("dev", _jcommonsenseqa_file("valid"), 1119),
    ),
    citation="Kurihara et al. 2022, JGLUE",
    url="https://github.com/yahoojapan/JGLUE",
    licence="CC BY-SA 4.0",
)


def _boolq_file(part: str) -> Table:
    names = pairs("Text", "Question", "Answer")
    return Table(f"kobest/v1.0/BoolQ/{part}.tsv", names, quoted=True)


# Yes or no: a question about a text, as pairs.
_boolq = partial(
    Dataset,
    problem="classification",
    labels=("False", "True"),
    **templates.T5_BOOLQ,
)

KOBEST_BOOLQ = _boolq(
    name="kobest_boolq.ko",
    language="ko",
    splits=tuple(
        Split(part, _boolq_file(part), size)
        for part, size in (("train", 3665), ("dev", 700), ("test", 1404))
    ),
    citation="Kim et al. 2022, KoBEST",
    url="https://github.com/SKT-LSL/KoBEST_datarepo",
    licence="CC BY-SA 4.0",
)


def _danetqa_file(part: str) -> JsonLines:
    path = f"russian_super_glue/DaNetQA/{part}.jsonl"
    keys = pairs("passage", "question", "label")
    return JsonLines(path, keys, integers=("label",))


DANETQA = _boolq(
    name="danetqa.ru",
    language="ru",
    splits=(
        Split("train", _danetqa_file("train"), 1749),
        Split("dev", _danetqa_file("val"), 821),
    ),
    citation="Glushkova et al. 2020, DaNetQA",
    url="https://russiansuperglue.com",
    licence="MIT",
)


def _muserc_file(part: str) -> Composed:
    answers = NestedLines(
        f"russian_super_glue/MuSeRC/{part}.jsonl",
        (
            ("passage", "0.passage.text"),
            ("question", "1.question"),
            ("answer", "2.text"),
            ("label", "2.label"),
        ),
        inner=("passage.questions", "answers"),
        integers=("label",),
    )
    named = ("{passage}", "{question} {answer}", "{label}")
    return Composed(answers, pairs(*named))


# Is this answer to this question about a text right? Several may be.
MUSERC = Dataset(
    name="muserc.ru",
    problem="classification",
    language="ru",
    splits=(
        Split("train", _muserc_file("train"), 11950),
        Split("dev", _muserc_file("val"), 2235),
    ),
    labels=("False", "True"),
    label_map=(("0", "False"), ("1", "True")),
    citation="Fenogenova et al. 2020, MuSeRC",
    url="https://russiansuperglue.com",
    licence="MIT",
    **templates.ANSWERED,
)

# The languages of EXAMS with questions to train on, by their names in it.
_EXAMS = {
    "bg": "Bulgarian",
    "hr": "Croatian",
    "hu": "Hungarian",
    "it": "Italian",
    "mk": "Macedonian",
    "pl": "Polish",
    "pt": "Portuguese",
    "sq": "Albanian",
    "sr": "Serbian",
    "tr": "Turkish",
    "vi": "Vietnamese",
}
_EXAMS_SIZES = {"train": 7961, "dev": 2672, "test": 13510}


def _exams_file(part: str) -> JsonLines:
    path = f"exams/data/exams/multilingual/{part}.jsonl"
    return _arc_like(path, ("language", "info.language"))


def _exams(
    code: str, sources: dict[str, Source], sizes: dict[str, int]
) -> Dataset:
    return multiple_choice(
        name=f"exams.{code}",
        language=code,
        splits=tuple(
            Split(part, _asked(source), sizes.get(part))
            for part, source in sources.items()
        ),
        label_map=CAPITALS,
        citation="Hardalov et al. 2020, EXAMS",
        url="https://github.com/mhardalov/exams-qa",
        licence="CC BY-SA 4.0",
    )


EXAMS = (
    _exams(
        "mul", {part: _exams_file(part) for part in _EXAMS_SIZES}, _EXAMS_SIZES
    ),
    *(
        _exams(
            code,
            {
                part: Selected(_exams_file(part), "language", (name,))
                for part in _EXAMS_SIZES
            },
            {},
        )
        for code, name in _EXAMS.items()
    ),
)

QUESTIONS = (
    SIQA,
    COSMOSQA,
    COMMONSENSEQA,
    *X_CSQA,
    PARSINLU_MC,
    C3,
    C3_DIALOGUES,
    JCOMMONSENSEQA,
    KOBEST_BOOLQ,
    DANETQA,
    MUSERC,
    *EXAMS,
)
