import pytest

from xltransfer.metrics import METRICS
from xltransfer.metrics.averages import averages
from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS

# Counts and sizes of benchmark papers and of evaluate.py's lists.
SIZES = {
    "xtreme": {
        "xnli": 15,
        "pawsx": 7,
        "udpos": 33,
        "panx": 40,
        "xquad": 11,
        "mlqa": 7,
        "tydiqa": 9,
        "bucc2018": 4,
        "tatoeba": 36,
    },
    "xtreme_r": {
        "xnli": 15,
        "xcopa": 11,
        "udpos": 38,
        "panx": 48,
        "xquad": 12,
        "mlqa": 7,
        "tydiqa": 9,
        "tatoeba": 41,
        "mewslix": 11,
        "lareqa": 11,
    },
}


def complete(benchmark: str, value: float = 50) -> dict:
    """Returns scores of a whole benchmark, every metric the same."""
    return {
        name: {
            code: {metric: value for metric in TASKS[name].averaged}
            for code in TASKS[name].languages(benchmark)
        }
        for name in BENCHMARKS[benchmark].tasks
    }


def sizes(scores: dict, count: int = 10) -> dict:
    return {name: dict.fromkeys(one, count) for name, one in scores.items()}


@pytest.mark.parametrize("benchmark", SIZES)
def test_tasks_and_languages_are_those_of_the_benchmark(benchmark):
    found = {
        name: len(set(TASKS[name].languages(benchmark)))
        for name in BENCHMARKS[benchmark].tasks
    }
    assert found == SIZES[benchmark]
    members = {name for name, one in TASKS.items() if one.languages(benchmark)}
    assert members == set(found)


def test_xtreme_r_covers_fifty_languages_that_the_project_knows():
    from tasks.languages import LANGUAGES

    found = {one for task in TASKS.values() for one in task.xtreme_r}
    assert found == set(LANGUAGES)
    assert len(found) == 50
    old = {one for task in TASKS.values() for one in task.xtreme}
    # What XTREME-R's paper says is new.
    assert found - old == set(
        ["az", "gu", "ht", "lt", "pa", "pl", "qu", "ro", "uk", "wo"]
    )


def test_every_task_has_a_registered_metric_in_every_language():
    for task in TASKS.values():
        for language in task.known_languages:
            assert task.metric.format(language=language) in METRICS


def test_the_overall_score_of_a_published_system():
    # XLM-R Large on XTREME: its tasks average to the published 68.2.
    published = {
        "xnli": 79.2,
        "pawsx": 86.4,
        "udpos": 73.8,
        "panx": 65.4,
        "xquad": (60.8, 76.6),
        "mlqa": (53.2, 71.6),
        "tydiqa": (45.0, 65.1),
        "bucc2018": 66.0,
        "tatoeba": 57.3,
    }
    scores = complete("xtreme")
    for name, value in published.items():
        values = value if isinstance(value, tuple) else (value,)
        for one in scores[name].values():
            one |= dict(zip(TASKS[name].averaged, values, strict=True))
    found = averages(scores, sizes(scores), "xtreme")
    assert found.overall == pytest.approx(68.2, abs=0.05)
    assert found.tasks["tydiqa"] == pytest.approx(55.05)
    assert found.groups["classification"] == pytest.approx(82.8)
    assert found.groups["retrieval"] == pytest.approx(61.65)


def test_the_overall_score_is_over_tasks_and_not_over_groups():
    scores = complete("xtreme_r", 0)
    for one in scores["lareqa"].values():
        one["map@20"] = 100
    found = averages(scores, sizes(scores))
    assert found.benchmark == "xtreme_r"
    assert found.overall == pytest.approx(10)
    assert found.groups["retrieval"] == pytest.approx(100 / 3)


@pytest.mark.parametrize("benchmark", SIZES)
def test_one_missing_language_leaves_no_average_and_no_overall(benchmark):
    for name in BENCHMARKS[benchmark].tasks:
        scores = complete(benchmark)
        del scores[name][TASKS[name].languages(benchmark)[-1]]
        found = averages(scores, sizes(scores), benchmark)
        assert found.overall is None
        assert name not in found.tasks
        assert len(found.tasks) == len(scores) - 1
        assert len(found.groups) == 3


def test_a_task_in_the_languages_of_both_counts_as_the_one_asked_for():
    scores = complete("xtreme", 10)
    extra = {code: {"f1": 100} for code in ("lt", "pl", "uk", "wo", "ro")}
    scores["udpos"] |= extra
    assert averages(scores, sizes(scores)).tasks["udpos"] == 10
    assert averages(scores, sizes(scores), "xtreme_r").tasks[
        "udpos"
    ] == pytest.approx((33 * 10 + 5 * 100) / 38)
    # Without a complete benchmark, the longer list that is complete.
    del scores["xnli"]
    found = averages(scores, sizes(scores))
    assert len(found.languages["udpos"]) == 38
    assert found.benchmark is None


def test_lareqa_is_the_mean_over_questions_and_not_over_languages():
    scores = {"lareqa": {c: {"map@20": 0} for c in TASKS["lareqa"].xtreme_r}}
    scores["lareqa"]["ar"]["map@20"] = 100
    counts = {"lareqa": dict.fromkeys(scores["lareqa"], 10)}
    counts["lareqa"]["ar"] = 100
    found = averages(scores, counts)
    assert found.tasks["lareqa"] == pytest.approx(50)
