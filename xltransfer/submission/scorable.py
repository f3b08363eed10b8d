"""What a folder of predictions can be of: a benchmark's task, or any dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xltransfer.metrics.averages import POOLED
from xltransfer.metrics.benchmarks import TASKS, Task

if TYPE_CHECKING:
    from tasks.row import Dataset

# Layouts by problem, or by the metric where it says more.
_LAYOUTS = {
    "classification": "labels",
    "multiple_choice": "choices",
    "tagging": "tags",
    "span": "answers",
    "retrieval": "rankings",
    "tatoeba": "positions",
    "bucc": "pairs",
}


def by_language(name: str, data_dir: Path | None) -> dict[str, Task]:
    """Returns a task for each language in which there is one of that name.

    What is no benchmark's is a dataset's, and in no average.

    Args:
      name: of the folder.
      data_dir: the folder of official files, which may describe datasets.
    """
    if name in TASKS:
        known = TASKS[name]
        codes = (*known.known_languages, *([POOLED] if known.pooled else ()))
        return dict.fromkeys(codes, known)
    # Late: scoring a benchmark needs none of it.
    import tasks

    tasks.add_described(data_dir)
    return {
        row.name.rpartition(".")[2]: _task(name, row)
        for row in tasks.datasets().values()
        if row.name.rpartition(".")[0] == name and row.metrics
    }


def _task(name: str, row: Dataset) -> Task:
    (metric,) = row.metrics
    layout = _LAYOUTS.get(metric) or _LAYOUTS[row.problem]
    return Task(name, name, layout, metric, averaged=(), labels=row.labels)
