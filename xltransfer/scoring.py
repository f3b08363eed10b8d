"""A folder of predictions and one of labels -> every number of a benchmark."""

import dataclasses
from pathlib import Path
from typing import Any

from xltransfer import submission
from xltransfer.errors import InputError, nearest
from xltransfer.metrics import METRICS, VERSION
from xltransfer.metrics.averages import Averages, averages
from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS, Task
from xltransfer.submission.formats import FORMATS
from xltransfer.submission.gold import read_gold


@dataclasses.dataclass(frozen=True)
class Scores:
    """What a folder of predictions scores.

    Attributes:
      values: in percent, by task, language and official metric name.
      averages: those that complete tasks allow.
      notes: what was left out, is missing or scores 0, as sentences.
    """

    values: dict[str, dict[str, dict[str, float]]]
    averages: Averages
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Returns all values for a JSON file, unrounded.

        Tasks are keys, beside `averages` (the one number a task), `means` (of
        each metric), `groups`, `benchmark`, `metric_version`, `notes`, and
        `overall` if there is one.
        """
        found = self.averages
        return {
            **self.values,
            "averages": found.tasks,
            "means": found.means,
            "groups": found.groups,
            "benchmark": found.benchmark,
            "metric_version": VERSION,
            "notes": list(self.notes),
            **({} if found.overall is None else {"overall": found.overall}),
        }


def score_folder(
    predictions: Path, labels: Path, benchmark: str | None = None
) -> Scores:
    """Checks and scores a submission: all of it, or what there is.

    Args:
      predictions: a folder in the submission layout.
      labels: a folder of the same layout, see `submission.gold`.
      benchmark: whose tasks and languages are scored; else either's.

    Raises:
      InputError: for a damaged file, naming it and the line; before anything
        is scored, for a file that is named like none of the layout.
    """
    for folder in (predictions, labels):
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder.")
    notes: list[str] = []
    files = _files(predictions, benchmark, notes)
    if not files:
        raise InputError(
            f"{predictions}: nothing to score; expected "
            "<task>/test-<language>.<suffix>, as xnli/test-sw.tsv."
        )
    values: dict[str, dict[str, dict[str, float]]] = {}
    sizes: dict[str, dict[str, int]] = {}
    for (task, language), path in files.items():
        gold_path = labels / task.name / path.name
        if not gold_path.exists():
            notes.append(f"{path} is not scored: there is no {gold_path}.")
            continue
        gold = read_gold(gold_path, task)
        guesses = submission.read(path, task.layout, task.labels)
        notes += submission.check(path, task.layout, guesses, gold)
        metric = METRICS[task.metric.format(language=language)]
        values.setdefault(task.name, {})[language] = metric(gold, guesses)
        sizes.setdefault(task.name, {})[language] = len(gold)
    if not values:
        raise InputError(f"{labels}: no labels for any file of {predictions}.")
    found = averages(values, sizes, benchmark)
    return Scores(values, found, (*notes, *_absent(found, values, benchmark)))


Files = dict[tuple[Task, str], Path]


def _files(predictions: Path, benchmark: str | None, notes: list[str]) -> Files:
    """Returns the files to score, in the order of tasks and languages."""
    found: Files = {}
    for folder in _visible(predictions):
        if folder.name in TASKS:
            found |= _task_files(folder, TASKS[folder.name], notes)
            continue
        hint = nearest(folder.name, TASKS)
        if folder.is_dir() and hint:
            raise InputError(f"{folder}: there is no such task.{hint}")
        notes.append(f"{folder} is left out: it is no task's folder.")
    chosen: Files = {}
    for task in TASKS.values():
        for language in task.known_languages:
            path = found.get((task, language))
            if path is None:
                continue
            if benchmark and language not in task.languages(benchmark):
                title = BENCHMARKS[benchmark].title
                notes.append(f"{path} is left out: it is no part of {title}.")
                continue
            chosen[task, language] = path
    return chosen


def _task_files(folder: Path, task: Task, notes: list[str]) -> Files:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of predictions.")
    prefix, suffix = f"{submission.SPLIT}-", f".{FORMATS[task.layout].suffix}"
    found = {}
    for path in _visible(folder):
        if not path.name.startswith(prefix):
            notes.append(f"{path} is left out: it is no {prefix}file.")
            continue
        language = path.name.removeprefix(prefix).removesuffix(suffix)
        if not path.name.endswith(suffix):
            raise InputError(f"{path}: expected a name that ends in {suffix}.")
        if language not in task.known_languages:
            raise InputError(
                f"{path}: {language!r} is no language of {task.title}."
                f"{nearest(language, task.known_languages)}"
            )
        found[task, language] = path
    if not found:
        raise InputError(f"{folder}: there is no {prefix}<language>{suffix}.")
    return found


def _visible(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if not path.name.startswith(".")
    )


def _absent(
    found: Averages, values: dict[str, Any], benchmark: str | None
) -> list[str]:
    """Says which languages and tasks averages lack."""
    notes = []
    for name, scores in values.items():
        if name in found.languages:
            continue
        task = TASKS[name]
        lists = [task.languages(benchmark)] if benchmark else []
        lists = lists or [task.languages(one) for one in BENCHMARKS]
        shortest = min(filter(None, lists), key=len)
        lacking = [code for code in shortest if code not in scores]
        notes.append(f"{name} has no average: it lacks {', '.join(lacking)}.")
    if found.overall is None:
        for name in [benchmark] if benchmark else BENCHMARKS:
            one = BENCHMARKS[name]
            lacking = [
                task
                for task in one.tasks
                if not set(TASKS[task].languages(name))
                <= set(values.get(task, ()))
            ]
            notes.append(
                f"{one.title} has no overall score: {', '.join(lacking)} "
                f"{'is' if len(lacking) == 1 else 'are'} missing or incomplete."
            )
    return notes
