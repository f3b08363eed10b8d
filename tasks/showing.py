"""An example on its way: as the file has it, canonical, and as features.

What is right is marked in the pieces themselves, so that a person sees whether
it is: an answer stands in [brackets], a word's tag behind its first piece.
"""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tasks import problems, vocabularies
from tasks.pieces import Pieces
from tasks.row import Dataset, Split
from tasks.vocabularies import Vocabulary

Features = Mapping[str, np.ndarray]
_WIDTH = 78

# What canonical fields are counted in, where an eye would not tell.
_UNITS = {"span": ", begin and end in bytes of the context"}


@dataclass(frozen=True)
class Shown:
    """What `examples` yields: where an example stands, and text about it."""

    where: str
    text: str


def examples(
    dataset: Dataset,
    split: str,
    rendering: str,
    vocabulary: Vocabulary,
    data_dir: Path | None,
    cache_dir: Path | None,
    lengths: Mapping[str, int] | None = None,
) -> Iterator[Shown]:
    """Yields the examples of a split, in file order; loads TensorFlow.

    Raises InputError for what `rows` and `registration.task` refuse.
    """
    pieces = vocabularies.load(vocabulary, cache_dir, data_dir)
    canonical = problems.canonical(dataset)
    source = dataset.split(split).source
    for where, fields in source.read(data_dir):
        example = canonical(fields, where)
        lines = ["raw", *_fields(fields)]
        if example is None:
            yield Shown(where, "\n".join([*lines, "left out by the dataset"]))
            continue
        units = _UNITS.get(dataset.problem, "")
        lines += [f"canonical{units}", *_fields(example)]
        one = replace(dataset, splits=(Split(split, _One(where, fields)),))
        for features in _features(
            one, split, rendering, vocabulary, (data_dir, cache_dir), lengths
        ):
            lines.append(f"features of the {rendering} rendering")
            lines.append(show(dataset, features, pieces))
        yield Shown(where, "\n".join(lines))


def show(dataset: Dataset, features: Features, pieces: Pieces) -> str:
    """Returns features as text, marked as their problem has it."""
    is_encoder = "tokens" in features
    marks = _MARKS.get(dataset.problem) if is_encoder else None
    lines = marks(dataset, features, pieces) if marks else []
    shown = {"tokens"} if lines else set()
    for name, value in features.items():
        if name in shown:
            continue
        if _is_pieces(name):
            words = " ".join(pieces.names(value))
            lines.append(f"{name} [{len(value)}]: {words}")
            lines.append(f"{name}, ids: {' '.join(map(str, value))}")
        else:
            lines.append(f"{name}: {value}")
    return "\n".join(
        textwrap.fill(
            line, _WIDTH, initial_indent="  ", subsequent_indent="      "
        )
        for line in lines
    )


@dataclass(frozen=True)
class _One:
    """A source of one raw example that has been read."""

    where: str
    fields: Mapping[str, Any]

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        return ()

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        return ()

    def digest(self, data_dir: Path | None) -> str:
        return repr(self)

    def read(self, data_dir: Path | None) -> Iterator[tuple[str, Any]]:
        yield self.where, dict(self.fields)


def _features(
    dataset: Dataset,
    split: str,
    rendering: str,
    vocabulary: Vocabulary,
    folders: tuple[Path | None, Path | None],
    lengths: Mapping[str, int] | None,
) -> Iterator[Features]:
    import seqio

    from tasks import registration

    name = registration.task(dataset, rendering, vocabulary, *folders)
    ds = seqio.TaskRegistry.get(name).get_dataset(
        lengths, split, shuffle=False, seed=0
    )
    yield from islice(ds.as_numpy_iterator(), 100)


def _is_pieces(name: str) -> bool:
    return name.endswith("tokens") or name in ("inputs", "targets")


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        yield textwrap.fill(
            f"{name}: {value}",
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="      ",
        )


def _classification(
    dataset: Dataset, features: Features, pieces: Pieces
) -> list[str]:
    label = int(features["label"])
    words = " ".join(pieces.names(features["tokens"]))
    return [f"tokens: {words}", f"label {label} is {dataset.labels[label]!r}"]


def _choices(dataset: Dataset, features: Features, pieces: Pieces) -> list[str]:
    """Marks the right choice by an arrow."""
    ends = np.cumsum(features["choice_lengths"])
    parts = np.split(features["tokens"], ends[:-1])
    right = int(features["label"])
    return [
        f"{'->' if number == right else '  '} choice {number} "
        f"[{len(part)}]: {' '.join(pieces.names(part))}"
        for number, part in enumerate(parts)
    ]


def _span(dataset: Dataset, features: Features, pieces: Pieces) -> list[str]:
    """Puts the answer in brackets; `<s>` in brackets is no answer here."""
    names = pieces.names(features["tokens"])
    start, end = int(features["answer_start"]), int(features["answer_end"])
    names[start] = f"[{names[start]}"
    names[end] = f"{names[end]}]"
    return [f"tokens: {' '.join(names)}"]


def _tagging(dataset: Dataset, features: Features, pieces: Pieces) -> list[str]:
    """Puts each word's tag behind its first piece."""
    names = pieces.names(features["tokens"])
    for column, tag in zip(features["first"], features["tags"], strict=True):
        names[column] = f"{names[column]}/{dataset.labels[tag]}"
    return [f"tokens: {' '.join(names)}"]


_MARKS: dict[str, Callable[[Dataset, Features, Pieces], list[str]]] = {
    "classification": _classification,
    "multiple_choice": _choices,
    "span": _span,
    "tagging": _tagging,
}
