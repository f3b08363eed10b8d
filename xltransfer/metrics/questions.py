"""Questions, by id as in files or in the order of a data set."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
ByQuestion = Mapping[str, T] | Sequence[T]


def by_id(values: ByQuestion[T]) -> Mapping[str, T]:
    """Returns a mapping; what is in order is numbered from "0"."""
    if isinstance(values, Mapping):
        return values
    return {str(number): one for number, one in enumerate(values)}
