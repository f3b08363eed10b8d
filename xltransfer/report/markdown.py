"""The report in Markdown: everything but drawings and long tables."""

import re
from collections.abc import Iterator, Sequence

from xltransfer.report.document import (
    Block,
    Document,
    Fold,
    Listing,
    Points,
    Table,
    Text,
)

# What has a meaning in Markdown, or in the HTML that may stand in it.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def markdown(document: Document) -> str:
    """Returns the report in GitHub's Markdown."""
    parts = [f"# {escaped(document.title)}"]
    parts.append(
        "\n".join(
            f"- {escaped(name)}: {escaped(value)}"
            for name, value in document.facts.items()
        )
    )
    for section in document.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += _blocks(section.blocks)
    parts.append("report.html has the drawings and the table of all phases.")
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Returns text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for one in blocks:
        if isinstance(one, Text):
            yield escaped(one.text)
        elif isinstance(one, Points):
            yield "\n".join(f"- {escaped(item)}" for item in one.items)
        elif isinstance(one, Listing):
            yield _fenced(one.text)
        elif isinstance(one, Table) and not one.long:
            yield f"**{escaped(one.caption)}**"
            yield _table(one)
            yield from map(escaped, one.notes)
        elif isinstance(one, Fold):
            inner = list(_blocks(one.blocks))
            if inner:
                yield f"### {escaped(one.title)}"
                yield from inner


def _table(table: Table) -> str:
    rule = ["---:" if number else "---" for number in table.are_numbers]
    rows = [[one.text for one in row] for row in table.cells]
    lines = [map(escaped, table.columns), rule]
    lines += [map(escaped, row) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fenced(text: str) -> str:
    """Returns text in a fence longer than any within."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"
