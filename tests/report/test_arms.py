"""Tables of several models and methods."""

import itertools

from xltransfer.report.matrix import markdown, matrices

# By hand: direct transfer and German, by model and method.
SCORES = {
    ("XLM-R", "all"): (50.0, 53.0),
    ("XLM-R", "frozen"): (40.0, 41.0),
    ("mT5", "all"): (60.0, 58.0),
    ("mT5", "frozen"): (30.0, 30.0),
}


def rows(scores: dict) -> list[dict]:
    return [
        {
            "model": model,
            "method": method,
            "intermediate": label,
            "target": "nli",
            "language": "sw",
            "metric": "accuracy",
            "value": value,
            "seed": 1,
            "selection": "last",
        }
        for (model, method), values in scores.items()
        for label, value in zip(("none", "German"), values, strict=True)
    ]


def test_each_model_and_method_has_a_table_with_a_baseline_of_its_own():
    found = matrices(rows(SCORES), "none", ())
    deltas = {
        (one.model, one.method): row.deltas["sw"].mean
        for one in found
        for row in one.rows
        if row.deltas
    }
    assert deltas == {
        ("XLM-R", "all"): 3.0,
        ("XLM-R", "frozen"): 1.0,
        ("mT5", "all"): -2.0,
        ("mT5", "frozen"): 0.0,
    }


def test_a_title_names_what_there_are_several_of():
    models = matrices(rows({("a", ""): (1, 2), ("b", ""): (1, 2)}), "none", ())
    assert [one.title for one in models] == ["a, nli", "b, nli"]
    both = [one.title for one in matrices(rows(SCORES), "none", ())]
    assert both == [
        f"{model}, {method}, nli"
        for model, method in itertools.product(
            ("XLM-R", "mT5"), ("all", "frozen")
        )
    ]
    (alone,) = matrices(rows({("a", "b"): (1, 2)}), "none", ())
    assert alone.title == "nli"
    assert markdown(alone).startswith("| nli, accuracy |")
