"""The study's tables, one for each model, target, metric and rule.

A board is a transfer matrix and what was concluded about each of its deltas.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tasks.languages import ALL_LANGUAGES
from xltransfer.language_groups import ENGLISH
from xltransfer.outcomes.text import RATES
from xltransfer.report.document import Cell
from xltransfer.report.matrix import OTHERS, Matrix, Row, matrices
from xltransfer.report.study_folder import StudyFolder
from xltransfer.selection import NOT_ZERO_SHOT
from xltransfer.statistics import ZERO_SHOT, Comparison, Conclusions, Key
from xltransfer.statistics.conclusions import Interval

# Beside F1 these would say nearly the same four times.
_BESIDE_F1 = ("accuracy", "precision", "recall")
_MEANS = (ZERO_SHOT, OTHERS)


@dataclasses.dataclass(frozen=True)
class Board:
    """One table of the study.

    Attributes:
      arm: the model, and the method where there is one.
      matrix: its numbers: rows, and columns by language.
      results: the rows of results.csv that it is made of.
      comparisons: of a row and a language, what was concluded.
      overlaps: by label of a row, why it is not zero-shot.
      degenerate: by label of a row, which of its runs learnt nothing.
      direct: the row that deltas are against.
    """

    arm: str
    matrix: Matrix
    results: Sequence[Mapping[str, Any]]
    comparisons: Mapping[tuple[str, str], Comparison]
    overlaps: Mapping[str, str]
    degenerate: Mapping[str, str]
    direct: str

    @property
    def target(self) -> str:
        """The label of the target."""
        return self.matrix.target

    @property
    def metric(self) -> str:
        """The official name."""
        return self.matrix.metric

    @property
    def selection(self) -> str:
        """The rule that chose the checkpoints."""
        return self.matrix.selection

    @property
    def mean(self) -> str:
        """The name of the column with the mean over languages."""
        first = self.matrix.columns[0]
        return first if first in _MEANS else self.languages[0]

    @property
    def languages(self) -> list[str]:
        """Codes, English first, then by family and name."""
        codes = [one for one in self.matrix.columns if one not in _MEANS]
        return sorted(codes, key=_order)

    @property
    def compared(self) -> list[Row]:
        """The rows that have deltas."""
        return [row for row in self.matrix.rows if row.deltas]

    @property
    def why_not_zero_shot(self) -> str:
        """Why no number of it is zero-shot; nothing where they are."""
        return NOT_ZERO_SHOT.get(self.selection, "")

    @property
    def title(self) -> str:
        """What it is of, for a caption."""
        title = f"{self.target}, {self.metric}"
        if self.why_not_zero_shot:
            title += f", {self.selection}, NOT ZERO-SHOT"
        return title

    @property
    def notes(self) -> list[str]:
        """What must be known of its numbers, controls among them."""
        return _notes([self], {row.label for row in self.matrix.rows})

    def comparison(self, row: Row, column: str) -> Comparison | None:
        """Returns what was concluded of a delta, if anything."""
        language = ZERO_SHOT if column in _MEANS else column
        return self.comparisons.get((row.label, language))

    def label(self, row: Row) -> str:
        """Returns the row's label, with what its numbers are marked by."""
        marks = "†" * (row.label in self.overlaps)
        marks += "‡" * (row.label in self.degenerate)
        return f"{row.label} {marks}".rstrip()

    def delta(self, row: Row, column: str, scale: float) -> Cell:
        """Returns a delta as a cell, shaded against a scale in points."""
        if column not in row.deltas:
            return Cell("–")
        value = row.deltas[column].mean
        found = self.comparison(row, column)
        return Cell(
            signed(value) + "*" * bool(found and found.is_significant),
            value,
            value / scale if scale else 0.0,
            bool(found and found.is_significant),
            f"{row.label}, {language_name(column)}: {explained(row, column, found)}",
        )


def notes(several: Sequence[Board]) -> list[str]:
    """Returns what must be known of the deltas of tables, each thing once."""
    compared = {row.label for one in several for row in one.compared}
    return _notes(several, compared | {one.direct for one in several})


def _notes(several: Sequence[Board], shown: Collection[str]) -> list[str]:
    found: list[str] = []
    degenerate: dict[str, dict[str, None]] = {}
    for board in several:
        why = board.why_not_zero_shot
        found += [f"Not zero-shot: the checkpoints were {why}."] * bool(why)
        found += [f"† {text}" for text in board.overlaps.values()]
        for label, runs in board.degenerate.items():
            if label in shown:
                degenerate.setdefault(runs, {})[label] = None
    return [
        *dict.fromkeys(found),
        *(
            f"‡ {_listed(labels, shown)}: {runs} no better than a constant "
            "answer; means include them, and deltas are not tested."
            for runs, labels in degenerate.items()
        ),
    ]


def _listed(labels: Collection[str], shown: Collection[str]) -> str:
    """Returns labels, which may hold commas, or that it is all of them."""
    if 1 < len(shown) == len(labels):
        return "all rows"
    return "; ".join(labels)


def boards(folder: StudyFolder, conclusions: Conclusions) -> list[Board]:
    """Returns the study's tables, in the order of its targets."""
    shown = shown_metrics(folder)
    rows: dict[Key, list[Mapping[str, Any]]] = {}
    for row in folder.results:
        rows.setdefault(Key.of(row), []).append(row)
    compared: dict[Key, list[Comparison]] = {}
    for one in conclusions.comparisons:
        compared.setdefault(one.key, []).append(one)
    found = [
        _board(matrix, folder, rows[matrix.key], compared.get(matrix.key, ()))
        for matrix in matrices(folder.results, folder.direct, folder.controls)
        if (matrix.target, matrix.metric) in shown
    ]
    targets = list(folder.description["targets"])
    return sorted(found, key=lambda one: targets.index(one.target))


def shown_metrics(folder: StudyFolder) -> set[tuple[str, str]]:
    """Returns targets with the metrics that have tables: of tags F1 alone.

    How many outputs are none that was asked for is no score: see `flags`.
    """
    known = {(row["target"], row["metric"]) for row in folder.results}
    return {
        (target, metric)
        for target, metric in known
        if metric not in RATES
        and (metric not in _BESIDE_F1 or (target, "f1") not in known)
    }


def signed(value: float) -> str:
    """Returns `+1.2` or `−0.4`, with a real minus sign."""
    text = f"{value:+.1f}"
    return ("+0.0" if text == "-0.0" else text).replace("-", "−")


def interval(limits: Interval | None) -> str:
    """Returns `−0.4 to +1.2`."""
    return " to ".join(map(signed, limits)) if limits else "–"


def explained(row: Row, column: str, found: Comparison | None) -> str:
    """Returns a delta with its interval, its seeds and the scores behind it."""
    delta = row.deltas[column]
    text = f"{signed(delta.mean)} points"
    if found is not None and found.interval is not None:
        text += f", 95 % interval {interval(found.interval)}"
    if found is not None and found.p_holm is not None:
        text += f", p {found.p_holm:.2g} (Holm)"
    return f"{text}, {delta.count} seeds; score {row.scores[column]}"


def language_name(code: str) -> str:
    """Returns a language's name; what is no code stays as it is."""
    known = ALL_LANGUAGES.get(code)
    return known.name if known else code


def _order(code: str) -> tuple[str, str]:
    if code == ENGLISH:
        return "", ""
    known = ALL_LANGUAGES.get(code)
    return (known.family, known.name) if known else ("~", code)


def _board(
    matrix: Matrix,
    folder: StudyFolder,
    rows: Sequence[Mapping[str, Any]],
    compared: Sequence[Comparison],
) -> Board:
    return Board(
        ", ".join(filter(None, (matrix.model, matrix.method))),
        matrix,
        rows,
        {(one.intermediate, one.language): one for one in compared},
        {
            one["intermediate"]: one["text"]
            for one in folder.description["overlaps"]
            if one["target"] == matrix.target
        },
        _degenerate(folder, rows),
        folder.direct,
    )


def _degenerate(
    folder: StudyFolder, rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Returns by label how many runs behind a table's numbers learnt nothing."""
    runs: dict[str, dict[int, bool]] = {}
    for row in rows:
        seeds = runs.setdefault(row["intermediate"], {})
        seeds[row["seed"]] = row["phase"] in folder.degenerate
    return {
        label: f"{sum(seeds.values())} of {len(seeds)} runs are"
        for label, seeds in runs.items()
        if any(seeds.values())
    }
