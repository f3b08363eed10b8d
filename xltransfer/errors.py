"""What a person can put right: a wrong name, a damaged file, a bad value."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Something the user gave is wrong.

    The message names the file and line (or the gin binding, or the parameter)
    and says what to do. The command line prints it and exits with code 2.
    """


class NotWhole(InputError):
    """A file has another number of examples than the official one."""


class LabelsWithheld(InputError):
    """A file has no labels, as where a benchmark has taken them out."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Returns `" Did you mean 'x'?"` for the closest name, or `""`."""
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" Did you mean {found[0]!r}?" if found else ""
