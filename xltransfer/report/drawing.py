"""Vector drawings as markup: small multiples with shared axes.

Everything is styled by classes, so that a page's theme decides on colours.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Axis:
    """Maps numbers to places: `low` to `start`, `high` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Returns the place of a number; of one outside, the nearer end."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Tells whether a number lies within."""
        return self.low <= value <= self.high

    def ticks(self, count: int) -> list[float]:
        """Returns about `count` round numbers within."""
        rough = (self.high - self.low) / count or 1.0
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * k for k in (1, 2, 3, 5, 10) if unit * k >= rough)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [step * number for number in range(first, last + 1)]


def drawing(
    width: float, height: float, title: str, parts: Iterable[str]
) -> str:
    """Returns a whole drawing; `title` is read out in its place."""
    return (
        f'<svg class="plot" role="img" aria-label={quoteattr(title)} '
        f'style="--width: {width:g}px" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}">{"".join(parts)}</svg>'
    )


def path(points: Sequence[Point], kind: str, title: str = "") -> str:
    """Returns a line through points."""
    return _path("M" + "L".join(map(_place, points)), kind, title)


def segments(pairs: Iterable[tuple[Point, Point]], kind: str) -> str:
    """Returns many lines, each from a point to another."""
    made = [f"M{_place(one)}L{_place(other)}" for one, other in pairs]
    return _path("".join(made), kind) if made else ""


def dots(places: Iterable[Point], kind: str, radius: float = 2.6) -> str:
    """Returns filled circles as one shape."""
    arc = f"a{radius} {radius} 0 1 0"
    made = [
        f"M{_place((x - radius, y))}{arc} {2 * radius} 0{arc} {-2 * radius} 0"
        for x, y in places
    ]
    return _path("".join(made), kind) if made else ""


def text(place: Point, content: str, kind: str = "") -> str:
    """Returns text that starts at a place, or as the class says."""
    return (
        f'<text x="{_number(place[0])}" y="{_number(place[1])}"'
        f"{_class(kind)}>{escape(content)}</text>"
    )


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Returns a rectangle."""
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
        f'height="{_number(height)}"{_class(kind)}/>'
    )


def fitted(content: str, width: float, size: float = 11) -> str:
    """Returns text cut to a width, for a font of a size in pixels.

    A letter of a wide font in bold takes about two thirds of its size.
    """
    room = max(3, int(width / (0.66 * size)))
    return content if len(content) <= room else f"{content[: room - 1]}…"


def _path(shape: str, kind: str, title: str = "") -> str:
    told = f"><title>{escape(title)}</title></path>" if title else "/>"
    return f'<path d="{shape}"{_class(kind)}{told}'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _place(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
