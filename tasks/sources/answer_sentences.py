"""Questions, and the sentences in which their answers stand."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources.expected import expected
from tasks.sources.json_located import line_of, located
from tasks.sources.lines import text
from tasks.sources.shaped import Around
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class XquadR(FileSource):
    """XQuAD-R's files, one a language, read as one pool (LAReQA).

    All questions come first, then all sentences, each with its paragraph as
    context. A question's gold are the sentences of all files in which its
    answer begins: as many as there are languages.
    """

    languages: tuple[str, ...]
    folder: str

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{code}.json" for code in self.languages)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        gold: dict[str, list[str]] = defaultdict(list)
        questions, sentences = [], []
        for code, path in zip(
            self.languages, self.places(data_dir), strict=True
        ):
            for number, (where, paragraph) in enumerate(_paragraphs(path)):
                stem = f"{code}-{number}"
                sentences += _sentences(paragraph, stem, where)
                questions += _questions(paragraph, code, where)
                for identity, sentence in _answered(paragraph, where):
                    gold[identity].append(f"{stem}-{sentence}")
        for identity, where, fields in questions:
            yield where, {**fields, "gold": tuple(gold[identity])}
        yield from sentences


@dataclass(frozen=True)
class AnswerSentences(Around):
    """The questions of a source of spans, each with its answer's sentence.

    The first answer counts. Sentences end as `sentence_ends` tells; a question
    without an answer is left out. With `distinct` a sentence comes with the
    first of its questions only, as what is sought in must not hold it twice;
    training takes pairs.
    """

    distinct: bool = False

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        known: dict[tuple[str, int], str] = {}
        for where, found in self._raw(data_dir):
            if not found["answers"]:
                continue
            context = found["context"]
            begin, end = _sentence_at(context, found["answers"][0][1])
            is_new = (context, begin) not in known
            identity = known.setdefault((context, begin), found["id"])
            fields = {
                "query": found["question"],
                "query_id": found["id"],
                "gold": (identity,),
            }
            if is_new or not self.distinct:
                fields |= {
                    "candidate": context[begin:end],
                    "candidate_id": identity,
                    "context": context,
                }
            yield where, fields


def _sentence_at(context: str, place: int) -> tuple[int, int]:
    """Returns where the sentence that holds a character begins and ends."""
    ends = sentence_ends(context)
    end = next(one for one in ends if one > place)
    return max([0, *(one for one in ends if one <= place)]), end


# No sentence ends at these.
_ABBREVIATIONS = frozenset(
    [
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
        "Prof",
        "Sr",
        "Jr",
        "St",
        "Mt",
        "Ft",
        "Gen",
        "Col",
        "Lt",
        "Sgt",
        "Rev",
        "Hon",
        "No",
        "vs",
        "cf",
        "al",
        "etc",
        "e.g",
        "i.e",
        "Inc",
        "Ltd",
        "Co",
        "Corp",
        "Vol",
        "pp",
        "Fig",
        "ca",
        "approx",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Sept",
        "Oct",
        "Nov",
        "Dec",
        "U.S",
        "U.K",
        "U.N",
        "a.m",
        "p.m",
        "Ph.D",
    ]
)
_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)|[。！？।]+")
_OPENING = "\"'“‘(["


def sentence_ends(context: str) -> list[int]:
    """Returns where the sentences of a text end, in characters, ascending.

    A full stop, question or exclamation mark ends one before a space and what
    is no small letter, except after an abbreviation or an initial.
    """
    ends = [
        match.end()
        for match in _END.finditer(context)
        if not _goes_on(context, match)
    ]
    return [*(one for one in ends if one < len(context)), len(context)]


def _goes_on(context: str, match: re.Match) -> bool:
    next_letter = context[match.end() :].lstrip()[:4].lstrip(_OPENING)[:1]
    if next_letter.islower() and match[0][0] in ".!?":
        return True
    before = context[: match.start()].rsplit(None, 1)
    word = before[-1].lstrip(_OPENING) if before else ""
    is_short = word in _ABBREVIATIONS or re.fullmatch("[A-Z]", word)
    return match[0] == "." and bool(is_short)


def _paragraphs(path: Path) -> Iterator[tuple[str, dict]]:
    content = text(path)
    try:
        articles = located(content)["data"]
        paragraphs = [
            paragraph
            for article in articles
            for paragraph in article["paragraphs"]
        ]
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}:{error.lineno}: no valid JSON: {error.msg}. Is the file "
            "whole?"
        ) from error
    except (KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: no SQuAD file: {error!r} is not where it should be."
        ) from error
    for number, paragraph in enumerate(paragraphs, start=1):
        yield f"{path}:{line_of(paragraph, 1)}: paragraph {number}", paragraph


def _sentences(
    paragraph: dict, stem: str, where: str
) -> list[tuple[str, dict[str, str]]]:
    with expected("XQuAD-R", where):
        context, breaks = paragraph["context"], paragraph["sentence_breaks"]
        return [
            (
                f"{where}, sentence {number + 1}",
                {
                    "candidate": context[begin:end],
                    "candidate_id": f"{stem}-{number}",
                    "context": context,
                },
            )
            for number, (begin, end) in enumerate(breaks)
        ]


def _questions(
    paragraph: dict, code: str, where: str
) -> list[tuple[str, str, dict[str, str]]]:
    with expected("XQuAD-R", where):
        return [
            (
                question["id"],
                f"{where}, question {question['id']!r}",
                {
                    "query": question["question"],
                    "query_id": f"{code}-{question['id']}",
                },
            )
            for question in paragraph["qas"]
        ]


def _answered(paragraph: dict, where: str) -> Iterator[tuple[str, int]]:
    """Yields the id of a question and the number of its answer's sentence."""
    with expected("XQuAD-R", where):
        for question in paragraph["qas"]:
            start = question["answers"][0]["answer_start"]
            found = [
                number
                for number, (begin, end) in enumerate(
                    paragraph["sentence_breaks"]
                )
                if begin <= start < end
            ]
            if len(found) != 1:
                raise InputError(
                    f"{where}, question {question['id']!r}: its answer begins "
                    f"in {len(found)} sentences."
                )
            yield question["id"], found[0]
