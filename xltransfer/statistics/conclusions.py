"""What is concluded from a study, as facts. Deltas are in percent points."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from xltransfer.statistics.estimates import Estimate

# In the place of a language: the mean over all of a table's but English.
ZERO_SHOT = "zero-shot"
Interval = tuple[float, float]
# Of results in long form: `results.COLUMNS`.
Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Key:
    """What tells the tables of a study apart."""

    model: str
    method: str
    target: str
    metric: str
    selection: str

    @classmethod
    def of(cls, row: Row) -> "Key":
        """Returns the table of a row, which may lack model and method."""
        return cls(
            row.get("model") or "",
            row.get("method") or "",
            row["target"],
            row["metric"],
            row["selection"],
        )


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One delta of a table, paired by seed.

    Attributes:
      intermediate: the label of the row.
      target: the label of the target.
      model: which one.
      language: a code, or `ZERO_SHOT` for the mean over languages.
      metric: the official name.
      selection: the rule that chose the checkpoints.
      estimate: mean and deviation over seeds of the delta.
      interval: 95 %, at the method and coverage of the conclusions; None where
        there is no spread to take it from.
      p: of the two-sided test of no effect; None with one seed, without a
        spread, and where a run is flagged.
      p_holm: corrected over the table's means, or over its single languages.
      matched: trained on as many examples as an English intermediate.
      flagged: whether a run of either side is degenerate, or missing.
      baseline: the label of what the delta is against.
      method: how the phases were trained.
      examples: what the intermediate phase had, where that is known.
      over: what the interval is over: seeds, examples, languages.
    """

    intermediate: str
    target: str
    model: str
    language: str
    metric: str
    selection: str
    estimate: Estimate
    interval: Interval | None
    p: float | None
    p_holm: float | None
    matched: bool
    flagged: bool
    baseline: str = ""
    method: str = ""
    examples: int | None = None
    over: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Which table it is of."""
        return Key(
            self.model, self.method, self.target, self.metric, self.selection
        )

    @property
    def is_mean(self) -> bool:
        """Whether this is the mean over languages."""
        return self.language == ZERO_SHOT

    @property
    def is_significant(self) -> bool:
        """Whether no effect is ruled out at 5 % after the correction."""
        return self.p_holm is not None and self.p_holm <= 0.05


@dataclasses.dataclass(frozen=True)
class Best:
    """The intermediate that is best for a target: chosen on dev, not on test.

    Attributes:
      target: the label of the target.
      chosen_by: the selection rule whose dev scores were compared.
      intermediate: the label that was chosen; direct transfer may be it.
      dev_score: its mean over seeds, in percent.
      test_delta: of the mean over languages to direct transfer; None where
        direct transfer was chosen.
      interval: of that delta.
      note: what the choice does to the numbers, and what it would have been.
      model: which one.
      method: how the phases were trained.
      metric: of the delta.
    """

    target: str
    chosen_by: str
    intermediate: str
    dev_score: float
    test_delta: Estimate | None
    interval: Interval | None
    note: str
    model: str = ""
    method: str = ""
    metric: str = ""


@dataclasses.dataclass(frozen=True)
class Effect:
    """What a property of the languages goes along with, over a whole table.

    Attributes:
      name: the property.
      coefficient: points of delta for one unit of it.
      interval: 95 %; None where there are too few groups.
      n: pairs of intermediate and evaluated language.
      note: what it is taken from, and its limits.
      target, model, method, metric, selection: of the table.
      matched: whether it is from size-matched intermediates alone.
    """

    name: str
    coefficient: float
    interval: Interval | None
    n: int
    note: str
    target: str = ""
    model: str = ""
    method: str = ""
    metric: str = ""
    selection: str = ""
    matched: bool = False


@dataclasses.dataclass(frozen=True)
class Conclusions:
    """All that is concluded from a study.

    Attributes:
      comparisons: each intermediate against direct transfer.
      best: for each target.
      effects: of families, scripts and distance.
      method: of intervals, tests and correction, in one sentence.
      coverage: what the intervals were measured to cover, in one sentence.
      limits: what must be known before any of it is quoted.
      against_english: non-English intermediates against English ones of as
        many examples; `baseline` names these.
    """

    comparisons: tuple[Comparison, ...]
    best: tuple[Best, ...]
    effects: tuple[Effect, ...]
    method: str
    coverage: str
    limits: tuple[str, ...]
    against_english: tuple[Comparison, ...] = ()
