"""An XML file with one element an example."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from tasks.sources import damage
from tasks.sources.json_fields import Keys
from tasks.sources.lines import text
from tasks.sources.source import FileSource
from xltransfer.errors import InputError, nearest


@dataclass(frozen=True)
class XmlPairs(FileSource):
    """The elements named `element`, e.g. `<pair label="x"><t>…</t></pair>`.

    `keys` pairs each field with an attribute, `@label`, or with the element
    inside whose text it is, `t`. A document type is refused: with it a file
    could define entities, which grow without bounds or read other files.
    """

    path: str
    keys: Keys
    element: str = "pair"

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        (path,) = self.places(data_dir)
        reading = _Reading(path, self.element)
        numbered = (
            (f"{path}:{line}", found)
            for line, found in reading.examples(text(path))
        )
        yield from damage.examples(numbered, self._picked)

    def _picked(self, found: dict[str, str], where: str) -> dict[str, str]:
        for _, name in self.keys:
            if name not in found:
                raise InputError(
                    f"{where}: no {_described(name)} in this "
                    f"{self.element!r}.{nearest(name, found)}"
                )
        return {field: found[name] for field, name in self.keys}


class _Reading:
    """Collects the elements while the parser goes through the file."""

    def __init__(self, path: Path, element: str):
        self._path, self._element = path, element
        self._found: list[tuple[int, dict[str, str]]] = []
        # Names of the elements that are open, from the example's inwards.
        self._open: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def examples(self, content: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yields line and contents of every element, up to broken XML."""
        failure = None
        try:
            # A text is given in UTF-8, whatever its declaration says.
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            failure = InputError(
                f"{self._path}:{error.lineno}: no valid XML: "
                f"{expat.ErrorString(error.code)}."
            )
        # The last one may not have been whole.
        yield from self._found[: -1 if self._open else None]
        if failure:
            raise failure

    def _refuse(self, *declaration: object) -> None:
        raise InputError(
            f"{self._path}:{self._parser.CurrentLineNumber}: a document type "
            "declaration. The official file has none."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._open:
            self._open.append(name)
            self._found[-1][1].setdefault(name, "")
        elif name == self._element:
            self._open.append(name)
            named = {f"@{key}": value for key, value in attributes.items()}
            self._found.append((self._parser.CurrentLineNumber, named))

    def _end(self, name: str) -> None:
        if self._open:
            self._open.pop()

    def _text(self, data: str) -> None:
        if len(self._open) > 1:
            self._found[-1][1][self._open[-1]] += data


def _described(name: str) -> str:
    if name.startswith("@"):
        return f"attribute {name[1:]!r}"
    return f"element {name!r}"
