"""Sources made of sources: side by side, one after the other, alternatives."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from tasks.sources import damage
from tasks.sources.source import Source
from xltransfer.errors import InputError


@dataclass(frozen=True)
class Parallel:
    """Files whose n-th lines belong together, e.g. texts and their labels."""

    sources: tuple[Source, ...]

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        return _chained(self.sources, "files", data_dir)

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        return _chained(self.sources, "missing", data_dir)

    def digest(self, data_dir: Path | None) -> str:
        return _digest(self, data_dir)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        readers = (source.read(data_dir) for source in self.sources)
        for examples in zip_longest(*readers):
            if None in examples:
                self._fail(examples, data_dir)
            where = ", ".join(one for one, _ in examples)
            if any(more is damage.DAMAGED for _, more in examples):
                yield where, damage.DAMAGED
                continue
            fields: dict[str, str] = {}
            for _, more in examples:
                fields.update(more)
            yield where, fields

    def _fail(
        self,
        examples: tuple[tuple[str, dict] | None, ...],
        data_dir: Path | None,
    ) -> None:
        longer = next(e[0] for e in examples if e is not None)
        shorter = self.sources[examples.index(None)].files(data_dir)
        raise InputError(
            f"{longer}: no such line in {', '.join(map(str, shorter))}: the "
            "files must have as many lines, each with its counterpart."
        )


@dataclass(frozen=True)
class Concatenated:
    """Sources read one after the other."""

    sources: tuple[Source, ...]

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        return _chained(self.sources, "files", data_dir)

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        return _chained(self.sources, "missing", data_dir)

    def digest(self, data_dir: Path | None) -> str:
        return _digest(self, data_dir)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        for source in self.sources:
            yield from source.read(data_dir)


def _chained(
    sources: tuple[Source, ...], method: str, data_dir: Path | None
) -> tuple[Path, ...]:
    found = (getattr(source, method)(data_dir) for source in sources)
    return tuple(chain.from_iterable(found))


def _digest(source: Parallel | Concatenated, data_dir: Path | None) -> str:
    parts = [part.digest(data_dir) for part in source.sources]
    identity = f"{type(source).__name__} {' '.join(parts)}"
    return hashlib.sha256(identity.encode()).hexdigest()
