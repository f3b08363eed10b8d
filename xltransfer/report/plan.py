"""A study's plan as text: its phases, their tree, what they take."""

from collections.abc import Iterator, Mapping, Sequence

from xltransfer import study
from xltransfer.components import shortened
from xltransfer.report.columns import aligned
from xltransfer.specification import Phase
from xltransfer.study import Study, forecast, graph
from xltransfer.study.graph import Node
from xltransfer.study.states import State
from xltransfer.workspace import Workspace

States = Mapping[Phase, State]
_COLUMNS = (
    *("phase", "data", "steps", "examples", "epochs", "seed"),
    *("cells", "state"),
)
_UNITS = ("B", "kB", "MB", "GB", "TB")


def table(planned: Study, known: States) -> Iterator[str]:
    """Yields a line for every phase, under the names of the columns."""
    served = {
        one: node.cells // len(node.phases)
        for node in graph.nodes(planned, known)
        for one in node.phases
    }
    rows = [_COLUMNS]
    for one, state in known.items():
        epochs = forecast.epochs(one)
        rows.append(
            (
                state.folder.name if state.folder else one.kind,
                shortened([part.dataset.name for part in one.components]),
                str(one.training.steps),
                f"{forecast.examples(one):,}",
                "?" if epochs is None else f"{epochs:.3g}",
                str(one.seed),
                str(served[one]),
                str(state),
            )
        )
    yield from aligned(rows, range(2, len(_COLUMNS) - 1))


def tree(planned: Study, known: States) -> Iterator[str]:
    """Yields the graph as a tree: what starts from a phase stands below it."""
    every = graph.nodes(planned, known)
    for node in every:
        if not node.needs:
            yield _line(node, known)
            yield from _branches(node, every, known, "")


def _branches(
    node: Node, every: Sequence[Node], known: States, margin: str
) -> Iterator[str]:
    children = list(graph.below(node, every))
    for child in children:
        is_last = child is children[-1]
        yield margin + ("└─ " if is_last else "├─ ") + _line(child, known)
        inner = margin + ("   " if is_last else "│  ")
        yield from _branches(child, every, known, inner)


def _line(node: Node, known: States) -> str:
    seeds = ", ".join(map(str, node.seeds))
    word = "seed" if len(node.seeds) == 1 else "seeds"
    shared = f", {node.cells} cells" if node.kind != "target" else ""
    return f"{node.title} ({word} {seeds}{shared}): {node.state(known)}"


def takes(planned: Study, workspace: Workspace, known: States) -> Iterator[str]:
    """Yields how much disk, and, once a like phase has run, time."""
    kept = forecast.checkpoints(planned, workspace, known)
    read = forecast.cached(planned, workspace, known)
    for name, size in (("checkpoints", kept), ("caches", read)):
        yield (
            f"disk for {name}: {_bytes(size.now)}, and about "
            f"{_bytes(size.later)} to come"
            + f", besides {size.unknown} of generated data"
            * (size.unknown > 0)
        )
    left = forecast.time_left(planned, workspace, known)
    if left is None:
        yield "time left: not known before a phase has run on such devices"
        return
    phases, cells = left.unknown
    lacking = f", and {phases} phases" * (phases > 0)
    lacking += f", and evaluations of {cells} cells" * (cells > 0)
    lacking += " whose like has not run" * bool(lacking)
    yield f"time left for one worker: about {_duration(left.seconds)}{lacking}"


def summary(planned: Study, workspace: Workspace, known: States) -> str:
    """Returns how many phases there are, and without sharing would be."""
    alone = sum(len(_before(cell.phase)) for cell in study.cells(planned))
    kinds = [state.kind for state in known.values()]
    others = "".join(
        f", {kinds.count(kind)} {kind}"
        for kind in ("running", "failed", "skipped", "files missing")
        if kind in kinds
    )
    return (
        f"{len(known)} phases, {kinds.count('done')} done{others}; without "
        f"sharing it would be {alone} · {workspace.out}"
    )


def notes(planned: Study, workspace: Workspace, known: States) -> Iterator[str]:
    """Yields what a reader must know.

    What is missing, what failed and why, and which scores are not zero-shot.
    """
    yield from scale(planned)
    for one in study.missing(planned, workspace):
        yield f"missing: {one}"
    found = {}
    for cell in study.cells(planned):
        absent = study.evaluated(cell, workspace)[1]
        if absent:
            found[cell.evaluation] = (
                f"{cell.evaluation} is not evaluated on {', '.join(absent)}: "
                "their files are not in the data directory."
            )
    yield from found.values()
    for state in known.values():
        if state.kind == "failed":
            yield f"{state.folder.name} failed: {state.detail}"
    yield from map(str, study.overlaps(planned, workspace))


def scale(planned: Study) -> Iterator[str]:
    """Yields what the numbers are worth, where they are worth nothing."""
    if planned.scale == "miniature":
        yield f"{planned.name} is {study.IN_MINIATURE}."


def _before(one: Phase) -> list[Phase]:
    """Returns a phase and all before it, candidates too."""
    before = [found for other in one.needs for found in _before(other)]
    return list(dict.fromkeys([one, *before]))


def _bytes(size: float) -> str:
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1000
    return f"{size:.3g} {unit}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes / (24 * 60):.1f} days"
