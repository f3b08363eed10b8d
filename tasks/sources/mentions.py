"""Mentions of entities and the entities' descriptions: Mewsli-X.

Texts are made as by XTREME-R's `utils_mewslix.py`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources.expected import expected
from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class Mentions(FileSource):
    """Mentions in WikiNews articles of one language: queries.

    The query is the mention, a colon, and its sentence with the mention in
    braces. The gold is the entity's id.
    """

    path: str
    language: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, article in _objects(*self.places(data_dir)):
            with expected("Mewsli-X", where):
                context = article["context"]
                if context["language"] != self.language:
                    continue
                for mention in article["mentions"]:
                    yield (
                        where,
                        {
                            "query": marked(context, mention),
                            "query_id": mention["example_id"],
                            "gold": (mention["entity_id"],),
                        },
                    )


@dataclass(frozen=True)
class MentionPairs(FileSource):
    """Mentions in Wikipedia, each with its entity: pairs to train on."""

    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, pair in _objects(*self.places(data_dir)):
            with expected("Mewsli-X", where):
                mention = pair["contextual_mention"]
                found = mention["mention"]
                fields = {
                    "query": marked(mention["context"], found),
                    "query_id": found["example_id"],
                    "gold": (found["entity_id"],),
                    **_described(pair["entity"]),
                }
            yield where, fields


@dataclass(frozen=True)
class Entities(FileSource):
    """Descriptions of entities, each in some language: candidates."""

    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, entity in _objects(*self.places(data_dir)):
            with expected("Mewsli-X", where):
                fields = _described(entity)
            yield where, fields


def marked(context: dict[str, Any], mention: dict[str, Any]) -> str:
    """Returns `mention: … { mention } …` with the sentence around a mention.

    Braces that the sentence has become parentheses.
    """
    text, span = context["text"], mention["mention_span"]
    start, end = span["start"], span["end"]
    if text[start:end] != span["text"]:
        raise InputError(
            f"the mention {span['text']!r} is not where it should be. WikiNews "
            "files come without text: see mewsli-x.md for get-mewsli-x.sh."
        )
    # A mention may reach over the end of a sentence.
    inside = [
        one
        for one in context["sentence_spans"]
        if one["start"] < end and start < one["end"]
    ]
    low = min([start, *(one["start"] for one in inside)])
    high = max([end, *(one["end"] for one in inside)])
    left, right = (
        part.translate(_PARENTHESES)
        for part in (text[low:start], text[end:high])
    )
    return _flat(f"{span['text']}: {left} {{ {span['text']} }} {right}")


_PARENTHESES = str.maketrans("{}", "()")


def _described(entity: dict[str, Any]) -> dict[str, str]:
    sentences = (
        entity["description"][one["start"] : one["end"]]
        for one in entity["sentence_spans"]
    )
    return {
        "candidate": _flat(" ".join(sentences)),
        "candidate_id": entity["entity_id"],
    }


def _flat(text: str) -> str:
    # Twice two spaces in a row leave two: the official texts have them.
    return " ".join(text.splitlines()).replace("  ", " ").strip()


def _objects(path: Path) -> Iterator[tuple[str, dict]]:
    for number, line in enumerate(lines(path), start=1):
        where = f"{path}:{number}"
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where}: no valid JSON: {error}.") from error
        yield where, found
