"""The same examples, to be found in one place or another."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources.source import Source


@dataclass(frozen=True)
class Alternatives:
    """The first of several sources whose files are there."""

    sources: tuple[Source, ...]

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        return self._chosen(data_dir).files(data_dir)

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        return self._chosen(data_dir).missing(data_dir)

    def digest(self, data_dir: Path | None) -> str:
        return self._chosen(data_dir).digest(data_dir)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        return self._chosen(data_dir).read(data_dir)

    def _chosen(self, data_dir: Path | None) -> Source:
        for source in self.sources:
            if not source.missing(data_dir):
                return source
        return self.sources[0]
