"""A folder of predictions and one of labels -> every number of a benchmark."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xltransfer import submission
from xltransfer.errors import InputError, nearest
from xltransfer.metrics import METRICS, VERSION
from xltransfer.metrics.averages import POOLED, Averages, averages, lacking
from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS, Task
from xltransfer.submission import scorable
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
      splits: of numbers that are not of the split of the averages, by task and
        language.
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
    splits: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Returns all values for a JSON file, unrounded.

        Tasks are keys, beside `averages` (the one number a task), `means` (of
        each metric), `groups`, `benchmark`, `metric_version`, `notes`, and,
        where there are any, `overall`, `languages`, `outputs` and `splits`.
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
            **({"splits": self.splits} if self.splits else {}),
        }


def score_folder(
    predictions: Path,
    labels: Path,
    benchmark: str | None = None,
    splits: Sequence[str] = (submission.SPLIT,),
    data_dir: Path | None = None,
) -> Scores:
    """Checks and scores a submission: all of it, or what there is.

    Args:
      predictions: a folder in the submission layout.
      labels: a folder of the same layout, see `submission.gold`.
      benchmark: whose tasks and languages are scored; else any dataset's.
      splits: what names of files begin with; of each task and language the
        first that is there is scored, and averages are over the first of all.
      data_dir: the folder of official files, which may describe datasets.

    Raises:
      InputError: for a damaged file, naming it and the line; before anything
        is scored, for a file that is named like none of the layout.
    """
    if not labels.is_dir():
        raise InputError(f"--labels {labels}: there is no such folder.")
    notes: list[str] = []
    files = _chosen(
        _files(predictions, splits, data_dir, notes), benchmark, notes
    )
    if not files:
        raise InputError(
            f"{predictions}: nothing to score; expected "
            "<task>/test-<language>.<suffix>, as xnli/test-sw.tsv. "
            + " ".join(notes)
        )
    guesses = {
        key: submission.read(one.path, one.task.layout, one.task.labels)
        for key, one in files.items()
    }
    values: dict[str, dict[str, dict[str, float]]] = {}
    sizes: dict[str, dict[str, int]] = {}
    others: dict[str, dict[str, str]] = {}
    for key, (task, path, split) in _labelled(files, labels, notes).items():
        name, language = key
        gold = read_gold(labels / name / path.name, task)
        notes += submission.check(path, task.layout, guesses[key], gold)
        metric = METRICS[task.metric.format(language=language)]
        values.setdefault(name, {})[language] = metric(gold, guesses[key])
        sizes.setdefault(name, {})[language] = len(gold)
        if split != splits[0]:
            others.setdefault(name, {})[language] = split
    if not values:
        raise InputError(f"{labels}: no labels for any file of {predictions}.")
    return scores_of(values, sizes, benchmark, notes, others)


def scores_of(
    values: dict[str, dict[str, dict[str, float]]],
    sizes: dict[str, dict[str, int]],
    benchmark: str | None = None,
    notes: Sequence[str] = (),
    splits: Mapping[str, Mapping[str, str]] | None = None,
) -> Scores:
    """Returns numbers with all averages that complete tasks allow.

    Args:
      values: in percent, by task, language and official metric name; tasks of
        neither benchmark are in no average.
      sizes: number of questions or examples, by task and language.
      benchmark: whose tasks and languages are averaged; else either's.
      notes: what is to be said beside what the averages lack.
      splits: of the numbers that averages leave out, being of another split.
    """
    others = {name: dict(table) for name, table in (splits or {}).items()}
    known = {
        name: counted
        for name, table in values.items()
        if name in TASKS
        and (counted := _counted(TASKS[name], table, others.get(name, {})))
    }
    found = averages(known, sizes, benchmark)
    notes = (*notes, *_apart(others), *_absent(found, known, benchmark))
    return Scores(values, found, notes, splits=others)


def _counted(
    task: Task, table: Mapping[str, Any], others: Mapping[str, str]
) -> dict[str, Any]:
    """Returns the numbers that may enter an average."""
    codes = {*task.known_languages, *([POOLED] if task.pooled else [])}
    return {
        code: one
        for code, one in table.items()
        if code in codes and code not in others
    }


def _apart(others: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Says which numbers are of another split than averages."""
    splits = [split for table in others.values() for split in table.values()]
    for split in dict.fromkeys(splits):
        listed = ", ".join(
            f"{name} ({', '.join(c for c in table if table[c] == split)})"
            for name, table in others.items()
            if split in table.values()
        )
        yield f"of the split {split!r}, and in no average: {listed}"


class _File(NamedTuple):
    """A file of predictions, and what it is of."""

    task: Task
    path: Path
    split: str


# By the names of task and language.
Files = dict[tuple[str, str], _File]


def _files(
    predictions: Path,
    splits: Sequence[str],
    data_dir: Path | None,
    notes: list[str],
) -> Files:
    """Returns the files of all folders that are of a task or dataset."""
    found: Files = {}
    for folder in _visible(predictions):
        known: Mapping[str, Task] = {}
        if folder.is_dir() or folder.name in TASKS:
            known = scorable.by_language(folder.name, data_dir)
        if known:
            found |= _task_files(folder, known, splits, notes)
            continue
        hint = nearest(folder.name, TASKS)
        notes.append(f"{folder} is left out: it is no task's folder.{hint}")
    return found


def _chosen(found: Files, benchmark: str | None, notes: list[str]) -> Files:
    """Returns the files that are part of the benchmark, in their order."""
    names = dict.fromkeys((*TASKS, *(name for name, _ in found)))
    chosen: Files = {}
    for name in names:
        known = TASKS[name].known_languages if name in TASKS else ()
        codes = [code for one, code in found if one == name]
        order = [*(c for c in known if c in codes), *codes]
        mine = list(dict.fromkeys(order))
        others = [c for c in mine if not _is_part(name, c, benchmark)]
        chosen |= {(name, c): found[name, c] for c in mine if c not in others}
        if others:
            notes.append(
                f"{name} is left out in {', '.join(others)}, which "
                f"{BENCHMARKS[benchmark].title} has not."
            )
    return chosen


def _is_part(name: str, language: str, benchmark: str | None) -> bool:
    if benchmark is None:
        return True
    task = TASKS.get(name)
    if task is None:
        return False
    codes = task.languages(benchmark)
    return language in codes or bool(
        codes and task.pooled and language == POOLED
    )


def _labelled(files: Files, labels: Path, notes: list[str]) -> Files:
    """Returns the files that there are labels for."""
    found: Files = {}
    absent: dict[str, list[str]] = {}
    for (name, language), one in files.items():
        if (labels / name / one.path.name).exists():
            found[name, language] = one
        else:
            absent.setdefault(name, []).append(language)
    notes += [
        f"{name} is not scored in {', '.join(languages)}: no labels."
        for name, languages in absent.items()
    ]
    return found


def _task_files(
    folder: Path,
    known: Mapping[str, Task],
    splits: Sequence[str],
    notes: list[str],
) -> Files:
    """Returns the files of a task's folder, of each language the first split."""
    first = next(iter(known.values()))
    suffix = f".{FORMATS[first.layout].suffix}"
    found: Files = {}
    for path in _visible(folder):
        split, _, rest = path.name.partition("-")
        if not rest or split not in splits:
            asked = " or ".join(f"{one}-" for one in splits)
            notes.append(f"{path} is left out: it is no {asked}file.")
            continue
        language = rest.removesuffix(suffix)
        if not path.name.endswith(suffix):
            raise InputError(f"{path}: expected a name that ends in {suffix}.")
        if language not in known:
            raise InputError(
                f"{path}: {language!r} is no language of {first.title}, which "
                f"has {', '.join(known)}."
            )
        one = _File(known[language], path, split)
        other = found.get((folder.name, language), one)
        found[folder.name, language] = min(
            one, other, key=lambda file: splits.index(file.split)
        )
    if not found and not _has_others(folder):
        what = f"there is no {splits[0]}-<language>{suffix}"
        if folder.name in TASKS:
            raise InputError(f"{folder}: {what}.")
        notes.append(f"{folder} is left out: {what}.")
    return found


def _has_others(folder: Path) -> bool:
    """Tells whether predictions of any split are there."""
    prefixes = tuple(f"{one}-" for one in submission.SPLITS)
    return any(path.name.startswith(prefixes) for path in _visible(folder))


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
        names = [benchmark] if benchmark else BENCHMARKS
        names = [one for one in names if task.languages(one)] or BENCHMARKS
        lists = [lacking(task, scores, one) for one in names]
        codes = ", ".join(min(filter(None, lists), key=len))
        notes.append(f"{name} has no average: it lacks {codes}.")
    if found.overall is None:
        for name in [benchmark] if benchmark else BENCHMARKS:
            one = BENCHMARKS[name]
            absent = [
                task
                for task in one.tasks
                if lacking(TASKS[task], values.get(task, {}), name)
            ]
            notes.append(
                f"{one.title} has no overall score: {', '.join(absent)} "
                f"{'is' if len(absent) == 1 else 'are'} missing or incomplete."
            )
    return notes
