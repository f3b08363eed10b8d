"""A report's page as a program reads it: tables, embedded JSON, elements."""

import dataclasses
import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

VOID = {"meta", "link", "input", "br", "hr"}


@dataclasses.dataclass
class Cell:
    """A cell: its element, attributes and text."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""

    @property
    def value(self) -> float | None:
        """The unrounded number, where the cell has one."""
        found = self.attributes.get("data-v")
        return None if found is None else float(found)


@dataclasses.dataclass
class Table:
    """A table with its caption; the first row has the columns."""

    caption: str = ""
    rows: list[list[Cell]] = dataclasses.field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        return [one.text for one in self.rows[0]]

    def values(self, headers: int = 1) -> dict[tuple[str, str], float | None]:
        """Returns the numbers by row's first column and by column."""
        return {
            (row[0].text, column): cell.value
            for row in self.rows[1:]
            for column, cell in zip(
                self.columns[headers:], row[headers:], strict=True
            )
        }


class Page(HTMLParser):
    """What is in a page. Asserts that every element is closed."""

    def __init__(self, path: Path):
        super().__init__()
        self.tables: dict[str, Table] = {}
        self.scripts: dict[str, str] = {}
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._table: Table | None = None
        self._script: str | None = None
        self.feed(path.read_text())
        assert self._open == [], self._open

    def json(self, name: str) -> Any:
        return json.loads(self.scripts[name])

    def results(self) -> list[dict[str, Any]]:
        """Returns the embedded rows of results.csv."""
        packed = self.json("results")
        found = [
            {
                name: packed["words"][name][one]
                if name in packed["words"]
                else one
                for name, one in zip(packed["columns"], row, strict=True)
            }
            for row in packed["rows"]
        ]
        return [
            one
            | {
                "value": float(one["value"]),
                "intermediate_examples": int(one["intermediate_examples"]),
            }
            for one in found
        ]

    def handle_startendtag(self, tag, attrs):
        self.elements[tag] += 1
        self.attributes.append((tag, dict(attrs)))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)
        if tag == "figure":
            self._table = self.tables.setdefault(given.get("id") or "", Table())
        elif tag == "tr" and self._table is not None:
            self._table.rows.append([])
        elif tag in ("td", "th") and self._table is not None:
            self._table.rows[-1].append(Cell(tag, given))
        elif tag == "script":
            self._script = given.get("id", "code")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, tag
        if tag == "script":
            self._script = None
        elif tag == "figure":
            self._table = None

    def handle_data(self, data):
        if self._script is not None:
            self.scripts[self._script] = (
                self.scripts.get(self._script, "") + data
            )
        elif self._table is None or not self._open:
            return
        elif "figcaption" in self._open:
            self._table.caption += data
        elif self._open[-1] in ("td", "th"):
            self._table.rows[-1][-1].text += data
