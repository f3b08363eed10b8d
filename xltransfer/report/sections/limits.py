"""How intervals and tests were made, and what they cannot say."""

from xltransfer.report.contents import Contents
from xltransfer.report.document import Points, Section, Text

_ALWAYS = (
    "A mean over languages has no weights: a language with few examples counts "
    "as much as one with many.",
    "The English column is in no zero-shot mean: every target phase trains in "
    "English.",
    "All rows of one seed share what they can (a pretraining phase, an "
    "intermediate phase); the spread over seeds does not include another "
    "pretraining.",
)


def section(contents: Contents) -> Section:
    """Returns the section on the statistics."""
    found = contents.conclusions
    told = [one for one in (found.method, found.coverage) if one]
    return Section(
        "limits",
        "Statistics and their limits",
        [
            *(Text(_sentence(one)) for one in told),
            Points([*found.limits, *_ALWAYS]),
        ],
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].removesuffix('.')}."
