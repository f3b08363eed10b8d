import io

import pytest
from rich.console import Console

from xltransfer.metrics.averages import averages
from xltransfer.metrics.benchmarks import BENCHMARKS, TASKS
from xltransfer.report import scores as report
from xltransfer.scoring import Scores


@pytest.fixture
def shown(monkeypatch):
    """Prints scores on a console of a width; returns the lines."""

    def shown(scores: Scores, width: int = 80) -> list[str]:
        stream = io.StringIO()
        console = Console(file=stream, width=width)
        monkeypatch.setattr(report, "_console", console)
        report.print_scores(scores)
        return stream.getvalue().splitlines()

    return shown


def whole(benchmark: str) -> Scores:
    """Scores of 25 in exact match and 50 in all else."""
    values = {
        name: {
            code: {
                one: 25.0 if one == "exact_match" else 50.0
                for one in TASKS[name].averaged
            }
            for code in TASKS[name].languages(benchmark)
        }
        for name in BENCHMARKS[benchmark].tasks
    }
    sizes = {name: dict.fromkeys(one, 10) for name, one in values.items()}
    return Scores(values, averages(values, sizes), ())


@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_language_is_shown_within_the_width(shown, width):
    lines = shown(whole("xtreme_r"), width)
    assert all(len(line) <= width for line in lines)
    text = "\n".join(lines)
    heads = [line for line in lines if "metric" in line]
    assert sum(line.count(" wo┃") for line in heads) == 1
    assert all(f"({name})" in text for name in BENCHMARKS["xtreme_r"].tasks)


def test_the_summary_names_what_each_average_is_over(shown):
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in shown(whole("xtreme_r"))
        if line.startswith("│")
    ]
    assert ["UD-POS", "50.0", "38 languages"] in rows
    assert ["XQuAD", "37.5", "12 languages"] in rows
    assert ["retrieval", "50.0", "3 tasks"] in rows
    # (7 * 50 + 3 * 37.5) / 10 = 46.25.
    assert ["overall", "46.2", "10 tasks"] in rows


def test_without_a_whole_task_there_is_no_summary(shown):
    values = {"xnli": {"sw": {"accuracy": 50.0}}}
    found = Scores(values, averages(values, {"xnli": {"sw": 9}}), ("[x] is",))
    text = "\n".join(shown(found))
    assert "averages" not in text and "mean" not in text
    assert "note: [x] is" in text


def test_failures_are_shown_by_language_and_test(shown):
    values = {
        "multichecklist": {
            "en": {"failed_comparisons": 50.0, "failed_animal_vehicle": 12.5},
            "qu": {"failed_comparisons": 100.0},
        }
    }
    lines = shown(Scores(values, averages({}, {}), ()), 100)
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in lines
        if line.startswith("│")
    ]
    assert "MultiCheckList (multichecklist), percent" in lines[0]
    # Quechua lacks a test.
    assert rows == [
        ["en", "50.0", "12.5"],
        ["qu", "100.0", "–"],
        ["mean", "75.0", "12.5"],
    ]
