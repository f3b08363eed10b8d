"""The phases of a study as a graph, with seeds that run alike as one node."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping

from xltransfer.components import shortened
from xltransfer.specification import Phase
from xltransfer.study.declaration import Study
from xltransfer.study.plan import cells
from xltransfer.study.states import State


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
    """Phases that differ in their seed alone.

    Attributes:
      title: kind and data.
      phases: one a seed.
      needs: the nodes that must be done before: what it starts from, or the
        trials of which it is the best.
      cells: how many cells of the table go back to it.
    """

    title: str
    phases: tuple[Phase, ...]
    needs: tuple["Node", ...]
    cells: int

    @property
    def kind(self) -> str:
        """`pretrain`, `intermediate` or `target`."""
        return self.phases[0].kind

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its phases, in order."""
        return tuple(one.seed for one in self.phases)

    def state(self, known: Mapping[Phase, State]) -> str:
        """Returns `done`, or how many of its phases are how far."""
        if len(self.phases) == 1:
            return str(known[self.phases[0]])
        counts = Counter(str(known[one]) for one in self.phases)
        if len(counts) == 1:
            return next(iter(counts))
        return ", ".join(f"{n} {state}" for state, n in counts.items())


def nodes(study: Study, known: Mapping[Phase, State]) -> list[Node]:
    """Returns the nodes, those that are needed before those that need them.

    Args:
      study: whose.
      known: its phases, parents first.
    """
    groups: dict[tuple, list[Phase]] = {}
    key_of: dict[Phase, tuple] = {}
    for one in known:
        key_of[one] = _key(one, key_of)
        groups.setdefault(key_of[one], []).append(one)
    served = Counter(one for cell in cells(study) for one in cell.phase.lineage)
    found: dict[tuple, Node] = {}
    for key, members in groups.items():
        needs = dict.fromkeys(key_of[one] for one in members[0].needs)
        found[key] = Node(
            title=_title(members[0]),
            phases=tuple(members),
            needs=tuple(found[other] for other in needs),
            cells=sum(served[one] for one in members),
        )
    return list(found.values())


def below(node: Node, every: list[Node]) -> Iterator[Node]:
    """Yields what stands below a node in a tree: each node stands once.

    Trials stand below what they start from, and their best below the first.
    """
    for other in every:
        if other.needs and other.needs[0] is node:
            yield other


def _key(one: Phase, known: Mapping[Phase, tuple]) -> tuple:
    """Returns what phases have in common that differ in their seed alone."""
    return (
        one.kind,
        shortened([part.dataset.name for part in one.components]),
        one.training,
        one.model,
        one.init,
        tuple(known[other] for other in one.needs),
    )


def _title(one: Phase) -> str:
    names = shortened([part.dataset.name for part in one.components])
    best = f", best of {len(one.candidates)}" if one.candidates else ""
    return f"{one.kind} {names}{best}"
