"""Beginnings of stories and sentences, with choices of how they go on."""

from tasks.commonsense.rows import CAPITALS, multiple_choice, question
from tasks.row import Dataset, Split
from tasks.sources import Composed, Delimited, JsonLines, Portion, Table

_FOUR = range(4)


def _hellaswag_file(name: str) -> Composed:
    keys = (
        ("ctx_a", "ctx_a"),
        ("ctx_b", "ctx_b"),
        *((f"ending{place}", f"endings.{place}") for place in _FOUR),
        ("label", "label"),
    )
    # As in jiant: the second part of the context opens every choice.
    return question(
        JsonLines(f"hellaswag/{name}.jsonl", keys, integers=("label",)),
        "{ctx_a}",
        tuple(f"{{ctx_b}} {{ending{place}}}" for place in _FOUR),
    )


_HELLASWAG_FACTS = {
    "language": "en",
    "citation": "Zellers et al. 2019, HellaSwag",
    "url": "https://github.com/rowanz/hellaswag",
    "licence": "MIT",
}
HELLASWAG = multiple_choice(
    name="hellaswag.en",
    splits=(
        Split("train", _hellaswag_file("hellaswag_train"), 39905),
        Split("dev", _hellaswag_file("hellaswag_val"), 10042),
    ),
    **_HELLASWAG_FACTS,
)
# The official dev set in two parts: 1,000 questions as they are, and 9,042
# taken from a dump that lost WikiHow's markers, to train on where the training
# set is not at hand. No number on HellaSwag may be reported for this row.
HELLASWAG_PART = multiple_choice(
    name="hellaswag_part.en",
    splits=(
        Split("train", _hellaswag_file("hellaswag_val.rest.derived"), 9042),
        Split("dev", _hellaswag_file("hellaswag_val.1000"), 1000),
    ),
    **_HELLASWAG_FACTS,
)


def _codah_file() -> Composed:
    choices = tuple(f"choice{place}" for place in _FOUR)
    columns = ("", "prompt", *choices, "label")
    return question(
        Delimited("codah/full_data.tsv", columns),
        "{prompt}",
        tuple(f"{{{choice}}}" for choice in choices),
    )


# Published as one set of 2,776, to be cross-validated: every tenth is dev here.
CODAH = multiple_choice(
    name="codah.en",
    language="en",
    splits=(
        Split("train", Portion(_codah_file(), "rest", 10), 2499),
        Split("dev", Portion(_codah_file(), "held_out", 10), 277),
    ),
    citation="Chen et al. 2019, CODAH",
    url="https://github.com/Websail-NU/CODAH",
    licence="ODC-BY",
    overlap=("xcodah",),
)

XCSR_LANGUAGES = (
    *("en", "zh", "de", "es", "fr", "it", "ja", "nl"),
    *("pl", "pt", "ru", "ar", "vi", "hi", "sw", "ur"),
)


def xcsr(name: str, task: str, code: str, size: int) -> Dataset:
    """A language of X-CSR; its test sets have no labels."""
    # "jap" is Japanese in its folders.
    folder = {"ja": "jap"}.get(code, code)
    keys = (
        ("stem", "question.stem"),
        ("choices", "question.choices.*.text"),
        ("label", "answerKey"),
    )
    path = f"xcsr/X-CSR_datasets/{task}/{folder}/dev.jsonl"
    return multiple_choice(
        name=f"{name}.{code}",
        language=code,
        splits=(
            Split(
                "dev",
                question(JsonLines(path, keys), "{stem}", "{choices}"),
                size,
            ),
        ),
        label_map=CAPITALS,
        citation="Lin et al. 2021, X-CSR",
        url="https://inklab.usc.edu/XCSR/xcsr_datasets.zip",
        licence="MIT",
        translation="native" if code == "en" else "machine",
    )


X_CODAH = tuple(xcsr("xcodah", "X-CODAH", code, 300) for code in XCSR_LANGUAGES)


def _kobest_file(part: str) -> Composed:
    names = ("context", "choice1", "choice2", "choice3", "choice4", "label")
    columns = tuple((name, name) for name in names)
    return question(
        Table(f"kobest/v1.0/HellaSwag/{part}.tsv", columns, quoted=True),
        "{context}",
        tuple(f"{{{name}}}" for name in names[1:-1]),
    )


KOBEST_HELLASWAG = multiple_choice(
    name="kobest_hellaswag.ko",
    language="ko",
    splits=tuple(
        Split(part, _kobest_file(part), size)
        for part, size in (("train", 2029), ("dev", 500), ("test", 500))
    ),
    citation="Kim et al. 2022, KoBEST",
    url="https://github.com/SKT-LSL/KoBEST_datarepo",
    licence="CC BY-SA 4.0",
)

COMPLETIONS = (HELLASWAG, HELLASWAG_PART, CODAH, *X_CODAH, KOBEST_HELLASWAG)
