"""SeqIO task -> tokenised random-access cache, and back.

A cache holds one split of one dataset in one rendering, vocabulary and
length: flat ids and offsets as memory-mapped `.npy` files and a manifest that
repeats what training and evaluating need. Its folder is named by a hash of
all that went in, so that changed data, lengths or preprocessing can never
meet a stale cache. Building needs TensorFlow and SeqIO; opening does not.
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tasks import problems, vocabularies
from tasks.row import Dataset, rows
from tasks.sources import Source
from tasks.vocabularies import Vocabulary
from xltransfer import claims
from xltransfer.errors import InputError

FORMAT = 2
BUILD_BATCH = 1024
MANIFEST = "manifest.json"
RECORDS = "records.jsonl"


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be cached.

    Attributes:
      dataset: the row of the task table.
      split: `train`, `dev` or `test`.
      rendering: `encoder` or `text`.
      vocabulary: whose pieces the ids are.
      lengths: pairs of sequence feature and longest length, in tokens.
    """

    dataset: Dataset
    split: str
    rendering: str
    vocabulary: Vocabulary
    lengths: tuple[tuple[str, int], ...]

    def source_digest(self, data_dir: Path | None) -> str:
        """Returns the digest of the raw data of this split."""
        return digest(self.dataset.split(self.split).source, data_dir)

    def key(self, data_dir: Path | None) -> dict[str, Any]:
        """Returns everything that the cache's content depends on."""
        row = self.dataset
        sample = row.split(self.split).sample
        whole = {
            "format": FORMAT,
            "dataset": row.name,
            "problem": row.problem,
            "language": row.language,
            "labels": row.labels,
            "label_map": row.label_map,
            "dropped_labels": row.dropped_labels,
            "template": row.template,
            "text_labels": row.text_labels,
            "metrics": row.metrics,
            "version": row.version,
            "split": self.split,
            "rendering": self.rendering,
            "vocabulary": digest(self.vocabulary, data_dir),
            "lengths": dict(self.lengths),
            "source": self.source_digest(data_dir),
        }
        if sample is not None:
            whole["sample"] = dataclasses.asdict(sample)
        return whole


@functools.cache
def digest(digestible: Source | Vocabulary, data_dir: Path | None) -> str:
    """Files are read once a process, however many phases share them."""
    return digestible.digest(data_dir)


@dataclasses.dataclass(frozen=True)
class Cache:
    """An opened cache: `size` examples by number."""

    directory: Path
    manifest: dict[str, Any]

    @property
    def size(self) -> int:
        """The number of examples."""
        return self.manifest["size"]

    def lengths(self, *features: str) -> np.ndarray:
        """Int[size F]: elements per example, a column for each sequence."""
        columns = [np.diff(self._offsets[name]) for name in features]
        return np.stack(columns, axis=1)

    @functools.cached_property
    def sequences(self) -> tuple[str, ...]:
        """Names of the sequence features: `tokens`, or `inputs`, `targets`."""
        return tuple(self.manifest["sequences"])

    @functools.cached_property
    def records(self) -> list[dict[str, Any]]:
        """What evaluating needs of each raw example, in the file's order.

        Not there for training splits, and for problems without a `record`.
        """
        lines = (self.directory / RECORDS).read_text().split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def tokens(self, feature: str, example: int) -> np.ndarray:
        """Returns the ids of one example: Int[length]."""
        low, high = self._offsets[feature][example : example + 2]
        return self._arrays[feature][low:high]

    def ids(self, feature: str) -> np.ndarray:
        """Returns a sequence feature of all examples, end to end."""
        return self._arrays[feature]

    def scalars(self, feature: str) -> np.ndarray:
        """Returns a scalar feature of all examples: Int[size]."""
        return self._arrays[feature]

    def raw(self, example: int) -> int:
        """Returns the number, from 0, of the raw example that one is part of."""
        if "example" in self.manifest["features"]:
            return int(self.scalars("example")[example])
        return example

    @functools.cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        return {
            name: _load(self.directory / f"{name}.npy")
            for name in self.manifest["features"]
        }

    @functools.cached_property
    def _offsets(self) -> dict[str, np.ndarray]:
        return {
            name: _load(self.directory / f"{name}.offsets.npy")
            for name in self.sequences
        }

    def check(self) -> None:
        """Raises InputError where files are missing, cut short or at odds."""
        for name, array in self._arrays.items():
            expected = self.size
            if name in self.sequences:
                offsets = self._offsets[name]
                if len(offsets) != self.size + 1:
                    raise _damaged(self.directory, f"{name}: wrong offsets")
                expected = offsets[-1]
            if len(array) != expected:
                raise _damaged(
                    self.directory,
                    f"{name}: {len(array)} values, expected {expected}",
                )

    def __hash__(self) -> int:
        return hash(self.directory)


def prepare(
    request: Request, cache_dir: Path, data_dir: Path | None = None
) -> Cache:
    """Opens the cache of a request, building it first where there is none.

    Args:
      request: what is wanted.
      cache_dir: the folder that holds all caches.
      data_dir: the folder that holds the official files, where any are read.

    Raises:
      InputError: for missing or damaged source files; nothing is left behind.
    """
    directory = location(request, cache_dir, data_dir)
    if not (directory / MANIFEST).exists():
        # Of workers that want the same, one builds and the others wait.
        with claims.alone(_claimed(directory, cache_dir)):
            if not (directory / MANIFEST).exists():
                _build(request, directory, cache_dir, data_dir)
    return open_cache(directory)


def location(request: Request, cache_dir: Path, data_dir: Path | None) -> Path:
    """Returns the folder of the cache of a request, built or not."""
    key = json.dumps(request.key(data_dir), sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    name = f"{request.split}-{digest}"
    return cache_dir / request.dataset.name / request.rendering / name


def _claimed(directory: Path, cache_dir: Path) -> Path:
    """Returns what is claimed while a cache is built: no part of it."""
    name = "-".join(directory.relative_to(cache_dir).parts)
    return cache_dir / claims.NAME / name


def open_cache(directory: Path) -> Cache:
    """Opens a finished cache; imports neither TensorFlow nor SeqIO.

    Raises:
      InputError: where there is none, or a damaged one.
    """
    try:
        cache = Cache(directory, json.loads((directory / MANIFEST).read_text()))
        cache.check()
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise _damaged(directory, str(error)) from error
    return cache


def _load(path: Path) -> np.ndarray:
    # A view as a plain array: slices of a memmap take ten times as long.
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)


def _damaged(directory: Path, why: str) -> InputError:
    return InputError(
        f"{directory}: damaged cache ({why}); delete the folder and it is "
        "built anew."
    )


def _build(
    request: Request, directory: Path, cache_dir: Path, data_dir: Path | None
) -> None:
    """Writes the cache beside its place and moves it there in one step."""
    partial = directory.with_name(f".{directory.name}.{uuid.uuid4().hex[:8]}")
    partial.mkdir(parents=True)
    try:
        arrays = _write_features(request, partial, cache_dir, data_dir)
        _write_records(request, partial / RECORDS, data_dir)
        manifest = _manifest(request, arrays, cache_dir, data_dir)
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (partial / MANIFEST).write_text(text + "\n")
        _move(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _move(partial: Path, directory: Path) -> None:
    """A worker that lost its claim may have built the same cache meanwhile."""
    try:
        os.replace(partial, directory)
    except OSError:
        if not (directory / MANIFEST).exists():
            raise InputError(
                f"{directory} is in the way: a folder without "
                f"{MANIFEST} is no cache. Delete it."
            ) from None


def _write_features(
    request: Request, folder: Path, cache_dir: Path, data_dir: Path | None
) -> dict[str, Any]:
    flat: dict[str, list[np.ndarray]] = {}
    counts: dict[str, list[np.ndarray]] = {}
    for batch in _batches(request, cache_dir, data_dir):
        for name, column in batch.items():
            if isinstance(column, tuple):
                column, lengths = column
                counts.setdefault(name, []).append(lengths)
            flat.setdefault(name, []).append(_narrow(column))
    for name, parts in flat.items():
        np.save(folder / f"{name}.npy", np.concatenate(parts))
    for name, parts in counts.items():
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(parts))])
        np.save(folder / f"{name}.offsets.npy", offsets.astype(np.int64))
    sequences = sorted(counts)
    return {
        "features": sorted(flat),
        "sequences": sequences,
        "size": sum(len(part) for part in counts[sequences[0]]),
    }


def _write_records(request: Request, path: Path, data_dir: Path | None) -> None:
    """Writes one raw example a line, where the problem says what is kept."""
    record = getattr(problems.problem(request.dataset.problem), "record", None)
    if record is None or request.split == "train":
        return
    with path.open("w") as file:
        for example in rows(request.dataset, request.split, data_dir):
            line = json.dumps(record(example), ensure_ascii=False)
            file.write(f"{line}\n")


def _narrow(values: np.ndarray) -> np.ndarray:
    """Ids below 65,536 take two bytes."""
    fits = values.size == 0 or (values.min() >= 0 and values.max() < 2**16)
    return values.astype(np.uint16 if fits else np.int32)


def _batches(
    request: Request, cache_dir: Path, data_dir: Path | None
) -> Iterator[dict[str, np.ndarray | tuple[np.ndarray, np.ndarray]]]:
    with muted_stderr():
        from tasks import registration

    name = registration.task(
        request.dataset,
        request.rendering,
        request.vocabulary,
        data_dir,
        cache_dir,
    )
    return registration.batches(
        name, request.split, dict(request.lengths), BUILD_BATCH
    )


@contextlib.contextmanager
def muted_stderr() -> Iterator[None]:
    """TensorFlow tells of its search for a GPU while it is imported.

    It does so below Python and below its own log level; only after a failure
    is what it said of interest.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as said, contextlib.ExitStack() as undo:
        before = os.dup(2)
        undo.callback(os.close, before)
        undo.callback(os.dup2, before, 2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(before, said.read())
            raise


def _manifest(
    request: Request,
    arrays: dict[str, Any],
    cache_dir: Path,
    data_dir: Path | None,
) -> dict[str, Any]:
    row = request.dataset
    return {
        "key": request.key(data_dir),
        "dataset": row.name,
        "labels": row.labels,
        "metrics": row.metrics,
        "answers": _answers(request, cache_dir, data_dir),
        **arrays,
    }


def _answers(
    request: Request, cache_dir: Path, data_dir: Path | None
) -> list[list[int]]:
    """Returns the ids of each label's text, closed by the end id."""
    if request.rendering != "text" or not request.dataset.text_labels:
        return []
    pieces = vocabularies.load(request.vocabulary, cache_dir, data_dir)
    return [
        [*pieces.encode(text), pieces.eos_id]
        for text in request.dataset.text_labels
    ]
