"""Published numbers, to hold one's own against: one CSV file a source.

A number stands with its model, task, language (or `average`, over the task's
languages), metric, protocol, the table that it is from, its source, and a mark
of evidence:

| mark | the number was |
|---|---|
| P | in a paper or a project's README, or quoted from one |
| I | stated in an issue or a pull request |
| D | derived from such numbers |
| unmarked | reported without a place |

Tasks are those of `metrics.benchmarks`, and means over several: `seven_tasks`
(without retrieval), `classification`, `tagging`, `qa`, `retrieval`,
`three_groups`, `overall`. Values are in percent.
"""

import csv
import dataclasses
import functools
from collections.abc import Iterable
from importlib import resources

from xltransfer.errors import InputError

AVERAGE = "average"
EVIDENCE = ("P", "I", "D", "unmarked")


@dataclasses.dataclass(frozen=True)
class Number:
    """A published number, with the columns of the CSV files."""

    model: str
    task: str
    language: str
    metric: str
    value: float
    protocol: str
    table: str
    source: str
    evidence: str
    note: str = ""

    @property
    def kind(self) -> tuple[str, str, str, str, str]:
        """What two numbers must share to be compared.

        The table is part of it: tables disagree about the same model, task
        and protocol, e.g. X-STILTs' XNLI, 80.0 in one and 80.4 in another.
        """
        return (
            self.task,
            self.language,
            self.metric,
            self.protocol,
            self.table,
        )


@functools.cache
def numbers() -> tuple[Number, ...]:
    """Reads all published numbers."""
    found = []
    folder = resources.files(__name__)
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        if path.name.endswith(".csv"):
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [
                Number(**{**row, "value": float(row["value"])})
                for row in csv.DictReader(lines)
            ]
    return tuple(found)


def comparable(
    number: Number, others: Iterable[Number] | None = None
) -> tuple[Number, ...]:
    """Returns the other models' numbers that may be held against one.

    Args:
      number: a published number, or one's own made into a `Number` with the
        protocol and the table whose setting it follows.
      others: where to look; all published numbers by default.
    """
    others = numbers() if others is None else others
    return tuple(
        one
        for one in others
        if one.kind == number.kind and one.model != number.model
    )


def select(
    task: str,
    metric: str,
    *,
    protocol: str,
    table: str,
    language: str = AVERAGE,
) -> tuple[Number, ...]:
    """Returns all models' numbers of one kind, which may be compared.

    Raises:
      InputError: if there are none; it names the kinds of the task.
    """
    wanted = (task, language, metric, protocol, table)
    found = tuple(one for one in numbers() if one.kind == wanted)
    if not found:
        kinds = {one.kind for one in numbers() if one.task == task}
        known = "; ".join(", ".join(kind) for kind in sorted(kinds))
        raise InputError(
            f"No published numbers for {', '.join(wanted)}. "
            f"Those of {task!r}: {known or 'none'}."
        )
    return found
