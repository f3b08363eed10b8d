"""A study's report, from its folder: Markdown, LaTeX and one HTML page."""

import dataclasses
from pathlib import Path

from xltransfer import files
from xltransfer.report import evidence, study_folder, tensorboard
from xltransfer.report.boards import boards, shown_metrics
from xltransfer.report.contents import Contents
from xltransfer.report.document import Document, Text
from xltransfer.report.html import html
from xltransfer.report.latex import latex
from xltransfer.report.markdown import markdown
from xltransfer.report.sections import (
    differences,
    flags,
    groups,
    learning,
    limits,
    overview,
    phases,
    published,
    reproduction,
    targets,
)
from xltransfer.report.study_folder import StudyFolder

_NOTHING = Text("There are no numbers for it.")
_WRITERS = {"report.md": markdown, "report.tex": latex, "report.html": html}


def write(out: Path, into: Path) -> list[Path]:
    """Writes the report of a study's folder; returns the files.

    Beside the study's files, `tensorboard` gets the same numbers as events.

    Args:
      out: the study's folder.
      into: the folder to write to; made if it is not there.

    Raises:
      InputError: naming the file that is missing or damaged.
    """
    given = contents(study_folder.read(out))
    made = document(given)
    texts = {name: writer(made) for name, writer in _WRITERS.items()}
    into.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        files.replace(into / name, text)
    tensorboard.write(given, made.sections, out / "tensorboard")
    return [into / name for name in texts]


def contents(folder: StudyFolder) -> Contents:
    """Returns a study's files with its tables and conclusions."""
    shown = shown_metrics(folder)
    found = evidence.conclusions(folder)
    lists = ("comparisons", "against_english", "effects", "best")
    kept = {
        name: tuple(
            one
            for one in getattr(found, name)
            if (one.target, one.metric) in shown
        )
        for name in lists
    }
    found = dataclasses.replace(found, **kept)
    return Contents(folder, boards(folder, found), found)


def document(given: Contents) -> Document:
    """Returns the report as sections."""
    folder = given.folder
    name = folder.description["name"] + ", in miniature" * folder.is_miniature
    sections = [
        overview.section(given),
        flags.section(given),
        *targets.sections(given),
        groups.section(given),
        published.section(given),
        learning.section(given),
        phases.section(given),
        differences.section(given),
        limits.section(given),
        reproduction.section(given),
    ]
    return Document(
        f"{name}: a transfer study",
        _facts(given),
        [
            one if one.blocks else dataclasses.replace(one, blocks=[_NOTHING])
            for one in sections
        ],
        folder.results,
    )


def _facts(given: Contents) -> dict[str, str]:
    folder = given.folder
    known = folder.description
    every = folder.phases.values()
    done = [one.done for one in every if one.done is not None]
    seconds = sum(one["seconds"] for one in done)
    return {
        "models": "; ".join(folder.models) or "–",
        "intermediates": str(len(folder.intermediates)),
        "targets": str(len(known["targets"])),
        "seeds": ", ".join(map(str, known["seeds"])),
        "phases done": f"{len(done)} of {len(folder.phases)}",
        "training time": phases.duration(seconds),
        "numbers": f"{len(folder.results):,}",
        "flagged": str(len(list(flags.flags(given)))),
    }
