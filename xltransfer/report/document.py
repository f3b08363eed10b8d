"""What a report says, whatever it is written in: sections of simple blocks."""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
      text: what is read.
      value: what is sorted and compared by, unrounded.
      shade: from -1 to 1, how strongly it is coloured; None: not at all.
      strong: whether it stands out, also where there is no colour.
      note: what a pointer resting on it is told.
    """

    text: str
    value: float | None = None
    shade: float | None = None
    strong: bool = False
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    """A table, whose first `headers` columns name the rows.

    Attributes:
      name: tells the tables of a report apart; `a-z0-9-`.
      caption: what it shows, in which unit, over what.
      columns: their names.
      rows: as many cells each as there are columns; text is a cell.
      headers: the columns that name the row.
      notes: below it: what must be known of its numbers.
      scale: the value at full shade, where cells are shaded.
      searched: whether rows are to be found by a word.
      long: whether a paper would leave it out.
      pinned: rows at the top that sorting leaves there.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    headers: int = 1
    notes: Sequence[str] = ()
    scale: float | None = None
    searched: bool = False
    long: bool = False
    pinned: int = 0

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows, all of whose cells are cells."""
        return [
            [one if isinstance(one, Cell) else Cell(one) for one in row]
            for row in self.rows
        ]

    @property
    def are_numbers(self) -> list[bool]:
        """Tells of each column whether any of its cells has a value."""
        rows = self.cells
        return [
            any(row[number].value is not None for row in rows)
            for number in range(len(self.columns))
        ]


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclasses.dataclass(frozen=True)
class Points:
    """A list; `kind` is `plain` or `warning`."""

    items: Sequence[str]
    kind: str = "plain"


@dataclasses.dataclass(frozen=True)
class Listing:
    """Text as it is typed or stored."""

    text: str


@dataclasses.dataclass(frozen=True)
class Figure:
    """A drawing, which only HTML shows.

    Attributes:
      svg: the markup, safe as it is.
      alternative: what it shows, for whoever cannot see it.
      caption: below it.
    """

    svg: str
    alternative: str
    caption: str


@dataclasses.dataclass(frozen=True)
class Comparer:
    """A choice of two cells, whose phases' fields are laid side by side.

    Attributes:
      cells: by label, the names of a cell's phases.
      fields: by phase, its flat configuration: field -> text.
    """

    cells: dict[str, Sequence[str]]
    fields: dict[str, dict[str, str]]


@dataclasses.dataclass(frozen=True)
class Fold:
    """Blocks that a reader may open."""

    title: str
    blocks: Sequence["Block"]
    open: bool = False


Block = Table | Text | Points | Listing | Figure | Comparer | Fold


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading and what stands below it; `name` is its address."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclasses.dataclass(frozen=True)
class Document:
    """The whole report.

    Attributes:
      title: of the page.
      facts: name -> value, for its head.
      sections: in order.
      results: the study's rows, unrounded.
    """

    title: str
    facts: dict[str, str]
    sections: Sequence[Section]
    results: Sequence[dict]
