"""Everything that a reader must know before believing a number."""

from collections.abc import Iterator

from xltransfer.report.contents import Contents
from xltransfer.report.document import Points, Section, Text
from xltransfer.report.sections import differences
from xltransfer.report.study_folder import StudyFolder

_SHOWN = 8


def section(contents: Contents) -> Section:
    """Returns the section; it says so where there is nothing to tell."""
    found = list(flags(contents))
    block = Points(found, "warning") if found else Text("Nothing is flagged.")
    return Section("flagged", f"Flagged ({len(found)})", [block])


def flags(contents: Contents) -> Iterator[str]:
    """Yields a line for everything out of the ordinary."""
    folder = contents.folder
    yield from _unfinished(folder)
    yield from (one["text"] for one in folder.description["overlaps"])
    yield from _chosen(contents)
    yield from _absent(folder)
    yield from _seeds(contents)
    yield from _compared(contents)
    yield from _software(folder)
    flat = {
        name: differences.flattened(one) for name, one in folder.phases.items()
    }
    yield from differences.unlike_rows(folder, flat)


def _unfinished(folder: StudyFolder) -> Iterator[str]:
    left = [one.name for one in folder.phases.values() if one.done is None]
    if left:
        yield (
            f"{len(left)} of {len(folder.phases)} phases are not finished: "
            f"{_listed(left)}. Their cells are missing from every table."
        )
    if not folder.results:
        yield "There is no results.csv yet: the study has not ended."


def _chosen(contents: Contents) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for board in contents.boards:
        if board.why_not_zero_shot:
            key = f"{board.selection} ({board.why_not_zero_shot})"
            found.setdefault(key, []).append(f"{board.target} {board.metric}")
    for rule, names in found.items():
        yield f"Not zero-shot: numbers by {rule}, of {_listed(names)}."


def _absent(folder: StudyFolder) -> Iterator[str]:
    for name, one in folder.description["evaluations"].items():
        if one["absent"]:
            yield (
                f"{name} is not evaluated on {_listed(one['absent'])}: their "
                "files were missing. Its means are over the languages that "
                "were there."
            )


def _seeds(contents: Contents) -> Iterator[str]:
    wanted = len(contents.folder.description["seeds"])
    for board in contents.boards:
        short = [
            row.label
            for row in board.matrix.rows
            if any(one.count < wanted for one in row.scores.values())
        ]
        if short:
            yield (
                f"{board.title}: fewer than {wanted} seeds for "
                f"{_listed(short)}; such a row has no delta where its seeds "
                "are not those of direct transfer."
            )


def _compared(contents: Contents) -> Iterator[str]:
    found: dict[tuple[str, str], None] = {}
    for one in contents.conclusions.comparisons:
        if one.flagged:
            found[one.target, one.intermediate] = None
    for target, intermediate in found:
        yield (
            f"{target} after {intermediate}: a run of either side is "
            "degenerate or missing, so its delta is not tested."
        )


def _software(folder: StudyFolder) -> Iterator[str]:
    done = [x for x in folder.phases.values() if x.environment is not None]
    commits = dict.fromkeys(str(one.environment["commit"]) for one in done)
    if len(commits) > 1:
        yield f"Phases ran at {len(commits)} commits: {_listed(list(commits))}."
    for commit in commits:
        if commit == "None" or commit.endswith("-dirty"):
            yield (
                f"Commit {commit}: what ran is not, or not all, in a "
                "repository, so nobody can get it again."
            )
    devices = dict.fromkeys(str(one.environment["device_kind"]) for one in done)
    if len(devices) > 1:
        yield f"Phases ran on several kinds of device: {_listed(list(devices))}."
    if any(row["trimmed_softmax"] == "True" for row in folder.results):
        yield (
            "Some phases took their softmax over the pieces of their own data "
            "alone (trimmed_softmax): another training than the published."
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
