"""What a study's folder gives the statistics: rows, examples, what is known."""

import functools
from collections.abc import Mapping
from typing import Any

from xltransfer import example_counts, selection
from xltransfer.errors import InputError
from xltransfer.example_counts import Counts
from xltransfer.report.study_folder import StudyFolder, identity_of
from xltransfer.statistics.comparing import Intermediate
from xltransfer.statistics.concluding import conclude
from xltransfer.statistics.conclusions import Conclusions
from xltransfer.statistics.pairs import Method

_GENERATION = "generation"
# Whose score is on dev data.
_DEV = (selection.ENGLISH_DEV, selection.TARGET_DEV)


def conclusions(folder: StudyFolder) -> Conclusions:
    """Returns what is concluded from a study's folder.

    Raises:
      InputError: where what was kept of examples is damaged.
    """
    return conclude(
        folder.results,
        functools.partial(_examples, folder, _tasks(folder)),
        set(folder.degenerate),
        direct=folder.direct,
        controls=folder.controls,
        known=_intermediates(folder),
        dev=_dev_scores(folder),
        method=_method(folder),
    )


def _method(folder: StudyFolder) -> Method:
    given = folder.description.get("statistics", {})
    try:
        return Method(**given)
    except TypeError as error:
        raise InputError(
            f"{folder.path / 'study.json'}: statistics: {error}."
        ) from None


def _examples(
    folder: StudyFolder,
    tasks: Mapping[tuple[str, str], str],
    row: Mapping[str, Any],
) -> Counts | None:
    """Returns what each example adds to a row's number, if that was kept."""
    phase = folder.by_identity.get(row["phase"])
    task = tasks.get((row["phase"], row["language"]))
    if phase is None or phase.done is None or task is None:
        return None
    name = "predictions"
    step = _step(phase.done, row["selection"])
    if step != phase.done["step"]:
        name += f"-{step}"
    # Labels that were generated lie apart from those that were ranked.
    suffixes = (
        ("-generation", "") if row["prediction"] == _GENERATION else ("",)
    )
    paths = [
        example_counts.path_of(
            example_counts.beside(
                folder.path / "phases" / phase.name / f"{name}{suffix}"
            ),
            task,
            row["language"],
            row["split"],
        )
        for suffix in suffixes
    ]
    return next(filter(None, map(example_counts.read, paths)), None)


def _tasks(folder: StudyFolder) -> Mapping[tuple[str, str], str]:
    """Returns by phase and language the task that it is evaluated on."""
    found = {}
    for cell in folder.description["cells"]:
        names = folder.description["evaluations"][cell["evaluation"]]["present"]
        for name in names:
            task, _, language = name.rpartition(".")
            found[identity_of(cell["phases"][-1]), language] = task
    return found


def _step(done: Mapping[str, Any], rule: str) -> int:
    steps = [x["step"] for x in done["rules"].values() if x["rule"] == rule]
    return steps[0] if steps else done["step"]


def _intermediates(folder: StudyFolder) -> dict[str, Intermediate]:
    """Returns by label the languages and problems of its phases' data."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for cell in folder.description["cells"]:
        for name in cell["phases"][:-1]:
            phase = folder.phases[name]
            if phase.kind == "intermediate":
                known = parts.setdefault(cell["intermediate"], [])
                known += phase.configuration["components"]
    return {
        label: Intermediate.of(
            (part["language"], part["problem"]) for part in found
        )
        for label, found in parts.items()
    }


def _dev_scores(folder: StudyFolder) -> dict[tuple[str, str], float]:
    """Returns dev scores of chosen checkpoints, by phase and rule."""
    return {
        (phase.identity, one["rule"]): one["score"]
        for phase in folder.phases.values()
        if phase.done is not None
        for one in phase.done["rules"].values()
        if one["rule"] in _DEV and one["score"] is not None
    }
