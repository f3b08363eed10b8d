import dataclasses
import math

import numpy as np
import pytest

from xltransfer import fingerprint
from xltransfer.errors import InputError


@dataclasses.dataclass(frozen=True)
class Rule:
    rate: float
    names: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class OtherRule:
    rate: float
    names: tuple[str, ...] = ()


def digest(value: object) -> str:
    return fingerprint.digest(fingerprint.canonical(value))


def test_a_digest_does_not_change_between_versions_of_the_code():
    # sha256sum of the line {"class": "Rule", "names": ["a"], "rate": 0.5}
    # without line end, its first 16 digits.
    assert digest(Rule(0.5, ("a",))) == "e8227f00e30ad6ad"


def test_the_order_in_which_a_mapping_was_written_does_not_matter():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_the_order_of_a_sequence_matters():
    assert digest([1, 2]) != digest([2, 1])


def test_two_classes_with_equal_fields_differ():
    assert digest(Rule(0.5)) != digest(OtherRule(0.5))


def test_letters_of_every_script_are_kept_apart():
    assert len({digest("क"), digest("ক"), digest("к"), digest("?")}) == 4


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        len,
        np.zeros(2),
        np.float32(1),
        {1, 2},
        {1: "a"},
        object(),
        b"bytes",
        Rule,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_leaves_no_trace_is_refused_with_its_path(value):
    with pytest.raises(InputError, match=r"phase\.rule\.names\[1\]"):
        fingerprint.canonical({"rule": Rule(1.0, ("a", value))}, "phase")
