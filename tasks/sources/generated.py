"""Examples made by a function: no file, no download."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Generated:
    """Examples of `generator(**arguments)`, a pure function of them.

    The generator yields the problem's raw fields (classification: `premise`,
    `hypothesis` and `label`, the label's word; language modelling: `text`).
    Whoever changes what it yields raises `version`: it is the only trace of
    the code in the digest.
    """

    generator: Callable[..., Iterable[dict[str, Any]]]
    arguments: tuple[tuple[str, str | int | float | bool], ...] = ()
    version: int = 1

    @property
    def name(self) -> str:
        module = self.generator.__module__
        return f"{module}.{self.generator.__qualname__}"

    def files(self, data_dir: Path | None = None) -> tuple[Path, ...]:
        return ()

    def missing(self, data_dir: Path | None = None) -> tuple[Path, ...]:
        return ()

    def digest(self, data_dir: Path | None = None) -> str:
        identity = repr((self.name, sorted(self.arguments), self.version))
        return hashlib.sha256(identity.encode()).hexdigest()

    def read(
        self, data_dir: Path | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        examples = self.generator(**dict(self.arguments))
        for number, fields in enumerate(examples, start=1):
            yield f"{self.name}:{number}", fields
