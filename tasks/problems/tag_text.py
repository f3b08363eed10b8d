"""Tags as text, and back.

Entities are written as mT5 writes WikiANN's: `PER: Ada $$ LOC: Paris`, or
`None`. For a tag of every word mT5 has no format: the project's own one, `tags
in a row`, is the tags themselves, in order, between spaces: `DET NOUN VERB`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xltransfer.metrics import text_spans

_NO_ENTITIES = "None"


def parse_text(output: str, record: Mapping[str, Any]) -> list[str]:
    """Returns a tag for each word of a record, from a model's text.

    The record's `labels` are those of the dataset.

    Entities are placed by `text_spans.tags`. Of tags in a row, those beyond the
    last word are dropped; a missing or unknown one is read as `other` says.
    """
    words, labels = record["words"], record["labels"]
    if kinds := entity_types(labels):
        return text_spans.tags(output, words, kinds)
    found = output.split()[: len(words)]
    known = set(labels)
    found = [tag if tag in known else other(labels) for tag in found]
    return found + [other(labels)] * (len(words) - len(found))


def unquoted(output: str, record: Mapping[str, Any]) -> str | None:
    """Returns the entities of a model's text that are not in the sentence.

    None for tags in a row, which are no words of the sentence's language.
    """
    if not entity_types(record["labels"]):
        return None
    found = text_spans.entities(output)
    return " ".join(
        one for one in found if not text_spans.is_in(one, record["words"])
    )


def write_text(
    words: Sequence[str], tags: Sequence[str], labels: Sequence[str]
) -> str:
    """Returns the text that stands for the tags of a sentence."""
    if not entity_types(labels):
        return " ".join(tags)
    written = [
        f"{kind}: {' '.join(words[start:end])}"
        for kind, start, end in _entities(tags)
    ]
    return text_spans.DELIMITER.join(written) or _NO_ENTITIES


def entity_types(labels: Iterable[str]) -> tuple[str, ...]:
    """Returns the types of BIO labels, `PER` of `B-PER`; none of others."""
    return tuple(
        label.removeprefix("B-") for label in labels if label.startswith("B-")
    )


def other(labels: Sequence[str]) -> str:
    """Returns the tag of a word that a model gave none: UD's X, or the first."""
    return "X" if "X" in labels else labels[0]


def _entities(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """Returns type, start and end of each; a stray I- begins one (seqeval)."""
    found: list[tuple[str, int, int]] = []
    last = "O"
    for index, tag in enumerate(tags):
        kind = tag[2:]
        if tag.startswith("I-") and last[2:] == kind:
            found[-1] = (kind, found[-1][1], index + 1)
        elif tag != "O":
            found.append((kind, index, index + 1))
        last = tag
    return found
