"""What the intervals were measured to cover, to be printed with them.

`coverage.json` is what `python benchmarks/coverage.py --json FILE` wrote.
"""

import dataclasses
import functools
import json
from collections.abc import Sequence
from importlib import resources

from xltransfer.statistics.conclusions import Comparison
from xltransfer.statistics.pairs import BOOTSTRAP, FIXED, Method

ALONE = "t over seeds alone"
LANGUAGE, MEAN, DRAWN_MEAN = "one language", "mean", "mean, languages drawn"


@dataclasses.dataclass(frozen=True)
class Measured:
    """One cell of the table: a share of simulated studies, in percent.

    Attributes:
      method: of the interval.
      claim: what it is of.
      world: the simulation's name.
      seeds: how many.
      coverage: how often the truth lay within.
    """

    method: str
    claim: str
    world: str
    seeds: int
    coverage: float


@functools.cache
def measured() -> tuple[Measured, ...]:
    """Returns the table that comes with the package."""
    file = resources.files(__package__) / "coverage.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    return tuple(Measured(**one) for one in table["coverage"])


def sentence(comparisons: Sequence[Comparison], method: Method) -> str:
    """Says what intervals such as these cover, for each number of seeds."""
    groups: dict[tuple[str, int, str], None] = {}
    for one in sorted(comparisons, key=lambda one: one.estimate.count):
        if one.interval is None:
            continue
        claim = LANGUAGE
        if one.is_mean:
            claim = MEAN if method.languages == FIXED else DRAWN_MEAN
        name = method.intervals if "examples" in one.over else ALONE
        groups[name, one.estimate.count, claim] = None
    said = [_said(*group) for group in groups]
    if not said:
        return "There are no intervals: one seed, and no examples were kept."
    return (
        "Of simulated studies with a known effect, 95 % intervals covered "
        f"{'; '.join(said)} (benchmarks/coverage.py)."
    )


def _said(name: str, seeds: int, claim: str) -> str:
    tables = [
        one
        for one in measured()
        if one.method == name and one.claim == claim and one.seeds <= seeds
    ]
    # Coverage is stated for as many seeds, or for the next fewer ones.
    if not tables:
        return f"an unknown share at {seeds} seeds, {claim} ({name})"
    known = max(one.seeds for one in tables)
    shares = [one.coverage for one in tables if one.seeds == known]
    where = f"{seeds} seed{'s' * (seeds != 1)}"
    if known != seeds:
        where += f" (measured at {known})"
    low, high = (f"{limit:.1f}" for limit in (min(shares), max(shares)))
    share = f"{low} %" if low == high else f"{low} to {high} %"
    extra = f", {name}" if name in (ALONE, BOOTSTRAP) else ""
    return f"{share} at {where}, {claim}{extra}"
