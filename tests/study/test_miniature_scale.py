"""Any study at the size of the miniature world."""

import dataclasses

import pytest
from command import TINY

import tasks
from xltransfer import configuration, study
from xltransfer.configuration import GIN_ROOT

SHIPPED = (
    *("phang2020", "non_english_inference", "xtreme_r_full"),
    *("language_distance", "real_nli", "quickstart"),
)
MINIATURE = "Study.scale='miniature'"


def load(name: str, *overrides: str) -> study.Study:
    path = GIN_ROOT / "studies" / f"{name}.gin"
    return configuration.load(path, overrides)[0]


def labels(found: study.Study) -> list[tuple]:
    """Returns the cells of one seed, without what a size-matched row says."""
    return [
        (one.model, one.method, one.intermediate.split(",")[0], one.target)
        for one in study.cells(found)
        if one.seed == found.seeds[0]
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_miniature_has_the_same_tables_and_rows(name):
    assert labels(load(name, MINIATURE)) == labels(load(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_miniature_needs_no_file_and_few_updates(name):
    found = load(name, MINIATURE)
    for one in study.phases(found):
        assert one.training.steps <= 40
        assert one.init == "scratch"
        for part in (*one.components, *one.validation):
            assert part.dataset.name.startswith("miniature_")
    for cell in study.cells(found):
        for row, _ in tasks.mixture(cell.evaluation).components:
            assert row.startswith("miniature_")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_miniature_is_the_miniature_of_itself(name):
    found = load(name, MINIATURE)
    again = study.in_miniature(found)
    assert study.phases(again) == study.phases(found)


def test_problems_and_languages_stay_where_the_miniature_has_them():
    found = load("xtreme_r_full", MINIATURE)
    first = {
        one.intermediate: one.phase
        for one in study.cells(found)
        if one.target == "XNLI" and one.intermediate != found.direct
    }
    names = {
        label: last.parent.components[0].dataset.name
        for label, last in first.items()
    }
    assert names["NLI, Persian"] == "miniature_inference.fa"
    assert names["questions, German"] == "miniature_qa.de"
    assert names["choice, English"] == "miniature_choice.en"
    # No Chinese there: always the same other language.
    chinese = {names[f"{one}, Chinese"][-2:] for one in ("NLI", "choice")}
    assert len(chinese) == 1 and chinese < set(
        ["de", "el", "es", "fa", "fr", "hi", "id", "ru", "sw", "tr", "vi"]
    )


def test_sizes_are_matched_at_the_miniatures_size():
    found = load("non_english_inference", MINIATURE)
    counts = {one.examples for one in study.cells(found)}
    # Direct, all 2,000 of a miniature set, the same few of each.
    assert counts == {0, 2000, 500}


def test_a_method_and_a_sweep_lose_what_only_says_how_long():
    found = dataclasses.replace(
        configuration.load(TINY, ())[0],
        methods={
            "a": study.Method(
                target={"epochs": 9.0, "optimizer.frozen": ("encoder",)}
            )
        },
        sweeps={
            "intermediate": study.Sweep({"steps": (1000, 2000)}),
            "target": study.Sweep(
                {"steps": (7, 8), "optimizer.learning_rate": (1e-3, 1e-4)}
            ),
        },
    )
    mini = study.in_miniature(found)
    assert mini.methods["a"].target == {"optimizer.frozen": ("encoder",)}
    assert list(mini.sweeps) == ["target"]
    assert list(mini.sweeps["target"].values) == ["optimizer.learning_rate"]
