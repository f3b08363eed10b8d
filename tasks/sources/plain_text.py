"""Plain text, one sentence or paragraph a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.sources.lines import lines
from tasks.sources.source import FileSource


@dataclass(frozen=True)
class PlainText(FileSource):
    """The lines of text files, blank and repeated ones left out.

    Every `every`-th line of each file is held out, counted in each file from
    its first, so that files which translate each other line by line hold out
    the same sentences. `part` says which lines to read.
    """

    paths: tuple[str, ...]
    part: Literal["all", "rest", "held_out"] = "all"
    every: int = 20

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        # Seen in either part, so that no text is in both.
        seen: set[str] = set()
        for path in self.places(data_dir):
            for number, line in enumerate(lines(path), start=1):
                if line in seen or not line.strip():
                    continue
                seen.add(line)
                if self._is_read(number):
                    yield f"{path}:{number}", {"text": line}

    def _is_read(self, number: int) -> bool:
        if self.part == "all":
            return True
        return (number % self.every == 0) == (self.part == "held_out")
