"""Entities as text, `PER: Ada Lovelace $$ LOC: London`, as mT5 writes them."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from xltransfer.metrics.counted import Columns, Sums, sums

DELIMITER = " $$ "
_TINY = 1e-13


def span_f1(
    targets: Sequence[str], predictions: Sequence[str]
) -> dict[str, float]:
    """Returns mT5's `span_f1` in percent: micro F1 of (type, text) pairs.

    Where an entity stands does not matter. As in the original, a piece
    without exactly one colon counts on neither side, and 1e-13 keeps the
    divisions defined, so that a perfect score is that much below 100.

    Source: `span_f1` in google-research/multilingual-t5's
    evaluation/metrics.py, which gives it in 0..1.

    Raises:
      ValueError: if the lengths differ.
    """
    return total(sums(count(targets, predictions)))


def count(targets: Sequence[str], predictions: Sequence[str]) -> Columns:
    """Returns the entities of each text, and the right ones."""
    pairs = [
        (Counter(_pieces(target)), Counter(_pieces(prediction)))
        for target, prediction in zip(targets, predictions, strict=True)
    ]
    return {
        "hits": [(gold & guess).total() for gold, guess in pairs],
        "golds": [gold.total() for gold, _ in pairs],
        "guesses": [guess.total() for _, guess in pairs],
    }


def total(sums: Sums) -> dict[str, float]:
    """Returns what `span_f1` does, from sums over texts."""
    precision = sums["hits"] / (sums["guesses"] + _TINY)
    recall = sums["hits"] / (sums["golds"] + _TINY)
    f1 = 2.0 * ((precision * recall) / (precision + recall + _TINY))
    return {"span_f1": f1 * 100}


def _pieces(text: str) -> list[tuple[str, str]]:
    split = [piece.split(":") for piece in text.split(DELIMITER)]
    return [
        (parts[0].strip(), parts[1].strip())
        for parts in split
        if len(parts) == 2
    ]


def tags(text: str, words: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Returns a BIO tag for each word, from entities as text.

    Entities are looked for in the order of the text: each at its first place
    behind the one before, else at its first place at all, where no word has an
    entity yet. Texts are compared after NFKC, as mT5's vocabulary gives them
    back, and without white space. What is not found, or of another type, is
    dropped.

    Args:
      text: the model's output. A piece is parted at its first colon, so that
        an entity may have one, unlike in `span_f1`.
      words: the sentence.
      kinds: the types that count, e.g. `("PER", "ORG", "LOC")`.
    """
    found = ["O"] * len(words)
    plain = [_plain(word) for word in words]
    behind = 0
    for kind, entity in _parted(text):
        wanted = _plain(entity)
        if kind not in kinds or not wanted:
            continue
        place = _place(wanted, plain, found, behind)
        place = place or _place(wanted, plain, found, 0)
        if place:
            start, behind = place
            inside = [f"I-{kind}"] * (behind - start - 1)
            found[start:behind] = [f"B-{kind}", *inside]
    return found


def entities(text: str) -> list[str]:
    """Returns the entities of a text, whatever their types, without these."""
    return [entity for _, entity in _parted(text) if entity]


def is_in(entity: str, words: Sequence[str]) -> bool:
    """Tells whether an entity, compared as in `tags`, is part of a sentence."""
    return _plain(entity) in _plain("".join(words))


def _parted(text: str) -> list[tuple[str, str]]:
    """Returns type and entity of each piece, parted at its first colon."""
    pieces = [piece.partition(":") for piece in text.split(DELIMITER.strip())]
    return [(kind.strip(), entity.strip()) for kind, _, entity in pieces]


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _place(
    wanted: str, words: Sequence[str], found: Sequence[str], first: int
) -> tuple[int, int] | None:
    """Returns start and end of the first untagged words that spell a text."""
    for start in range(first, len(words)):
        rest = wanted
        for end in range(start, len(words)):
            if found[end] != "O" or not words[end]:
                break
            if not rest.startswith(words[end]):
                break
            rest = rest[len(words[end]) :]
            if not rest:
                return start, end + 1
    return None
