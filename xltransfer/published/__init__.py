"""Published numbers, to set one's own beside: one CSV file a source.

A number stands with its model, task, language (or `average`), metric, protocol,
the table that it is from, its source, and a mark of evidence:

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
from collections.abc import Collection
from importlib import resources

from xltransfer.errors import InputError, nearest
from xltransfer.metrics.benchmarks import TASKS

AVERAGE = "average"
EVIDENCE = ("P", "I", "D", "unmarked")
# Trained on English alone, chosen by English dev data, scored on test data.
ZERO_SHOT = "zero-shot"


@dataclasses.dataclass(frozen=True)
class Number:
    """A published number, with the columns of the CSV files.

    Attributes:
      benchmark: `xtreme` or `xtreme_r`: over whose languages an average is.
      model: as the source calls it.
      task: a name in `metrics.benchmarks.TASKS`, or a mean over several.
      language: a code, or `average`.
      metric: the official name; `mean` of several tasks.
      value: in percent.
      protocol: what it was trained on, and whatever was unusual.
      table: where it stands. Two tables may disagree about the same model, task
        and protocol, as about X-STILTs' XNLI: 80.0 in one and 80.4 in another.
      source: the paper or repository that has the table.
      evidence: a mark, see above.
      note: what else must be known of it.
    """

    benchmark: str
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
    def languages(self) -> tuple[str, ...]:
        """What it is over: its language, or those of the average of a task."""
        if self.language != AVERAGE:
            return (self.language,)
        known = TASKS.get(self.task)
        return known.languages(self.benchmark) if known else ()


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
    task: str,
    protocol: str = ZERO_SHOT,
    *,
    metric: str | None = None,
    language: str | None = None,
    table: str | None = None,
    evaluated: Collection[str] | None = None,
) -> tuple[Number, ...]:
    """Returns the published numbers that one's own may be set beside.

    All are of one task and one protocol. Rows of one table were measured alike;
    a comparison of published models with each other keeps to one.

    Args:
      task: whose; there may be no number.
      protocol: in which one's own was measured.
      metric: only this one's.
      language: only this one's, which may be `average`.
      table: only this one's.
      evaluated: the languages of one's own numbers: only theirs, and averages
        over exactly these. All of them by default.

    Raises:
      InputError: for a protocol or a table that no number has.
    """
    _check("protocol", protocol)
    if table is not None:
        _check("table", table)
    wanted = {"metric": metric, "language": language, "table": table}
    return tuple(
        one
        for one in numbers()
        if (one.task, one.protocol) == (task, protocol)
        and all(x in (None, getattr(one, name)) for name, x in wanted.items())
        and (evaluated is None or _is_of(one, set(evaluated)))
    )


def _is_of(number: Number, evaluated: set[str]) -> bool:
    if number.language == AVERAGE:
        return set(number.languages) == evaluated
    return number.language in evaluated


def _check(name: str, value: str) -> None:
    known = sorted({getattr(one, name) for one in numbers()})
    if value not in known:
        raise InputError(
            f"No published number has the {name} {value!r}; there are: "
            f"{'; '.join(known)}.{nearest(value, known)}"
        )
