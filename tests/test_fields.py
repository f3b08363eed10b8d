import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import pytest

from xltransfer import fields
from xltransfer.errors import InputError


class Rule(Protocol):
    """What a field may declare without a class of its own."""


@dataclasses.dataclass(frozen=True)
class Inner:
    rate: float = 0.5


@dataclasses.dataclass(frozen=True)
class Outer:
    count: int = 1
    share: float = 0.5
    name: str | None = None
    flag: bool = False
    kind: Literal["a", "b"] = "a"
    pair: tuple[str, int] = ("x", 1)
    many: tuple[int, ...] = ()
    table: Mapping[str, int] = dataclasses.field(default_factory=dict)
    inner: Inner = Inner()
    rule: Rule = Inner()
    parts: Mapping[str, Inner] = dataclasses.field(default_factory=dict)
    other: Any = None


@pytest.mark.parametrize(
    "change",
    [
        {"share": 1},
        {"name": "x"},
        {"kind": "b"},
        {"many": (1, 2)},
        {"table": {"a": 1}},
        {"parts": {"a": Inner(1)}},
        {"other": object()},
    ],
)
def test_values_of_the_declared_type_pass(change):
    fields.check(Outer(**change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 1.0}, r"Outer\.count is 1\.0, but must be int\."),
        ({"count": "1"}, r"Outer\.count is '1'"),
        ({"count": True}, r"Outer\.count is True"),
        ({"count": None}, r"Outer\.count is None"),
        ({"share": "0.5"}, r"Outer\.share is '0\.5', but must be float"),
        ({"name": 1}, r"Outer\.name is 1, but must be str \| None"),
        ({"flag": 1}, r"Outer\.flag is 1, but must be bool"),
        ({"kind": "c"}, r"must be Literal\['a', 'b'\]"),
        ({"pair": ("x",)}, r"Outer\.pair is \('x',\)"),
        ({"pair": (1, "x")}, r"Outer\.pair is \(1, 'x'\)"),
        ({"many": 1}, r"Outer\.many is 1, but must be tuple\[int, \.\.\.\]"),
        ({"many": [1]}, r"Outer\.many is \[1\]"),
        ({"many": ("a",)}, r"Outer\.many is \('a',\)"),
        ({"table": {1: 1}}, r"Outer\.table is \{1: 1\}"),
        ({"table": {"a": "b"}}, r"must be Mapping\[str, int\]"),
        ({"inner": Inner}, r"Outer\.inner is <class"),
        ({"inner": {}}, r"Outer\.inner is \{\}, but must be Inner"),
        ({"inner": Inner("x")}, r"Outer\.inner\.rate is 'x'"),
        ({"rule": Inner}, r"Outer\.rule"),
        ({"parts": {"a": Inner("x")}}, r"Outer\.parts\['a'\]\.rate is 'x'"),
    ],
)
def test_a_value_of_another_type_is_named_with_its_path(change, message):
    with pytest.raises(InputError, match=message):
        fields.check(Outer(**change))


def test_the_least_value_is_told():
    with pytest.raises(InputError, match=r"Outer\.count is 1; the least is 2"):
        fields.check_least(Outer(), count=2)
    fields.check_least(Outer(), count=1)
