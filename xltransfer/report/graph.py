"""A study's graph of phases as a picture: SVG, or text for Graphviz."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from xltransfer import files
from xltransfer.errors import InputError
from xltransfer.specification import Phase
from xltransfer.study import Study
from xltransfer.study.graph import Node, below, nodes
from xltransfer.study.states import State

States = Mapping[Phase, State]
# Of a box, and between two boxes, in pixels.
_WIDTH, _HEIGHT, _GAP, _STEP = 300, 34, 60, 44
_COLOURS = {
    "done": "#cfe8cf",
    "running": "#cfdff5",
    "to do": "#f2f2f2",
    "failed": "#f5cfcf",
    "skipped": "#f5e2cf",
    "files missing": "#f5e2cf",
}
# A node shows the state of its phases that most needs attention.
_ORDER = ("failed", "files missing", "skipped", "running", "to do", "done")


def write(path: Path, planned: Study, known: States) -> None:
    """Writes a picture; its name says which kind.

    Raises:
      InputError: for a name that ends neither in `.svg` nor in `.dot`.
    """
    draw = {".svg": svg, ".dot": dot}.get(path.suffix)
    if draw is None:
        raise InputError(f"--graph {path}: end the name in .svg or .dot.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"--graph {path}: there is no such folder.")
    files.replace(path, draw(nodes(planned, known), known))


def dot(every: Sequence[Node], known: States) -> str:
    """Returns the graph in Graphviz's language."""
    names = {node: f"n{number}" for number, node in enumerate(every)}
    lines = ["digraph study {", "  rankdir=LR;", "  node [shape=box];"]
    for node, name in names.items():
        text = json.dumps("\n".join(_texts(node, known)), ensure_ascii=False)
        colour = _COLOURS[_kind(node, known)]
        lines.append(
            f'  {name} [label={text}, style=filled, fillcolor="{colour}"];'
        )
    lines += [
        f"  {names[other]} -> {names[node]};"
        for node in every
        for other in node.needs
    ]
    return "\n".join([*lines, "}"]) + "\n"


def svg(every: Sequence[Node], known: States) -> str:
    """Returns the graph as a drawing: what starts from a phase is right of it."""
    places = _places(every)
    width = max(x for x, _ in places.values()) + _WIDTH + 10
    height = max(y for _, y in places.values()) + _HEIGHT + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">'
    ]
    parts += [
        _edge(places[other], places[node])
        for node in every
        for other in node.needs
    ]
    parts += [_box(node, places[node], known) for node in every]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _places(every: Sequence[Node]) -> dict[Node, tuple[int, int]]:
    """Returns each box's corner: columns by depth, rows by lineage."""
    depth: dict[Node, int] = {}
    for node in every:
        depth[node] = max((depth[other] + 1 for other in node.needs), default=0)
    row_of: dict[Node, int] = {}
    count = 0

    def settle(node: Node) -> None:
        nonlocal count
        row_of[node] = count
        children = list(below(node, every))
        for child in children:
            settle(child)
        # The first child stands in its parent's row.
        count += not children

    for node in every:
        if not node.needs:
            settle(node)
    return {
        node: (10 + depth[node] * (_WIDTH + _GAP), 10 + row * _STEP)
        for node, row in row_of.items()
    }


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT / 2
    to_x, to_y = end[0], end[1] + _HEIGHT / 2
    middle = (x + to_x) / 2
    return (
        f'<path d="M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}" '
        'fill="none" stroke="#999"/>'
    )


def _box(node: Node, place: tuple[int, int], known: States) -> str:
    x, y = place
    colour = _COLOURS[_kind(node, known)]
    title, below_it = (escape(_cut(text)) for text in _texts(node, known))
    return (
        f"<g><title>{escape(' · '.join(_texts(node, known)))}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4" '
        f'fill="{colour}" stroke="#999"/>'
        f'<text x="{x + 6}" y="{y + 14}">{title}</text>'
        f'<text x="{x + 6}" y="{y + 28}" fill="#555">{below_it}</text></g>'
    )


def _texts(node: Node, known: States) -> tuple[str, str]:
    seeds = ", ".join(map(str, node.seeds))
    return node.title, f"seed {seeds}: {node.state(known)}"


def _cut(text: str) -> str:
    """Returns a text that fits a box, at about 6.2 pixels a letter."""
    room = int(_WIDTH / 6.2)
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _kind(node: Node, known: States) -> str:
    found = {known[one].kind for one in node.phases}
    return next(kind for kind in _ORDER if kind in found)
