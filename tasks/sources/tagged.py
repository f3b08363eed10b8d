"""One word and its tag a line, a blank line after each sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tasks.sources import damage
from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError, LabelsWithheld


@dataclass(frozen=True)
class Tagged(FileSource):
    """Lines of a word, `separator` and a tag, in blocks: CoNLL-like files.

    Yields `words` and `tags`, and in `lines` where each word stands. Words keep
    what is inside them, be it a space of another script.

    `is_prefixed` says that a language stands before every word, to be taken
    off: raw WikiANN has `sw:Nairobi`.
    """

    path: str
    separator: str = "\t"
    is_prefixed: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        (path,) = self.files(data_dir)
        found = lines(path)
        self._check_tags(path, found)
        numbered = (
            (f"{path}:{number}", (path, number, block))
            for number, block in blocks(found)
        )
        yield from damage.examples(numbered, self._sentence)

    def _sentence(
        self, item: tuple[Path, int, list[str]], where: str
    ) -> dict[str, Any]:
        path, number, block = item
        pairs = [
            self._pair(line, f"{path}:{at}")
            for at, line in enumerate(block, start=number)
        ]
        words, tags = zip(*pairs, strict=True)
        numbers = tuple(range(number, number + len(pairs)))
        return {"words": words, "tags": tags, "lines": numbers}

    def _check_tags(self, path: Path, found: list[str]) -> None:
        if any(self.separator in line.strip() for line in found):
            return
        raise LabelsWithheld(
            f"{path}:1: words without tags: nothing can be learnt from them "
            "and no prediction scored. XTREME takes the tags out of its test "
            "files; put the official file, which has them, in the place of "
            "this one."
        )

    def _pair(self, line: str, where: str) -> tuple[str, str]:
        columns = line.rstrip("\r").split(self.separator)
        if len(columns) != 2:
            raise InputError(
                f"{where}: {len(columns)} columns, expected a word and a tag, "
                f"separated by {_NAMES.get(self.separator, self.separator)}."
            )
        word, tag = columns
        if self.is_prefixed:
            word = _without_language(word, where)
        if not word.strip() or not tag.strip():
            raise InputError(f"{where}: the word or the tag is missing.")
        return word, tag.strip()


def _without_language(word: str, where: str) -> str:
    _, colon, word = word.partition(":")
    if not colon:
        raise InputError(f"{where}: no language and colon before the word.")
    return word


_NAMES = {"\t": "a tab", " ": "a space"}


def blocks(found: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yields the blocks of lines between blank ones, and their first number."""
    numbered = enumerate(found, start=1)
    for is_blank, group in groupby(numbered, lambda one: _is_blank(one[1])):
        if not is_blank:
            members = list(group)
            yield members[0][0], [line for _, line in members]


def _is_blank(line: str) -> bool:
    # Only these: other white space may be a word, in a file of bare words.
    return not line.strip(" \t\r")
