"""Sources around a source: other fields, or a part of the examples."""

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tasks.sources import damage
from tasks.sources.source import Source
from xltransfer.errors import InputError, nearest

Template = str | tuple[str, ...]


@dataclass(frozen=True)
class Around:
    """What sources around a source share."""

    source: Source

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        return self.source.files(data_dir)

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        return self.source.missing(data_dir)

    def _raw(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        return damage.sound(self.source.read(data_dir))

    def digest(self, data_dir: Path | None) -> str:
        facts = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "source"
        }
        identity = (type(self).__name__, facts, self.source.digest(data_dir))
        return hashlib.sha256(repr(identity).encode()).hexdigest()


@dataclass(frozen=True)
class Composed(Around):
    """Fields put together out of a source's: prompts, lists of choices.

    `fields` pairs each new field with its template, in which `{name}` stands
    for the source's field of that name (one of several texts: joined by
    spaces). A tuple of templates makes a tuple; a template that is one name
    and nothing else takes the field as it is. Other fields are left out.
    """

    fields: tuple[tuple[str, Template], ...]

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, found in self._raw(data_dir):
            yield (
                where,
                {name: _made(made, found) for name, made in self.fields},
            )


@dataclass(frozen=True)
class Placed(Around):
    """A source whose `answers` are texts, and `starts` where each begins."""

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, found in self._raw(data_dir):
            starts = map(int, found["starts"])
            pairs = zip(found["answers"], starts, strict=True)
            rest = {k: v for k, v in found.items() if k != "starts"}
            yield where, rest | {"answers": tuple(pairs)}


@dataclass(frozen=True)
class Recoded(Around):
    """A source of which one field's values are replaced by others."""

    field: str
    values: tuple[tuple[str, str], ...]

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from damage.examples(self._raw(data_dir), self._recoded)

    def _recoded(self, found: dict[str, Any], where: str) -> dict[str, Any]:
        values = dict(self.values)
        value = found[self.field].strip()
        if value not in values:
            raise InputError(
                f"{where}: the {self.field} {value!r:.80} is none of "
                f"{', '.join(values)}.{nearest(value, values)}"
            )
        return found | {self.field: values[value]}


@dataclass(frozen=True)
class Selected(Around):
    """The examples whose `field` is one of `values`."""

    field: str
    values: tuple[str, ...]

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, found in self._raw(data_dir):
            if found[self.field] in self.values:
                yield where, found


@dataclass(frozen=True)
class Without(Around):
    """The examples of which no field is `text`."""

    text: str

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for where, found in self._raw(data_dir):
            if self.text not in found.values():
                yield where, found


@dataclass(frozen=True)
class Portion(Around):
    """Every `every`-th example, held out, or the rest."""

    part: Literal["rest", "held_out"]
    every: int

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        examples = self._raw(data_dir)
        for number, example in enumerate(examples, start=1):
            if (number % self.every == 0) == (self.part == "held_out"):
                yield example


def _made(template: Template, found: dict[str, Any]) -> str | tuple[str, ...]:
    if isinstance(template, tuple):
        return tuple(_made(one, found) for one in template)
    whole = template[1:-1]
    if template == f"{{{whole}}}" and whole in found:
        return found[whole]
    return template.format_map(
        {
            name: " ".join(value) if isinstance(value, tuple) else value
            for name, value in found.items()
        }
    )
