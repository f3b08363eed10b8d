"""Averages over languages, tasks and groups, as XTREME's scorer takes them.

Source: `evaluate` in google-research/xtreme's evaluate.py. For XTREME-R it
cannot give the overall score, as it has no languages for LAReQA; here that is
the same mean over tasks, of which LAReQA is one.
"""

import dataclasses
from collections.abc import Mapping

from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS, Benchmark, Task

# All languages' questions together, as LAReQA's are in one file.
POOLED = "mul"
# By language, by metric.
TaskScores = Mapping[str, Mapping[str, float]]
# Questions by language.
Sizes = Mapping[str, int]


@dataclasses.dataclass(frozen=True)
class Averages:
    """What there is of averages; a mean of incomplete languages is none.

    Attributes:
      benchmark: whose task and language lists count; None if no benchmark is
        complete and none was asked for.
      languages: those that each task's mean is over.
      means: of each metric over a task's languages.
      tasks: the one number of each task that enters the overall score.
      groups: the mean of the tasks of each complete group.
      overall: the mean over tasks of a complete benchmark.
    """

    benchmark: str | None
    languages: dict[str, tuple[str, ...]]
    means: dict[str, dict[str, float]]
    tasks: dict[str, float]
    groups: dict[str, float]
    overall: float | None


def averages(
    scores: Mapping[str, TaskScores],
    sizes: Mapping[str, Sizes],
    benchmark: str | None = None,
) -> Averages:
    """Returns all averages that complete tasks allow.

    Args:
      scores: by task.
      sizes: number of questions or examples, by task.
      benchmark: whose lists count. Without it, XTREME-R's if it is complete,
        else XTREME's if that is, else for each task the longer list that is.
    """
    benchmark = benchmark or _complete_benchmark(scores)
    languages = {
        name: found
        for name, one in scores.items()
        if (found := _languages(TASKS[name], one, benchmark))
    }
    means = {
        name: _means(TASKS[name], scores[name], sizes[name], codes)
        for name, codes in languages.items()
    }
    tasks = {
        name: _mean([one[metric] for metric in TASKS[name].averaged])
        for name, one in means.items()
    }
    groups, overall = {}, None
    if benchmark:
        known = BENCHMARKS[benchmark]
        groups = {
            group: _mean([tasks[name] for name in names])
            for group, names in known.groups.items()
            if all(name in tasks for name in names)
        }
        if all(name in tasks for name in known.tasks):
            overall = _mean([tasks[name] for name in known.tasks])
    return Averages(benchmark, languages, means, tasks, groups, overall)


def _complete_benchmark(scores: Mapping[str, TaskScores]) -> str | None:
    def is_complete(one: Benchmark) -> bool:
        return all(
            lacking(TASKS[name], scores.get(name, {}), one.name) == []
            for name in one.tasks
        )

    found = [one.name for one in BENCHMARKS.values() if is_complete(one)]
    return found[-1] if found else None


def lacking(task: Task, scores: TaskScores, benchmark: str) -> list[str]:
    """Returns the languages that the task's average in a benchmark lacks."""
    if task.pooled and POOLED in scores:
        return []
    return [code for code in task.languages(benchmark) if code not in scores]


def _languages(
    task: Task, scores: TaskScores, benchmark: str | None
) -> tuple[str, ...]:
    """Returns the languages of the task's mean, none if it has none."""
    if task.pooled and POOLED in scores:
        return (POOLED,)
    lists = [task.languages(one) for one in BENCHMARKS]
    if benchmark and task.languages(benchmark):
        lists = [task.languages(benchmark)]
    complete = [one for one in lists if all(code in scores for code in one)]
    return max(complete, key=len, default=())


def _means(
    task: Task,
    scores: TaskScores,
    sizes: Sizes,
    languages: tuple[str, ...],
) -> dict[str, float]:
    weights = [sizes[code] if task.pooled else 1 for code in languages]
    return {
        metric: sum(
            scores[code][metric] * weight
            for code, weight in zip(languages, weights, strict=True)
        )
        / sum(weights)
        for metric in scores[languages[0]]
    }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
