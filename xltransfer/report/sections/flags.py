"""Everything that a reader must know before believing a number."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from xltransfer.outcomes.text import RATES
from xltransfer.report.contents import Contents
from xltransfer.report.document import Section, Table, Text
from xltransfer.report.sections import differences
from xltransfer.report.study_folder import StudyFolder
from xltransfer.study import IN_MINIATURE

_SHOWN = 8
# Percent of generated texts that nobody need look at.
_RARE = 1.0


class Flag(NamedTuple):
    """One thing that is out of the ordinary: what, where and why."""

    kind: str
    where: str
    reason: str


def section(contents: Contents) -> Section:
    """Returns the section; it says so where there is nothing to tell."""
    found = list(flags(contents))
    block = Text("Nothing is flagged.")
    if found:
        caption = "What is out of the ordinary with phases, cells and numbers."
        block = Table("flags", caption, ("kind", "where", "why"), found)
    return Section("flagged", f"Flagged ({len(found)})", [block])


def flags(contents: Contents) -> Iterator[Flag]:
    """Yields everything out of the ordinary."""
    folder = contents.folder
    if folder.is_miniature:
        yield Flag("miniature", "every number", IN_MINIATURE)
    yield from _outdated(folder)
    yield from _recorded(folder.flags)
    known = {one["kind"] for one in folder.flags}
    if not known & {"failed", "skipped", "missing"}:
        yield from _unfinished(folder)
        yield from _absent(folder)
    if "overlap" not in known:
        for one in folder.description["overlaps"]:
            where = f"{one['target']} after {one['intermediate']}"
            yield Flag("overlap", where, one["text"])
    yield from _outputs(folder)
    yield from _chosen(contents)
    yield from _seeds(contents)
    yield from _software(folder)
    for where, fields in differences.unlike_rows(folder):
        reason = f"its target phase differs from direct transfer's in {fields}"
        yield Flag("other training", where, reason)


def _outdated(folder: StudyFolder) -> Iterator[Flag]:
    if folder.outdated:
        reason = (
            f"{folder.outdated:,} numbers are of phases that the study has no "
            "more, and left out: it was changed since; run it again"
        )
        yield Flag("outdated", "results.csv", reason)


def _recorded(found: tuple[Mapping[str, Any], ...]) -> Iterator[Flag]:
    """Yields what the run has flagged, alike phases together."""
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in found:
        alike.setdefault((one["kind"], one["reason"]), []).append(one)
    for (kind, reason), several in alike.items():
        cells = [
            f"{label[1]} after {label[0]}"
            for one in several
            for label in one["cells"]
        ]
        phases = [one["phase"] for one in several if one["phase"]]
        parts = (_listed(list(dict.fromkeys(x))) for x in (cells, phases))
        yield Flag(kind, " · ".join(filter(None, parts)), reason)


def _unfinished(folder: StudyFolder) -> Iterator[Flag]:
    left = [one.name for one in folder.phases.values() if one.done is None]
    if left:
        reason = (
            f"{len(left)} of {len(folder.phases)} phases are not finished; "
            "their cells are missing from every table"
        )
        yield Flag("missing", _listed(left), reason)
    if not folder.results:
        yield Flag("missing", "results.csv", "the study has not ended")


def _absent(folder: StudyFolder) -> Iterator[Flag]:
    for name, one in folder.description["evaluations"].items():
        if one["absent"]:
            reason = (
                f"not evaluated on {_listed(one['absent'])}, whose files were "
                "missing: its means are over the languages that were there"
            )
            yield Flag("missing", name, reason)


def _outputs(folder: StudyFolder) -> Iterator[Flag]:
    """Yields of what share of generated texts are none that was asked for."""
    most: dict[tuple[str, str], float] = {}
    for row in folder.results:
        if row["metric"] in RATES:
            arm = folder.arm(row)
            key = ", ".join(filter(None, (arm, row["target"]))), row["metric"]
            most[key] = max(most.get(key, 0.0), row["value"])
    for (where, rate), value in most.items():
        if value >= _RARE:
            reason = f"{rate} of up to {value:.1f} % in a language and run"
            yield Flag("outputs", where, reason)


def _chosen(contents: Contents) -> Iterator[Flag]:
    found: dict[tuple[str, str], list[str]] = {}
    for board in contents.boards:
        if board.why_not_zero_shot:
            key = board.selection, board.why_not_zero_shot
            found.setdefault(key, []).append(f"{board.target} {board.metric}")
    for (rule, why), names in found.items():
        reason = f"numbers by the rule {rule}: checkpoints {why}"
        yield Flag("not zero-shot", _listed(names), reason)


def _seeds(contents: Contents) -> Iterator[Flag]:
    wanted = len(contents.folder.description["seeds"])
    for board in contents.boards:
        short = [
            row.label
            for row in board.matrix.rows
            if any(one.count < wanted for one in row.scores.values())
        ]
        if short:
            reason = (
                f"fewer than {wanted} seeds: {_listed(short)}; such a row has "
                "no delta where its seeds are not those of direct transfer"
            )
            yield Flag("seeds", board.title, reason)


def _software(folder: StudyFolder) -> Iterator[Flag]:
    done = [x for x in folder.phases.values() if x.environment is not None]
    commits = dict.fromkeys(str(one.environment["commit"]) for one in done)
    if len(commits) > 1:
        reason = f"phases ran at {len(commits)} commits"
        yield Flag("software", _listed(list(commits)), reason)
    for commit in commits:
        if commit == "None" or commit.endswith("-dirty"):
            reason = (
                "what ran is not, or not all, in a repository, so nobody can "
                "get it again"
            )
            yield Flag("software", f"commit {commit}", reason)
    devices = dict.fromkeys(str(one.environment["device_kind"]) for one in done)
    if len(devices) > 1:
        reason = "phases ran on several kinds of device"
        yield Flag("software", _listed(list(devices)), reason)
    if any(row["trimmed_softmax"] == "True" for row in folder.results):
        reason = (
            "a softmax over the pieces of a phase's own data alone: another "
            "training than the published"
        )
        yield Flag("software", "trimmed_softmax", reason)


def _listed(names: list[str]) -> str:
    # Labels may hold commas.
    shown = "; ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
