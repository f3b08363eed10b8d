import csv
from importlib import resources

import numpy as np
import pytest

from xltransfer import published
from xltransfer.errors import InputError
from xltransfer.metrics.benchmarks import TASKS
from xltransfer.published import AVERAGE, EVIDENCE, comparable, numbers, select

MEANS = {
    "seven_tasks",
    "classification",
    "tagging",
    "qa",
    "retrieval",
    "three_groups",
    "overall",
}


def value(model: str, task: str, metric: str, **kind: str) -> float:
    (found,) = [
        one for one in select(task, metric, **kind) if one.model == model
    ]
    return found.value


def test_every_row_is_whole():
    for one in numbers():
        assert one.task in TASKS or one.task in MEANS, one
        if one.language != AVERAGE:
            assert one.language in TASKS[one.task].known_languages, one
        if one.task in TASKS:
            metrics = {*TASKS[one.task].averaged}
            assert one.metric in metrics, one
        else:
            assert one.metric == "mean"
        assert 0 < one.value < 100
        assert one.evidence in EVIDENCE
        assert all((one.model, one.protocol, one.table, one.source)), one


def test_every_file_has_the_columns_and_no_number_twice():
    columns = list(published.Number.__dataclass_fields__)
    for path in resources.files(published).iterdir():
        if path.name.endswith(".csv"):
            header = next(csv.reader(path.read_text().splitlines()))
            assert header == columns
    keys = [
        (one.model, *one.kind) for one in numbers() if "report" not in one.table
    ]
    keys = [key for key in keys if "replications" not in key[-1]]
    assert len(keys) == len(set(keys))


# What the sources say of their own rows, to see slips of the pen.


REMBERT = "RemBERT Table 16"
GROUPS = {
    "classification": ("xnli", "pawsx"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
}
GROUPS["seven_tasks"] = sum(GROUPS.values(), ())


@pytest.mark.parametrize(
    "model", ["X-STILTs", "XLM-R Large", "RemBERT", "FILTER", "VECO"]
)
def test_rembert_table_16_agrees_with_its_own_means_or_says_it_does_not(model):
    rows = [
        one for one in numbers() if (one.model, one.table) == (model, REMBERT)
    ]
    found: dict[str, list[float]] = {}
    for one in rows:
        found.setdefault(one.task, []).append(one.value)
    task = {name: np.mean(values) for name, values in found.items()}
    means = {
        name: np.mean([task[one] for one in tasks])
        for name, tasks in GROUPS.items()
    }
    means["three_groups"] = np.mean(
        [means[one] for one in ("classification", "tagging", "qa")]
    )
    for one in rows:
        if one.task in means:
            agrees = abs(one.value - means[one.task]) < 0.11
            assert agrees == (one.note == ""), (one, means[one.task])


@pytest.mark.parametrize(
    ("task", "metric", "model", "protocol", "table"),
    [
        ("mewslix", "map@20", "mBERT", "released Mewsli-X", "Mewsli-X README"),
        (
            "mewslix",
            "map@20",
            "XLM-R Large",
            "released Mewsli-X",
            "Mewsli-X README",
        ),
        (
            "bucc2018",
            "f1",
            "XLM-R Large",
            "zero-shot, dev",
            "jiant-dev PR 128",
        ),
        (
            "tatoeba",
            "accuracy",
            "XLM-R Large",
            "zero-shot, dev",
            "jiant-dev PR 128",
        ),
        ("mlqa", "f1", "XLM-R Large", "zero-shot", "XLM-R paper"),
        ("mlqa", "exact_match", "XLM-R Large", "zero-shot", "XLM-R paper"),
        (
            "xnli",
            "accuracy",
            "XLM-R Large",
            "translate-train-all",
            "XLM-R paper",
        ),
    ],
)
def test_languages_average_to_the_stated_mean(
    task, metric, model, protocol, table
):
    kind = {"protocol": protocol, "table": table}
    languages = [
        one.value
        for one in numbers()
        if (one.task, one.metric, one.model) == (task, metric, model)
        and (one.protocol, one.table) == (protocol, table)
        and one.language != AVERAGE
    ]
    stated = value(model, task, metric, **kind)
    assert stated == pytest.approx(np.mean(languages), abs=0.051)


def test_the_mean_of_mgtes_tasks_is_its_stated_one():
    kind = {"protocol": "zero-shot", "table": "mGTE XTREME-R"}
    tasks = [
        ("xnli", "accuracy"),
        ("xcopa", "accuracy"),
        *(
            (name, "f1")
            for name in ("udpos", "panx", "xquad", "mlqa", "tydiqa")
        ),
        ("mewslix", "map@20"),
        ("lareqa", "map@20"),
        ("tatoeba", "accuracy"),
    ]
    for one in select("overall", "mean", **kind):
        mean = np.mean([value(one.model, *task, **kind) for task in tasks])
        assert one.value == pytest.approx(mean, abs=0.011)


def test_only_rows_of_one_protocol_and_table_are_comparable():
    (mine,) = [
        one
        for one in select(
            "xnli", "accuracy", protocol="zero-shot", table="mT5 README"
        )
        if one.model == "mT5-Small"
    ]
    others = comparable(mine)
    # The README's twelve rows with XNLI, but for this one.
    assert len(others) == 11
    assert {one.table for one in others} == {"mT5 README"}
    assert {one.protocol for one in others} == {"zero-shot"}
    # RemBERT's table has other numbers for the same systems.
    assert not any(one.table == "RemBERT Table 16" for one in others)


def test_translate_train_stands_beside_no_zero_shot():
    for one in numbers():
        for other in comparable(one):
            assert one.protocol == other.protocol
            assert one.table == other.table
            assert (one.task, one.language, one.metric) == (
                other.task,
                other.language,
                other.metric,
            )


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="mT5 README"):
        select("xnli", "accuracy", protocol="zero-shot", table="mT5")
    with pytest.raises(InputError, match="none"):
        select("glue", "accuracy", protocol="zero-shot", table="mT5")


def test_no_recollection_is_among_them():
    assert not any(one.evidence == "M" for one in numbers())
    # Rows that the specification has from memory alone.
    assert not any(
        one.task == "overall" and one.value in (54.1, 65.3, 67.2, 93.3)
        for one in numbers()
    )
