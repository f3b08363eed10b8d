"""Metrics as functions of sums over examples, so that examples can be redrawn.

A bootstrap, or a standard error, needs to know what each example adds. The
official number is made of the same sums by the same function.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

# By name, a value for each example; every column is equally long.
Columns = dict[str, list[float]]
Sums = Mapping[str, float]
Total = Callable[[Sums], dict[str, float]]


@dataclasses.dataclass(frozen=True)
class Counted:
    """A metric in two steps.

    Attributes:
      count: (targets, predictions) -> a value for each example, by column.
      total: the columns' sums -> official names and values in percent; twice
        the sums give the same.
    """

    count: Callable[[Any, Any], Columns]
    total: Total


def sums(columns: Columns) -> dict[str, float]:
    """Returns each column's sum, taken in the order of the examples.

    Official scorers add up one by one; another order changes the last digit.
    """
    return {name: sum(values) for name, values in columns.items()}
