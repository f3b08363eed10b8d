"""A dataset in one language: a row of facts, and how its examples are read."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tasks import problems
from tasks.sources.source import Source
from xltransfer.errors import InputError, NotWhole, nearest


@dataclass(frozen=True)
class Sample:
    """Which examples of a split there are: `count` of them, at random.

    Those whose hash of seed and number is the least, so that with one seed a
    larger sample holds every smaller one, on any machine.
    """

    count: int
    seed: int = 0

    def of(self, examples: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Returns the sample, in the order of the examples."""
        drawn = heapq.nsmallest(
            self.count, enumerate(examples), key=lambda one: self._lot(one[0])
        )
        return [example for _, example in sorted(drawn, key=lambda one: one[0])]

    def _lot(self, number: int) -> bytes:
        text = f"{self.seed} {number}"
        return hashlib.blake2b(text.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Split:
    """One part of a dataset: 'train', 'dev' or 'test'."""

    name: str
    source: Source
    # Examples after cleaning; asserted while reading when given.
    size: int | None = None
    # Evaluation sets that hold the same content as this split alone does.
    overlap: tuple[str, ...] = ()
    # Where not all of its examples are wanted.
    sample: Sample | None = None

    @property
    def examples(self) -> int | None:
        """How many examples there are, where the row says so."""
        if self.sample is None:
            return self.size
        return min(self.sample.count, self.size or self.sample.count)


# Who wrote the texts in this language: its speakers, translators of another
# language's examples, a translating program, or a program that made them out of
# other texts, labels included.
Translation = Literal["native", "human", "machine", "generated"]


@dataclass(frozen=True)
class Dataset:
    """One dataset in one language, without TensorFlow.

    `labels` are in class order; `label_map` gives raw labels their canonical
    form; examples whose raw label is in `dropped_labels` are left out.
    `template` and `text_labels` serve the text rendering: how an example is
    written, and what a class is called.
    `overlap` names the evaluation sets that hold the same content: whoever
    trains on it has seen what is asked there, or its translation.
    `translation` tells who wrote the text in this language, `access` what
    stands before its files, if anything does.
    """

    name: str
    problem: str
    language: str
    splits: tuple[Split, ...]
    labels: tuple[str, ...] = ()
    label_map: tuple[tuple[str, str], ...] = ()
    dropped_labels: tuple[str, ...] = ()
    template: str = ""
    text_labels: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ("accuracy",)
    citation: str = ""
    url: str = ""
    licence: str = ""
    overlap: tuple[str, ...] = ()
    translation: Translation = "native"
    access: str = ""
    # Retrieval: the dataset whose split of the same name, or test, holds the
    # candidates, where they are not the dataset's own.
    pool: str = ""
    version: int = 1

    def split(self, name: str) -> Split:
        """Returns the split of that name; raises InputError without one."""
        for split in self.splits:
            if split.name == name:
                return split
        names = [split.name for split in self.splits]
        raise InputError(
            f"{self.name} has no split {name!r}, only {', '.join(names)}."
            f"{nearest(name, names)}"
        )


def rows(
    dataset: Dataset, split_name: str, data_dir: Path | None
) -> Iterator[dict[str, Any]]:
    """Yields the canonical, validated examples of one split, in file order.

    Their fields are the problem's (see `tasks.problems`). Raises InputError,
    naming file and line, for whatever does not fit the row, and when the number
    of examples is not the split's.
    """
    split = dataset.split(split_name)
    missing = split.source.missing(data_dir)
    if missing:
        raise InputError(
            f"{missing[0]} is missing: {dataset.name} needs it for its split "
            f"{split_name!r}. Put it there or give another data directory. "
            f"{dataset.access}".rstrip()
        )
    examples = _whole(dataset, split, data_dir)
    if split.sample is None:
        yield from examples
        return
    drawn = split.sample.of(examples)
    if len(drawn) < split.sample.count:
        raise InputError(f"{dataset.name}: there are {len(drawn)} examples.")
    yield from drawn


def _whole(
    dataset: Dataset, split: Split, data_dir: Path | None
) -> Iterator[dict[str, Any]]:
    canonical = problems.canonical(dataset)
    count = 0
    for where, fields in split.source.read(data_dir):
        example = canonical(fields, where)
        if example is not None:
            count += 1
            yield example
    _check_size(dataset, split, count, data_dir)


def digest(dataset: Dataset, split_name: str, data_dir: Path | None) -> str:
    """Returns the identity, in hex, of the examples that `rows` yields."""
    split = dataset.split(split_name)
    facts = (
        dataset.problem,
        dataset.labels,
        dataset.label_map,
        dataset.dropped_labels,
        dataset.version,
        split.source.digest(data_dir),
    )
    if split.sample:
        facts += (split.sample,)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _check_size(
    dataset: Dataset, split: Split, count: int, data_dir: Path | None
) -> None:
    if count and split.size in (None, count):
        return
    files = ", ".join(str(path) for path in split.source.files(data_dir))
    expected = "at least one" if split.size is None else split.size
    raise NotWhole(
        f"{files or dataset.name}: {count} examples for the split "
        f"{split.name!r} of {dataset.name}, expected {expected}. "
        "Is the file whole, and the official one?"
    )
