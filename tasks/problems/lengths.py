"""The lengths that a rendering is asked to keep to."""

from collections.abc import Mapping

from xltransfer.errors import InputError


def length_of(
    sequence_length: Mapping[str, int] | None, feature: str, least: int
) -> int | None:
    """Returns a feature's longest length, in tokens; None where none is set.

    Raises InputError for less than `least`.
    """
    length = (sequence_length or {}).get(feature)
    if length is not None and length < least:
        raise InputError(
            f"A length of {length} for {feature!r} is too short: the least is "
            f"{least}."
        )
    return length


def text_lengths(
    sequence_length: Mapping[str, int] | None,
) -> tuple[int | None, int | None]:
    """Returns the longest lengths of `inputs` and `targets`, ends included."""
    return (
        length_of(sequence_length, "inputs", 2),
        length_of(sequence_length, "targets", 2),
    )
