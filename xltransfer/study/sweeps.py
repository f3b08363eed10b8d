"""Settings that are tried: the best on dev data goes on.

Every trial is a phase like any other. What stands in their place, as the parent
of phases and in the table, is a phase that names them as its candidates; its
identity follows from theirs, so that a plan knows it before anything is
trained.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from xltransfer import fields
from xltransfer.errors import InputError
from xltransfer.specification import Phase, Training
from xltransfer.study.changes import changed

# What dev scores are taken by, or what a table must say of all its numbers.
_FIXED = (
    "lengths",
    "row_lengths",
    "selection",
    "evaluate_every",
    "trimmed_softmax",
)


@dataclasses.dataclass(frozen=True)
class Range:
    """Values between two others, to be drawn at random.

    Attributes:
      low: the least.
      high: the greatest.
      scale: `log` draws the exponent uniformly, `linear` the value itself.
      whole: draws integers.
    """

    low: float
    high: float
    scale: Literal["log", "linear"] = "log"
    whole: bool = False

    def __post_init__(self) -> None:
        fields.check(self)
        least = 0 if self.scale == "log" else -math.inf
        if not least < self.low < self.high:
            raise InputError(
                f"Range({self.low}, {self.high}): low must be less than high, "
                "and above 0 on a logarithmic scale."
            )

    def draw(self, rng: np.random.Generator) -> int | float:
        """Returns a value; floats have four digits, as one would write them."""
        if self.scale == "log":
            value = math.exp(
                rng.uniform(math.log(self.low), math.log(self.high))
            )
        else:
            value = rng.uniform(self.low, self.high)
        return round(value) if self.whole else float(f"{value:.4g}")


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A grid of settings, or settings drawn at random.

    Attributes:
      values: a field of `Training`, dotted where it lies deeper -> the values
        that it is tried with, or a `Range`.
      trials: how many draws, each of one value a field; 0: every combination.
      seed: of the draws.
    """

    values: Mapping[str, tuple[Any, ...] | Range]
    trials: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        values = {
            name: tuple(some) if isinstance(some, list) else some
            for name, some in self.values.items()
        }
        object.__setattr__(self, "values", values)
        fields.check(self)
        fields.check_least(self, trials=0, seed=0)
        for name, some in values.items():
            if name.split(".")[0] in _FIXED:
                raise InputError(
                    f"Sweep.values names {name!r}: with other "
                    f"{name.split('.')[0]} dev scores are not comparable."
                )
            if not some:
                raise InputError(f"Sweep.values[{name!r}] is empty.")
            if isinstance(some, Range) and not self.trials:
                raise InputError(
                    f"Sweep.values[{name!r}] is a range: say in Sweep.trials "
                    "how many values are drawn."
                )

    def settings(self) -> list[dict[str, Any]]:
        """Returns what is tried, each once, in a fixed order."""
        if self.trials:
            found = self._drawn()
        else:
            rows = itertools.product(*self.values.values())
            found = [dict(zip(self.values, row, strict=True)) for row in rows]
        return [one for n, one in enumerate(found) if one not in found[:n]]

    def _drawn(self) -> list[dict[str, Any]]:
        rng = np.random.default_rng(self.seed)
        return [
            {name: _draw(some, rng) for name, some in self.values.items()}
            for _ in range(self.trials)
        ]


def _draw(some: tuple[Any, ...] | Range, rng: np.random.Generator) -> Any:
    if isinstance(some, Range):
        return some.draw(rng)
    return some[int(rng.integers(len(some)))]


def trials(training: Training, sweep: Sweep | None) -> tuple[Training, ...]:
    """Returns the trainings of a sweep, or the one training without a sweep.

    Raises:
      InputError: where no dev score tells the trials apart.
    """
    if sweep is None:
        return (training,)
    found = tuple(changed(training, one) for one in sweep.settings())
    if training.selection == "last":
        raise InputError(
            f"A sweep over {', '.join(sweep.values)} goes by dev scores, but "
            "the last checkpoint is to be taken: bind Training.selection and "
            "Training.evaluate_every."
        )
    return found


def best(candidates: tuple[Phase, ...]) -> Phase:
    """Returns the phase that stands for the best of them, or the only one."""
    if len(candidates) == 1:
        return candidates[0]
    return dataclasses.replace(candidates[0], candidates=candidates)
