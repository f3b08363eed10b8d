"""Official files -> the files that the rows read, where these differ.

Each takes a file's content and its place in the data directory, and returns
files by place. Raises InputError for content of another shape.
"""

import json
from collections import defaultdict

from xltransfer.errors import InputError

# The language names that TyDiQA's ids begin with.
TYDIQA_CODES = {
    "arabic": "ar",
    "bengali": "bn",
    "english": "en",
    "finnish": "fi",
    "indonesian": "id",
    "korean": "ko",
    "russian": "ru",
    "swahili": "sw",
    "telugu": "te",
}


def xnli(content: bytes, place: str) -> dict[str, bytes]:
    """XNLI-1.0's dev or test file of 15 languages -> XTREME's, one a language.

    `xnli/dev` gives `xnli/dev-<code>.tsv` (premise, hypothesis, label),
    `xnli/test` those without labels and `xnli/test.gold.tsv` (header, label,
    genre), the same for all languages.
    """
    pairs: dict[str, list[str]] = defaultdict(list)
    gold: dict[str, list[str]] = defaultdict(list)
    is_test = place.endswith("/test")
    for row in _table(content, place):
        code, label = row["language"], row["gold_label"]
        texts = [row["sentence1"].strip(), row["sentence2"].strip()]
        gold[code].append(f"{label}\t{row['genre']}")
        pairs[code].append("\t".join(texts if is_test else [*texts, label]))
    files = {
        f"{place}-{code}.tsv": _lines(found) for code, found in pairs.items()
    }
    if is_test:
        first = gold["en"]
        if any(labels != first for labels in gold.values()):
            raise InputError(f"{place}: the languages' labels differ.")
        files[f"{place}.gold.tsv"] = _lines(["label\tgenre", *first])
    return files


def without_header_and_id(content: bytes, place: str) -> dict[str, bytes]:
    """PAWS-X's id, sentence1, sentence2, label -> XTREME's last three."""
    return {
        place: _lines(
            "\t".join(row[name] for name in ("sentence1", "sentence2", "label"))
            for row in _table(content, place)
        )
    }


def tydiqa(content: bytes, place: str) -> dict[str, bytes]:
    """A TyDiQA-GoldP file -> one a language, as in XTREME.

    The place is a folder that ends in `-train` or `-dev`; it holds
    `tydiqa.goldp.<code>.<part>.json`. Ids, answers and order stay as they are
    (XTREME cuts the language off the training ids and blanks the dev answers).
    """
    found = json.loads(content)
    articles: dict[str, list] = defaultdict(list)
    for article in found["data"]:
        for paragraph in article["paragraphs"]:
            questions: dict[str, list] = defaultdict(list)
            for question in paragraph["qas"]:
                questions[_code(question["id"], place)].append(question)
            for code, asked in questions.items():
                articles[code].append(
                    {"paragraphs": [{**paragraph, "qas": asked}]}
                )
    part = place.rsplit("-", 1)[-1]
    return {
        f"{place}/tydiqa.goldp.{code}.{part}.json": json.dumps(
            {"version": found["version"], "data": data}, ensure_ascii=False
        ).encode()
        for code, data in articles.items()
    }


def _code(identity: str, place: str) -> str:
    name = identity.split("-")[0]
    if name not in TYDIQA_CODES:
        raise InputError(f"{place}: the id {identity!r} names no language.")
    return TYDIQA_CODES[name]


def _table(content: bytes, place: str) -> list[dict[str, str]]:
    """Returns the rows of tab-separated text whose first line is a header."""
    header, *lines = content.decode().rstrip("\n").split("\n")
    names = header.rstrip("\r").split("\t")
    rows = []
    for number, line in enumerate(lines, start=2):
        fields = line.rstrip("\r").split("\t")
        if len(fields) != len(names):
            raise InputError(
                f"{place}: line {number} has {len(fields)} columns, the header "
                f"{len(names)}."
            )
        rows.append(dict(zip(names, fields, strict=True)))
    return rows


def _lines(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
