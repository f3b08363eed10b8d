"""Precision, recall and F1 of tagged chunks, as XTREME counts UD-POS and NER.

XTREME calls seqeval on the tags of the files, and its published numbers need
seqeval 0.0.12. That reads a tag's first letter as its place in a chunk and
what follows the last hyphen as the chunk's type. With BIO tags these are
entities. With bare UPOS tags a chunk is a run of equal tags, except that each
SCONJ and each SYM is a chunk of its own: S reads as "single".

Sources: google-research/xtreme's evaluate.py; `get_entities` of
chakki-works/seqeval 0.0.12.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from xltransfer.metrics.counted import Columns, Sums, sums

Sentences = Sequence[Sequence[str]]
Chunk = tuple[str, int, int]


def chunk_f1(targets: Sentences, predictions: Sentences) -> dict[str, float]:
    """Returns `f1`, `precision`, `recall` and tokens' `accuracy` in percent.

    The first three are micro averages over all chunks; accuracy is no part of
    the benchmark.

    Args:
      targets: the tags of each sentence.
      predictions: as many tags.

    Raises:
      ValueError: if the numbers of sentences or of a sentence's tags differ.
    """
    return total(sums(count(targets, predictions)))


def count(targets: Sentences, predictions: Sentences) -> Columns:
    """Returns what each sentence adds: chunks and tokens, and the right ones.

    Raises:
      ValueError: as `chunk_f1` does, or without any token.
    """
    lengths = [list(map(len, one)) for one in (targets, predictions)]
    if lengths[0] != lengths[1]:
        raise ValueError("targets and predictions are not equally long")
    if not sum(lengths[0]):
        raise ValueError("0 targets, 0 guesses")
    starts = list(accumulate((n + 1 for n in lengths[0][:-1]), initial=0))
    gold, found = chunks(targets), chunks(predictions)
    return {
        "common": _by_sentence(gold & found, starts),
        "found": _by_sentence(found, starts),
        "gold": _by_sentence(gold, starts),
        "right": [
            sum(a == b for a, b in zip(*pair, strict=True))
            for pair in zip(targets, predictions, strict=True)
        ],
        "tokens": lengths[0],
    }


def total(sums: Sums) -> dict[str, float]:
    """Returns what `chunk_f1` does, from sums over sentences."""
    common = sums["common"]
    precision = common / sums["found"] if sums["found"] else 0.0
    recall = common / sums["gold"] if sums["gold"] else 0.0
    both = precision + recall
    return {
        "f1": (2 * precision * recall / both if both else 0.0) * 100,
        "precision": precision * 100,
        "recall": recall * 100,
        "accuracy": sums["right"] / sums["tokens"] * 100,
    }


def chunks(sentences: Sentences) -> set[Chunk]:
    """Returns type, first and last token of every chunk.

    Tokens are counted through the file, one more after each sentence.
    """
    found = set()
    place, kind, start = "O", "", 0
    tags = [tag for sentence in sentences for tag in (*sentence, "O")]
    for index, tag in enumerate(tags):
        last_place, last_kind = place, kind
        place, kind = tag[0], tag.rpartition("-")[2]
        if _ends(last_place, place, last_kind != kind):
            found.add((last_kind, start, index - 1))
        if _starts(last_place, place, last_kind != kind):
            start = index
    return found


def _ends(last: str, place: str, is_other_kind: bool) -> bool:
    return (
        last in "ES"
        or (last in "BI" and place in "BSO")
        or (last not in "O." and is_other_kind)
    )


def _starts(last: str, place: str, is_other_kind: bool) -> bool:
    return (
        place in "BS"
        or (last in "ESO" and place in "EI")
        or (place not in "O." and is_other_kind)
    )


def _by_sentence(found: Iterable[Chunk], starts: Sequence[int]) -> list[float]:
    """Counts chunks where they begin.

    All are found in one pass through the file, as the scorer does.
    """
    counts = Counter(bisect_right(starts, start) for _, start, _ in found)
    return [counts[number] for number in range(1, len(starts) + 1)]
