"""The shapes of tasks: canonical fields and their renderings.

A problem's module names its canonical `FIELDS` and their kinds: `text`,
`class` (a number), `texts` and `numbers` (any number of them), and `index`,
the example's number within its split, which comes by itself. It has
`canonical(dataset)`, from raw fields to an example; the renderings `encoder`
and `text`; and where predictions are more than a class, `record(example)`:
what evaluating needs to know of a raw example.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tasks.problems import (
    classification,
    language_modeling,
    multiple_choice,
    retrieval,
    span,
    tagging,
)
from xltransfer.errors import InputError, nearest

if TYPE_CHECKING:
    from tasks.row import Dataset

RAGGED = ("texts", "numbers")
PROBLEMS: dict[str, ModuleType] = {
    "classification": classification,
    "language_modeling": language_modeling,
    "multiple_choice": multiple_choice,
    "retrieval": retrieval,
    "tagging": tagging,
    "span": span,
}


def problem(name: str) -> ModuleType:
    """Returns the module of a problem; raises InputError without one."""
    if name not in PROBLEMS:
        raise InputError(f"No problem {name!r}.{nearest(name, PROBLEMS)}")
    return PROBLEMS[name]


def canonical(
    dataset: Dataset,
) -> Callable[[dict[str, str], str], dict[str, Any] | None]:
    """Returns the function from raw fields to a canonical example.

    It takes the fields and where they stand (`path:line`) and returns None
    for an example that the dataset leaves out.
    """
    return problem(dataset.problem).canonical(dataset)
