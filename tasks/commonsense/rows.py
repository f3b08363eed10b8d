"""What rows of multiple choice have in common.

Their text rendering is one for all, this project's own (see
`tasks.problems.multiple_choice`), so that rows state no template.
"""

from functools import partial

from tasks.row import Dataset
from tasks.sources import Composed, Source
from tasks.sources.shaped import Template

multiple_choice = partial(Dataset, problem="multiple_choice")


def numbered(*labels: str) -> tuple[tuple[str, str], ...]:
    """Maps what a file calls its choices, in their order, to their numbers."""
    return tuple((label, str(number)) for number, label in enumerate(labels))


CAPITALS = numbered(*"ABCDE")
FROM_ONE = numbered(*"12345")


def question(source: Source, prompt: str, choices: Template) -> Composed:
    """Composes prompt and choices of a source's fields; see `Composed`."""
    return Composed(
        source,
        (("prompt", prompt), ("choices", choices), ("label", "{label}")),
    )
