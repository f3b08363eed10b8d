"""Universal Dependencies, prepared as XTREME prepares them for tagging.

XTREME runs conllu_to_conll.py of ud-conversion-tools over each treebank, with
fused forms in place of the words they are made of, and cleans the words in its
utils_preprocess.py. This module follows both step by step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from tasks.sources.tagged import blocks
from xltransfer.errors import InputError

_COLUMNS = 10
_DEFAULT = (
    "VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT"
)
# Which of several equally high words gives a fused form its tag.
PRECEDENCE = {
    "es": "VERB AUX PRON ADP DET",
    "fr": "VERB AUX PRON NOUN ADJ ADV ADP DET PART SCONJ CONJ",
    "it": "VERB AUX ADV PRON ADP DET INTJ",
}
ZERO_WIDTH_NON_JOINER = "\u200c"


@dataclass(frozen=True)
class Word:
    """A syntactic word; `heads` holds enhanced heads besides the basic one."""

    form: str
    tag: str
    heads: frozenset[int]
    line: int


@dataclass(frozen=True)
class Fused:
    """A surface form that stands for the words `first` to `last`, from 1."""

    form: str
    first: int
    last: int
    line: int


@dataclass(frozen=True)
class Treebanks(FileSource):
    """One part of all treebanks of a language, by file name, as XTREME has it.

    The files are `folder/UD_*/<language>_*-ud-<part>*.conllu`, as in UD's own
    archives. Yields `words`, `tags` and `lines`.
    """

    folder: str
    language: str
    part: str

    @property
    def paths(self) -> tuple[str, ...]:
        name = f"{self.language}_*-ud-{self.part}*.conllu"
        return (f"{self.folder}/UD_*/{name}",)

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        """Returns the treebanks that are there, or else the pattern."""
        (pattern,) = super().files(data_dir)
        found = Path(data_dir).glob(self.paths[0])
        return tuple(sorted(found, key=lambda path: path.name)) or (pattern,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        precedence = PRECEDENCE.get(self.language, _DEFAULT).split()
        numbered = (
            (f"{path}:{number}", (path, number, block))
            for path in self.files(data_dir)
            for number, block in blocks(lines(path))
        )

        def prepared(item: tuple, where: str) -> dict[str, Any] | None:
            surface = fuse(*_sentence(*item), precedence)
            forms = tuple(form.strip() for form, _, _ in surface)
            if not surface or is_hidden(forms):
                return None
            return {
                "words": tuple(clean(form) for form in forms),
                "tags": tuple(tag for _, tag, _ in surface),
                "lines": tuple(line for _, _, line in surface),
            }

        found = damage.examples(numbered, prepared)
        yield from (one for one in found if one[1] is not None)


def fuse(
    words: Sequence[Word], spans: Sequence[Fused], precedence: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Returns form, tag and line of each surface word.

    A fused form has the tag of its word with the fewest ancestors, enhanced
    dependencies included; of several such words the tag that comes first in
    `precedence` decides, then the order of the words. (The official script
    fails at tags outside of the list; here they come last.)
    """
    surface = {
        number: (word.form, word.tag, word.line)
        for number, word in enumerate(words, start=1)
    }
    for span in spans:
        members = range(span.first, span.last + 1)
        for number in members[1:]:
            del surface[number]
        head = _highest(words, members, precedence)
        surface[span.first] = (span.form, words[head - 1].tag, span.line)
    return [surface[number] for number in sorted(surface)]


def is_hidden(forms: Sequence[str]) -> bool:
    """Tells whether a sentence is left out: but for one word all are `_`.

    So are treebanks published whose text may not be (Arabic NYUAD).
    """
    hidden = sum(form == "_" for form in forms)
    return hidden > 0 and hidden >= len(forms) - 1


def clean(form: str) -> str:
    """Takes spaces and U+200C out of a word, unless nothing would be left."""
    return form.replace(ZERO_WIDTH_NON_JOINER, "").replace(" ", "") or form


def _highest(
    words: Sequence[Word], members: range, precedence: Sequence[str]
) -> int:
    depth = {number: len(_ancestors(words, number)) for number in members}
    least = min(depth.values())
    highest = [number for number in members if depth[number] == least]
    ranks = {tag: rank for rank, tag in enumerate(precedence)}
    return min(
        highest, key=lambda n: ranks.get(words[n - 1].tag, len(precedence))
    )


def _ancestors(words: Sequence[Word], number: int) -> set[int]:
    found: set[int] = set()
    waiting = [number]
    while waiting:
        one = waiting.pop()
        heads = words[one - 1].heads - found if one else ()
        found.update(heads)
        waiting.extend(heads)
    return found - {number}


def _sentence(
    path: Path, number: int, block: list[str]
) -> tuple[list[Word], list[Fused]]:
    words: list[Word] = []
    spans: list[Fused] = []
    for at, line in enumerate(block, start=number):
        if line.startswith("#"):
            continue
        where = f"{path}:{at}"
        columns = line.rstrip("\r").split("\t")
        if len(columns) != _COLUMNS:
            raise InputError(
                f"{where}: {len(columns)} columns, expected {_COLUMNS}, "
                "separated by tabs."
            )
        if not columns[1].strip() or not columns[3].strip():
            raise InputError(f"{where}: the word or its tag is missing.")
        if "-" in columns[0]:
            spans.append(_span(columns, where, at, len(words), spans))
        elif "." not in columns[0]:  # An empty node is no word of the text.
            words.append(_word(columns, where, at, len(words) + 1))
    _check(path, words, spans)
    return words, spans


def _word(columns: list[str], where: str, line: int, expected: int) -> Word:
    if columns[0] != str(expected):
        raise InputError(
            f"{where}: word {columns[0]!r} where word {expected} should be."
        )
    heads = {_number(columns[6], where)} if columns[6] != "_" else set()
    enhanced = columns[8].split("|") if columns[8] != "_" else []
    heads |= {
        _number(head, where)
        for head, _, _ in (one.partition(":") for one in enhanced)
        if head.isdigit()
    }
    return Word(columns[1], columns[3].strip(), frozenset(heads), line)


def _span(
    columns: list[str], where: str, line: int, before: int, spans: list[Fused]
) -> Fused:
    first, _, last = columns[0].partition("-")
    span = Fused(columns[1], _number(first, where), _number(last, where), line)
    is_free = not spans or spans[-1].last < span.first
    if span.first != before + 1 or span.last < span.first or not is_free:
        raise InputError(
            f"{where}: a form for the words {columns[0]} cannot stand before "
            f"word {before + 1}."
        )
    return span


def _number(text: str, where: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InputError(f"{where}: {text!r} is no word's number.")
    return int(text)


def _check(path: Path, words: list[Word], spans: list[Fused]) -> None:
    for span in spans:
        if span.last > len(words):
            raise InputError(
                f"{path}:{span.line}: a form for words up to {span.last}, but "
                f"the sentence has {len(words)}."
            )
    for word in words:
        if any(head > len(words) for head in word.heads):
            raise InputError(
                f"{path}:{word.line}: the head {max(word.heads)} is no word of "
                f"the sentence, which has {len(words)}."
            )
