"""Damaged copies of every format: all rows but the damaged one, or refused.

Each file is damaged several hundred times, from seeds. What still reads must be
the file's rows but for one at most, and as many; all else is refused with the
file and, where there are lines, the line.
"""

import functools
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tasks.row import Dataset, Split, rows
from tasks.sources import (
    Composed,
    Delimited,
    JsonArray,
    JsonLines,
    NestedLines,
    Source,
    Table,
    XmlPairs,
)
from xltransfer.errors import InputError

COPIES = 240
FIELDS = ("premise", "hypothesis", "label")
SAME = tuple((field, field) for field in FIELDS)
ROWS = [
    (f"Premise {number}, ünïcode 说", f'Hypothesis "{number}" 🙂', label)
    for number, label in enumerate(("yes", "no", "no", "yes", "no", "yes"))
]


def separated(delimiter: str, quoted: bool, header: bool) -> str:
    def field(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted else text

    found = [FIELDS, *ROWS] if header else ROWS
    return "".join(delimiter.join(map(field, row)) + "\n" for row in found)


def objects() -> list[dict]:
    return [dict(zip(FIELDS, row, strict=True)) for row in ROWS]


def xml() -> str:
    pairs = "".join(
        f' <pair entailment="{label}" id="{number}">\n'
        f"  <t>{premise}</t>\n  <h>{hypothesis}</h>\n </pair>\n"
        for number, (premise, hypothesis, label) in enumerate(ROWS)
    )
    return f"<?xml version='1.0'?>\n<corpus>\n{pairs}</corpus>\n"


def nested() -> list:
    """Two texts with three questions each, as in C3."""
    asked = [
        {"hypothesis": hypothesis, "more": {"label": label}}
        for _, hypothesis, label in ROWS
    ]
    return [
        [["Premise", str(one)], asked[3 * one : 3 * one + 3], f"id{one}"]
        for one in range(2)
    ]


def nested_lines() -> str:
    found = [
        {
            "premise": premise,
            "asked": [{"hypothesis": hypothesis, "label": label}],
        }
        for premise, hypothesis, label in ROWS
    ]
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


def zipped(content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/a.jsonl", content)
    return buffer.getvalue()


LINES = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects())
CSV = {"quoted": True, "delimiter": ",", "multiline": True}
# Name of the file, its content, how it is read.
FORMATS: dict[str, tuple[str, str | bytes, Source]] = {
    "delimited": (
        "a.tsv",
        separated("\t", False, False),
        Delimited("a.tsv", FIELDS),
    ),
    "quoted": (
        "a.tsv",
        separated("\t", True, True),
        Delimited("a.tsv", FIELDS, header=FIELDS, quoted=True),
    ),
    "table": ("a.tsv", separated("\t", False, True), Table("a.tsv", SAME)),
    "csv": ("a.csv", separated(",", True, True), Table("a.csv", SAME, **CSV)),
    "json lines": ("a.jsonl", LINES, JsonLines("a.jsonl", SAME)),
    "json array": (
        "a.json",
        json.dumps(objects(), ensure_ascii=False, indent=1),
        JsonArray("a.json", SAME),
    ),
    "nested array": (
        "a.json",
        json.dumps(nested(), ensure_ascii=False, indent=1),
        Composed(
            JsonArray(
                "a.json",
                (("hypothesis", "hypothesis"), ("label", "more.label")),
                inner="1",
                outer=(("texts", "0.*"),),
            ),
            (
                ("premise", "text: {texts}"),
                ("hypothesis", "{hypothesis}"),
                ("label", "{label}"),
            ),
        ),
    ),
    "nested lines": (
        "a.jsonl",
        nested_lines(),
        NestedLines(
            "a.jsonl",
            (
                ("premise", "0.premise"),
                ("hypothesis", "1.hypothesis"),
                ("label", "1.label"),
            ),
            inner=("asked",),
        ),
    ),
    "xml": (
        "a.xml",
        xml(),
        XmlPairs(
            "a.xml",
            (("premise", "t"), ("hypothesis", "h"), ("label", "@entailment")),
        ),
    ),
    "zip": (
        "a.zip",
        zipped(LINES),
        JsonLines("a.zip!data/a.jsonl", SAME),
    ),
    "gzip": (
        "a.jsonl.gz",
        gzip.compress(LINES.encode(), mtime=0),
        JsonLines("a.jsonl.gz", SAME),
    ),
}
STRUCTURE = b'\t\n",:{}[]<>/= \\'

Damage = Callable[[np.random.Generator, bytes], bytes]


def inserted(what: bytes, rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content) + 1)
    return content[:at] + what + content[at:]


def cut_short(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content))]


def without_a_part(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content))
    return content[:at] + content[at + rng.integers(1, 60) :]


def another_byte(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content))
    return content[:at] + rng.bytes(1) + content[at + 1 :]


def another_structure(rng: np.random.Generator, content: bytes) -> bytes:
    """One structural character becomes another one, or is doubled."""
    places = [i for i, byte in enumerate(content) if byte in STRUCTURE]
    if not places:
        return another_byte(rng, content)
    at = places[rng.integers(len(places))]
    new = STRUCTURE[rng.integers(len(STRUCTURE))]
    return content[:at] + bytes([new]) + content[at + rng.integers(2) :]


def another_key(rng: np.random.Generator, content: bytes) -> bytes:
    """A key, column or element has another name, once."""
    names = (b"premise", b"hypothesis", b"label", b"entailment", b"<t>")
    return content.replace(names[rng.integers(len(names))], b"x", 1)


def another_type(rng: np.random.Generator, content: bytes) -> bytes:
    """A JSON text becomes something else."""
    others = (b"null", b"true", b"1.5", b"[]", b"{}", b"NaN", b'"\\ud800"')
    texts = list(re.finditer(rb'(?<=: )"(yes|no)"', content))
    if not texts:
        return inserted(b"[" * 100_000, rng, content)
    place = texts[rng.integers(len(texts))]
    new = others[rng.integers(len(others))]
    return content[: place.start()] + new + content[place.end() :]


DAMAGES: tuple[Damage, ...] = (
    cut_short,
    without_a_part,
    another_byte,
    another_structure,
    another_structure,
    another_key,
    another_type,
    functools.partial(inserted, b"\0"),
    functools.partial(inserted, b"\xff"),
    functools.partial(inserted, b"\xef\xbb\xbf"),
    functools.partial(inserted, b"x" * 200_000),
    functools.partial(inserted, b"\n"),
)


def read(source: Source, folder: Path) -> list[dict]:
    split = Split("train", source, len(ROWS))
    row = Dataset(
        "toy.en", "classification", "en", (split,), labels=("yes", "no")
    )
    return list(rows(row, "train", folder))


@pytest.mark.parametrize("kind", FORMATS)
def test_damage_leaves_the_other_rows_or_is_refused_where_it_lies(
    kind, tmp_path
):
    name, content, source = FORMATS[kind]
    content = content.encode() if isinstance(content, str) else content
    path = tmp_path / name
    path.write_bytes(content)
    whole = read(source, tmp_path)
    assert len(whole) == len(ROWS)
    refused = 0
    for seed in range(COPIES):
        rng = np.random.default_rng(seed)
        path.write_bytes(DAMAGES[seed % len(DAMAGES)](rng, content))
        try:
            found = read(source, tmp_path)
        except InputError as error:
            refused += 1
            assert_located(str(error), path, kind)
            continue
        differ = sum(a != b for a, b in zip(found, whole, strict=True))
        # A text's questions share it.
        assert differ <= (3 if kind == "nested array" else 1), seed
    # Some damage changes a letter, or nothing that is read.
    assert COPIES // 3 < refused < COPIES


def assert_located(message: str, path: Path, kind: str) -> None:
    """A file, and its line; a number of examples has none, nor an archive."""
    assert message.startswith(str(path)), message
    where = message.removeprefix(str(path)).removeprefix("!data/a.jsonl")
    containers = kind in ("zip", "gzip")
    assert re.match(
        r":\d+: |: \d+ examples for the split" + r"|: " * containers, where
    ), message


@pytest.mark.parametrize("kind", ["delimited", "quoted", "table", "csv"])
def test_another_delimiter_is_refused_in_the_first_line(kind, tmp_path):
    name, content, source = FORMATS[kind]
    own = "," if kind == "csv" else "\t"
    for delimiter in {";", "|", ",", "\t", " "} - {own}:
        (tmp_path / name).write_text(content.replace(own, delimiter))
        with pytest.raises(InputError, match=re.escape(f"{name}:1: ")):
            read(source, tmp_path)


@pytest.mark.parametrize("kind", ["json lines", "json array", "xml", "csv"])
def test_a_byte_order_mark_in_front_is_no_damage(kind, tmp_path):
    name, content, source = FORMATS[kind]
    (tmp_path / name).write_text(content)
    whole = read(source, tmp_path)
    (tmp_path / name).write_text("\ufeff" + content)
    assert read(source, tmp_path) == whole
