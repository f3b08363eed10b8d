"""What a compiled program does, read from its optimised HLO text.

XLA's own `cost_analysis` counts the body of a loop once. Here a loop's body
counts as often as it runs: how often is the constant that its condition
compares a counter from zero with, as the loops of `lax.scan`, and those that
the compiler makes of a collective beside a product, have it.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Iterator

BITS = {
    "pred": 8,
    "bf16": 16,
    **{f"{kind}{bits}": bits for kind in "sufc" for bits in (2, 4, 8, 16, 32)},
    "s64": 64,
    "u64": 64,
    "f64": 64,
    "c64": 64,
    "c128": 128,
}
COLLECTIVES = (
    "all-gather",
    "all-reduce",
    "reduce-scatter",
    "all-to-all",
    "collective-permute",
)
# These name arrays, but move none.
NAMES_ONLY = {
    "parameter",
    "constant",
    "tuple",
    "get-tuple-element",
    "bitcast",
    "after-all",
    "partition-id",
    "while",
    "conditional",
    "call",
    "opt-barrier",
}
_ARRAY = re.compile(r"\b([a-z]+\d*)\[([\d,]*)\](\{[^}]*\})?")
_CALLED = re.compile(
    r"\b(calls|to_apply|body|condition|branch_computations)="
    r"(\{[^}]*\}|%[\w.-]+)"
)
_NAME = re.compile(r"%([\w.-]+)")


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One line of a computation.

    Attributes:
      name: of its result.
      shape: of its result, as written.
      opcode: what is done.
      rest: what stands behind the operands.
      inside: what stands between the parentheses.
    """

    name: str
    shape: str
    opcode: str
    rest: str
    inside: str

    @functools.cached_property
    def operands(self) -> tuple[str, ...]:
        """Names of results of the same computation."""
        return tuple(_NAME.findall(self.inside))

    @property
    def called(self) -> dict[str, tuple[str, ...]]:
        """The computations that it names, by role."""
        return {
            role: tuple(_NAME.findall(names))
            for role, names in _CALLED.findall(self.rest)
        }


@dataclasses.dataclass(frozen=True)
class Collective:
    """One exchange between devices.

    Attributes:
      kind: one of `COLLECTIVES`.
      shape: of the result on one device, without its layout.
      size: bytes of it.
      devices: how many take part in a group; 0 where all do.
      times: how often it runs in one call of the program.
      source: the name of the operation that it was made for.
    """

    kind: str
    shape: str
    size: int
    devices: int
    times: int
    source: str

    @property
    def bytes(self) -> int:
        """All bytes of its results in one call of the program."""
        return self.size * self.times


@dataclasses.dataclass(frozen=True)
class Module:
    """A program, as its compiler left it."""

    text: str

    @functools.cached_property
    def computations(self) -> dict[str, dict[str, Instruction]]:
        """Every computation's instructions, by name."""
        return {name: _instructions(body) for name, body in self._bodies}

    @functools.cached_property
    def collectives(self) -> tuple[Collective, ...]:
        """What is exchanged between devices."""
        return tuple(
            _collective(one, kind, times)
            for one, _, times in self.run
            if (kind := _kind(one.opcode))
        )

    @functools.cached_property
    def memory_bytes(self) -> int:
        """Bytes that one call reads from and writes to the main memory.

        Operands and results of what is not fused; of an array of which a
        fusion reads or writes a slice, the slice. Arrays that the compiler
        keeps on the chip count for nothing.
        """
        return sum(
            times * self._traffic(one, scope)
            for one, scope, times in self.run
            if one.opcode not in NAMES_ONLY
        )

    @functools.cached_property
    def run(self) -> list[tuple[Instruction, dict[str, Instruction], int]]:
        """Every instruction outside of fusions, where it is, how often it runs.

        A collective inside of a fusion is listed too.
        """
        entry = next(
            name for name, body in self._bodies if body.startswith("ENTRY")
        )
        return list(self._walk(entry, 1))

    def _walk(self, name: str, times: int) -> Iterator[tuple]:
        scope = self.computations[name]
        for one in scope.values():
            yield one, scope, times
            for role, names in one.called.items():
                inner = times
                if role in ("condition", "to_apply") and one.opcode != "call":
                    continue
                if role == "body":
                    inner *= self._trips(one.called["condition"][0])
                for called in names:
                    found = self._walk(called, inner)
                    if one.opcode == "fusion":
                        found = (f for f in found if _kind(f[0].opcode))
                    yield from found

    def _trips(self, condition: str) -> int:
        """Returns the constant that a loop's counter is compared with.

        A loop that ends by what it computes counts once.
        """
        scope = self.computations[condition]
        constants = [one for one in scope.values() if one.opcode == "constant"]
        if len(constants) == 1 and re.fullmatch(r"\d+", constants[0].inside):
            return int(constants[0].inside)
        return 1

    def _traffic(self, one: Instruction, scope: dict[str, Instruction]) -> int:
        inner: list[Instruction] = []
        if one.opcode == "fusion":
            inner = list(self.computations[one.called["calls"][0]].values())
        elif one.opcode.startswith("dynamic-"):
            inner = [one]
        total = _written(one, inner)
        for number, name in enumerate(one.operands):
            if name in scope:
                whole = size_of(scope[name].shape)
                total += min(whole, _read(number, whole, one, inner))
        return total

    @functools.cached_property
    def _bodies(self) -> list[tuple[str, str]]:
        found = re.findall(
            r"^((?:ENTRY )?%([\w.-]+) \(.*?^\})", self.text, re.M | re.S
        )
        return [(name, body) for body, name in found]


def size_of(shape: str, on_chip: bool = False) -> int:
    """Returns the bytes of a shape's arrays, or of those in main memory."""
    total = 0
    for kind, dims, layout in _ARRAY.findall(shape):
        if kind in BITS and (on_chip or "S(1)" not in layout):
            sizes = [int(one) for one in dims.split(",") if one]
            total += math.prod(sizes) * BITS[kind] // 8
    return total


def _instructions(body: str) -> dict[str, Instruction]:
    found = {}
    for line in body.splitlines()[1:]:
        name, equals, rest = line.strip().removeprefix("ROOT ").partition(" = ")
        if not equals:
            continue
        shape, rest = _split(rest) if rest[0] == "(" else rest.split(" ", 1)
        opcode, _, rest = rest.strip().partition("(")
        inside, rest = _split("(" + rest)
        name = name.lstrip("%")
        found[name] = Instruction(name, shape, opcode, rest, inside[1:-1])
    return found


def _split(text: str) -> tuple[str, str]:
    """Splits behind the parenthesis that closes the first one."""
    depth = 0
    for match in re.finditer(r"[()]", text):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return text[: match.end()], text[match.end() :]
    return text, ""


def _kind(opcode: str) -> str | None:
    kind = opcode.removesuffix("-start")
    return kind if kind in COLLECTIVES else None


def _collective(one: Instruction, kind: str, times: int) -> Collective:
    arrays = [
        f"{name}[{dims}]"
        for name, dims, _ in _ARRAY.findall(one.shape)
        # Those of an asynchronous permutation's bookkeeping.
        if dims or name != "u32"
    ]
    if one.opcode.endswith("-start") and kind != "all-reduce":
        # (operands, results): the second half.
        arrays = arrays[len(arrays) // 2 :]
    shape = ", ".join(arrays)
    source = re.search(r'op_name="([^"]*)"', one.rest)
    return Collective(
        kind,
        shape,
        size_of(shape, on_chip=True),
        _group(one.rest),
        times,
        source[1] if source else "",
    )


def _group(rest: str) -> int:
    """Returns how many devices take part in each group."""
    listed = re.search(r"replica_groups=\{\{([\d,]*)\}", rest)
    if listed:
        return len(listed[1].split(","))
    counted = re.search(r"replica_groups=\[\d+,(\d+)\]", rest)
    if counted:
        return int(counted[1])
    named = re.search(r"replica_groups=mesh\[([^\]]*)\] *\{([^}]*)\}", rest)
    if not named:
        return 0
    sizes = dict(re.findall(r"('\w+')=(\d+)", named[1]))
    axes = re.findall(r"'\w+'", named[2])
    return math.prod(int(sizes[axis]) for axis in axes)


def _written(one: Instruction, inner: list[Instruction]) -> int:
    """Returns the bytes of a result, or of the slice of it that is new."""
    whole = size_of(one.shape)
    updates = [x for x in inner if x.opcode == "dynamic-update-slice"]
    if len(updates) != 1 or not inner:
        return whole
    if math.prod(_dims(updates[0].shape)) != math.prod(_dims(one.shape)):
        return whole
    by_name = {x.name: x for x in inner}
    update = by_name.get(updates[0].operands[1])
    return min(whole, size_of(update.shape) if update else whole)


def _read(
    number: int, whole: int, one: Instruction, inner: list[Instruction]
) -> int:
    """Returns the bytes that are read of an operand."""
    if one.opcode == "dynamic-slice":
        return size_of(one.shape) if number == 0 else 0
    if one.opcode == "dynamic-update-slice":
        return 0 if number == 0 else whole
    parameter = next(
        (
            x.name
            for x in inner
            if x.opcode == "parameter" and x.inside == str(number)
        ),
        None,
    )
    users = [x for x in inner if parameter in x.operands]
    is_sliced = all(
        user.opcode in ("dynamic-slice", "dynamic-update-slice")
        and user.operands[0] == parameter
        for user in users
    )
    if not users or not is_sliced:
        return whole
    # Nothing is read of what is updated.
    return sum(
        size_of(user.shape, on_chip=True)
        for user in users
        if user.opcode == "dynamic-slice"
    )


def _dims(shape: str) -> list[int]:
    found = _ARRAY.search(shape)
    return [int(one) for one in found[2].split(",") if one] if found else []
