"""A folder of predictions and one of labels -> every number of a benchmark."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xltransfer import submission
from xltransfer.errors import InputError, nearest
from xltransfer.metrics import METRICS, VERSION
from xltransfer.metrics.averages import Averages, averages
from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS, Task
from xltransfer.submission.formats import FORMATS
from xltransfer.submission.gold import read_gold

if TYPE_CHECKING:
    from xltransfer.language_groups import LanguageGroups


@dataclasses.dataclass(frozen=True)
class Scores:
    """What a folder of predictions scores.

    Attributes:
      values: in percent, by task, language and official metric name.
      averages: those that complete tasks allow.
      notes: what was left out, is missing or scores 0, as sentences.
      languages: means over families, scripts and more, by task, where the model
        is known.
      outputs: rates of generated outputs that are not what was asked for, by
        task, language and name.
    """

    values: dict[str, dict[str, dict[str, float]]]
    averages: Averages
    notes: tuple[str, ...]
    languages: dict[str, LanguageGroups] = dataclasses.field(
        default_factory=dict
    )
    outputs: dict[str, dict[str, dict[str, float]]] = dataclasses.field(
        default_factory=dict
    )

    def record(self) -> dict[str, Any]:
        """Returns all values for a JSON file, unrounded.

        Tasks are keys, beside `averages` (the one number a task), `means` (of
        each metric), `groups`, `benchmark`, `metric_version`, `notes`, and,
        where there are any, `overall`, `languages` and `outputs`.
        """
        found = self.averages
        languages = {name: x.record() for name, x in self.languages.items()}
        return {
            **self.values,
            "averages": found.tasks,
            "means": found.means,
            "groups": found.groups,
            "benchmark": found.benchmark,
            "metric_version": VERSION,
            "notes": list(self.notes),
            **({} if found.overall is None else {"overall": found.overall}),
            **({"languages": languages} if languages else {}),
            **({"outputs": self.outputs} if self.outputs else {}),
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
    if not labels.is_dir():
        raise InputError(f"--labels {labels}: there is no such folder.")
    notes: list[str] = []
    files = _files(predictions, benchmark, notes)
    guesses = {
        key: submission.read(path, key[0].layout, key[0].labels)
        for key, path in files.items()
    }
    values: dict[str, dict[str, dict[str, float]]] = {}
    sizes: dict[str, dict[str, int]] = {}
    for key, path in _labelled(files, labels, notes).items():
        task, language = key
        gold = read_gold(labels / task.name / path.name, task)
        notes += submission.check(path, task.layout, guesses[key], gold)
        metric = METRICS[task.metric.format(language=language)]
        values.setdefault(task.name, {})[language] = metric(gold, guesses[key])
        sizes.setdefault(task.name, {})[language] = len(gold)
    if not values:
        raise InputError(f"{labels}: no labels for any file of {predictions}.")
    return scores_of(values, sizes, benchmark, notes)


def scores_of(
    values: dict[str, dict[str, dict[str, float]]],
    sizes: dict[str, dict[str, int]],
    benchmark: str | None = None,
    notes: Sequence[str] = (),
) -> Scores:
    """Returns numbers with all averages that complete tasks allow.

    Args:
      values: in percent, by task, language and official metric name; tasks of
        neither benchmark are in no average.
      sizes: number of questions or examples, by task and language.
      benchmark: whose tasks and languages are averaged; else either's.
      notes: what is to be said beside what the averages lack.
    """
    known = {name: table for name, table in values.items() if name in TASKS}
    found = averages(known, sizes, benchmark)
    return Scores(values, found, (*notes, *_absent(found, known, benchmark)))


Files = dict[tuple[Task, str], Path]


def _files(predictions: Path, benchmark: str | None, notes: list[str]) -> Files:
    """Returns the files to score, in the order of tasks and languages."""
    found: Files = {}
    for folder in _visible(predictions):
        if folder.name in TASKS:
            found |= _task_files(folder, TASKS[folder.name], notes)
            continue
        # A study evaluates on other tasks too.
        hint = nearest(folder.name, TASKS)
        notes.append(f"{folder} is left out: it is no task's folder.{hint}")
    chosen = _chosen(found, benchmark, notes)
    if not chosen:
        raise InputError(
            f"{predictions}: nothing to score; expected "
            "<task>/test-<language>.<suffix>, as xnli/test-sw.tsv. "
            + " ".join(notes)
        )
    return chosen


def _chosen(found: Files, benchmark: str | None, notes: list[str]) -> Files:
    """Returns the files that are part of the benchmark, in its order."""
    chosen: Files = {}
    for task in TASKS.values():
        there = [one for one in task.known_languages if (task, one) in found]
        wanted = task.languages(benchmark) if benchmark else there
        chosen |= {
            (task, one): found[task, one] for one in there if one in wanted
        }
        others = [one for one in there if one not in wanted]
        if others:
            notes.append(
                f"{task.name} is left out in {', '.join(others)}, which "
                f"{BENCHMARKS[benchmark].title} has not."
            )
    return chosen


def _labelled(files: Files, labels: Path, notes: list[str]) -> Files:
    """Returns the files that there are labels for."""
    found: Files = {}
    absent: dict[str, list[str]] = {}
    for (task, language), path in files.items():
        if (labels / task.name / path.name).exists():
            found[task, language] = path
        else:
            absent.setdefault(task.name, []).append(language)
    notes += [
        f"{name} is not scored in {', '.join(languages)}: no labels."
        for name, languages in absent.items()
    ]
    return found


def _task_files(folder: Path, task: Task, notes: list[str]) -> Files:
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
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
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
