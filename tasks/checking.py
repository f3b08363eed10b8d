"""Reads every example of what is on disk and reports whatever is odd.

Damage is what training would stop at. A note is what it would not: repeated
examples, examples that training and evaluation share, characters that tell of
a wrong encoding.
"""

import contextlib
import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks import inventory, problems
from tasks.row import Dataset, Split
from tasks.sources import damage
from xltransfer.errors import InputError


@dataclass(frozen=True)
class Finding:
    """Something odd: a whole message, with file and line."""

    message: str
    is_damage: bool


@dataclass(frozen=True)
class Report:
    """What was found in one split. `size` counts its sound examples."""

    dataset: str
    split: str
    size: int
    findings: tuple[Finding, ...]

    @property
    def is_damaged(self) -> bool:
        return any(one.is_damage for one in self.findings)


def check(dataset: Dataset, data_dir: Path | None) -> Iterator[Report]:
    """Yields a report of each split whose files are there.

    After damage it goes on where it can: with the next line, sentence, element
    of a list, paragraph or question. Where JSON or XML itself is broken, it
    cannot. A split of which only some files are there is not read; the
    report names the first that is missing.
    """
    dataset = _completed(dataset, data_dir)
    # Of each example, where it stands first.
    seen: dict[int, tuple[str, str]] = {}
    for split in dataset.splits:
        missing = split.source.missing(data_dir)
        files = split.source.files(data_dir)
        if missing and len(missing) == len(files):
            continue
        if missing:
            note = Finding(f"not read: {missing[0]} is missing.", False)
            yield Report(dataset.name, split.name, 0, (note,))
            continue
        yield _checked(dataset, split, data_dir, seen)


def _completed(dataset: Dataset, data_dir: Path | None) -> Dataset:
    """Damage is reported split by split; here it is passed over."""
    with damage.collected(), contextlib.suppress(InputError):
        return inventory.completed(dataset, data_dir)
    return dataset


def _checked(
    dataset: Dataset,
    split: Split,
    data_dir: Path | None,
    seen: dict[int, tuple[str, str]],
) -> Report:
    findings: list[Finding] = []
    size = 0
    with damage.collected() as damaged:
        try:
            for where, example in _examples(dataset, split, data_dir):
                size += 1
                for note in _notes(where, split.name, example, seen):
                    findings.append(Finding(note, False))
        except InputError as error:
            damaged.append(error)
    findings += [Finding(str(error), True) for error in damaged]
    wrong = split.size not in (None, size) or not size
    if wrong and not damaged:
        expected = "at least one" if split.size is None else split.size
        files = ", ".join(map(str, split.source.files(data_dir)))
        message = f"{files}: {size} examples, expected {expected}."
        findings.append(Finding(message, True))
    return Report(dataset.name, split.name, size, tuple(findings))


def _examples(
    dataset: Dataset, split: Split, data_dir: Path | None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    canonical = problems.canonical(dataset)

    def read(fields: Any, where: str) -> Any:
        return None if fields is damage.DAMAGED else canonical(fields, where)

    raw = split.source.read(data_dir)
    for where, example in damage.examples(raw, read):
        # None: left out by the dataset.
        if example is not None and example is not damage.DAMAGED:
            yield where, example


def _notes(
    where: str,
    split: str,
    example: Mapping[str, Any],
    seen: dict[int, tuple[str, str]],
) -> Iterator[str]:
    key = _key(example)
    if key in seen:
        first, other = seen[key]
        if other == split:
            yield f"{where}: the same example as {first}."
        else:
            yield f"{where}: the same example as {first}, in the split {other}."
    else:
        seen[key] = where, split
    for name, text in _texts(example):
        if "\ufffd" in text:
            yield f"{where}: a replacement character (U+FFFD) in {name}."
        control = next((c for c in text if _is_control(c)), None)
        if control:
            yield (
                f"{where}: a control character (U+{ord(control):04X}) in "
                f"{name}."
            )


def _key(example: Mapping[str, Any]) -> int:
    """Returns what equal examples have in common; ids do not count."""
    facts = {
        name: value
        for name, value in example.items()
        if name not in ("id", "query_id", "candidate_id")
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def _texts(example: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in example.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list | tuple):
            for one in value:
                if isinstance(one, str):
                    yield name, one


def _is_control(char: str) -> bool:
    return (char < " " and char not in "\t\n\r") or (
        "\x7f" <= char <= "\x9f" and unicodedata.category(char) == "Cc"
    )
