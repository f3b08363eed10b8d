"""Sentences and their translations, as retrieval: Tatoeba and BUCC."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources.lines import lines
from tasks.sources.source import FileSource
from xltransfer.errors import InputError


@dataclass(frozen=True)
class SortedPairs(FileSource):
    """Line-parallel files: which line of `candidates` translates a query?

    The queries come in the order of their code points, as in XTREME's
    preprocessing: where they stood among the candidates is the gold, and the
    order of lines tells nothing. The i-th example has the i-th query and the
    i-th candidate, which do not belong together.
    """

    queries: str
    candidates: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.queries, self.candidates)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        paths = self.places(data_dir)
        queries, candidates = (
            [line.strip() for line in lines(path)] for path in paths
        )
        if len(queries) != len(candidates):
            raise InputError(
                f"{paths[0]}: {len(queries)} lines, but {paths[1]} has "
                f"{len(candidates)}: the files must have as many."
            )
        order = sorted(range(len(queries)), key=queries.__getitem__)
        for number, gold in enumerate(order):
            where = f"{paths[0]}:{gold + 1}, {paths[1]}:{number + 1}"
            yield (
                where,
                {
                    "query": queries[gold],
                    "query_id": str(number),
                    "gold": (str(gold),),
                    "candidate": candidates[number],
                    "candidate_id": str(number),
                },
            )


@dataclass(frozen=True)
class MinedPairs(FileSource):
    """BUCC's two lists of sentences and the pairs that are among them.

    Lines are `id<TAB>sentence`, the gold file's `id of a query<TAB>id of a
    candidate`. Queries come first, then candidates; most have no partner.
    """

    queries: str
    candidates: str
    gold: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.queries, self.candidates, self.gold)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        queries, candidates, gold = self.places(data_dir)
        partners: dict[str, list[str]] = defaultdict(list)
        for _, query, candidate in _split(gold):
            partners[query].append(candidate)
        for where, identity, sentence in _split(queries):
            yield (
                where,
                {
                    "query": sentence,
                    "query_id": identity,
                    "gold": tuple(partners.pop(identity, ())),
                },
            )
        if partners:
            raise InputError(
                f"{gold}: {min(partners)!r} is no id of {queries}. Are these "
                "files of one part?"
            )
        for where, identity, sentence in _split(candidates):
            yield where, {"candidate": sentence, "candidate_id": identity}


def _split(path: Path) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(lines(path), start=1):
        first, tab, second = line.partition("\t")
        where = f"{path}:{number}"
        if not tab:
            raise InputError(
                f"{where}: expected two columns, separated by tabs."
            )
        yield where, first.strip(), second.strip()
