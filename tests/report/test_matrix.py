import math

from xltransfer.report.matrix import markdown, matrices
from xltransfer.statistics import Estimate
from xltransfer.study import Flag, Label


def rows(
    scores: dict,
    target: str = "nli",
    metric: str = "accuracy",
    selection: str = "english_dev",
) -> list:
    """Long-form rows from label -> language -> values of seeds 1, 2, …."""
    return [
        {
            "intermediate": label,
            "target": target,
            "metric": metric,
            "language": language,
            "seed": seed,
            "value": value,
            "selection": selection,
        }
        for label, languages in scores.items()
        for language, values in languages.items()
        for seed, value in enumerate(values, start=1)
    ]


# Seeds 1 and 2. Zero-shot of a seed is the mean of de and sw.
SCORES = {
    "none": {"en": [90, 92], "de": [60, 70], "sw": [40, 50]},
    "Hindi": {"en": [91, 93], "de": [62, 74], "sw": [44, 52]},
    "control": {"en": [33, 35], "de": [30, 36], "sw": [33, 33]},
}


def matrix(scores: dict = SCORES, direct: str = "none"):
    return matrices(rows(scores), direct, ("control",))[0]


def test_zero_shot_is_the_mean_over_all_languages_but_english():
    none, hindi, _ = matrix().rows
    # Seed 1: (60 + 40) / 2 = 50; seed 2: 60: mean 55, deviation sqrt(50).
    assert none.scores["zero-shot"] == Estimate(55, math.sqrt(50), 2)
    # Seeds 53 and 63.
    assert hindi.scores["zero-shot"] == Estimate(58, math.sqrt(50), 2)
    assert none.scores["en"] == Estimate(91, math.sqrt(2), 2)


def test_deltas_are_to_the_direct_row_and_paired_by_seed():
    none, hindi, control = matrix().rows
    # sw: 44 - 40 = 4 and 52 - 50 = 2; zero-shot: 3 and 3.
    assert hindi.deltas["sw"] == Estimate(3, math.sqrt(2), 2)
    assert hindi.deltas["zero-shot"] == Estimate(3, 0, 2)
    assert none.deltas == control.deltas == {}


def test_columns_and_rows_keep_the_order_of_the_study():
    found = matrix()
    assert found.columns == ("zero-shot", "en", "de", "sw")
    assert [row.label for row in found.rows] == list(SCORES)


def test_markdown_shows_score_deviation_and_delta():
    assert markdown(matrix()) == (
        "| nli, accuracy | zero-shot | en | de | sw |\n"
        "|---|---|---|---|---|\n"
        "| none | 55.0 ±7.1 | 91.0 ±1.4 | 65.0 ±7.1 | 45.0 ±7.1 |\n"
        "| Hindi | 58.0 ±7.1 (+3.0) | 92.0 ±1.4 (+1.0) "
        "| 68.0 ±8.5 (+3.0) | 48.0 ±5.7 (+3.0) |\n"
        "| control | 33.0 ±2.1 | 34.0 ±1.4 | 33.0 ±4.2 | 33.0 ±0.0 |\n"
    )


def test_one_seed_shows_no_deviation():
    single = {label: {"en": [50], "de": [40]} for label in ("none", "Hindi")}
    assert "| Hindi | 40.0 (+0.0) | 50.0 (+0.0) | 40.0 (+0.0) |" in markdown(
        matrix(single)
    )


def test_a_row_without_a_language_has_no_mean_over_the_others():
    partial = {
        "none": {"en": [90], "de": [60], "sw": [40]},
        "Hindi": {"en": [91], "de": [80]},
    }
    text = markdown(matrix(partial))
    assert "| Hindi | – | 91.0 (+1.0) | 80.0 (+20.0) | – |" in text


def test_english_alone_is_not_called_zero_shot():
    found = matrix({"none": {"en": [90]}, "Hindi": {"en": [91]}})
    assert found.columns == ("en",)


def test_a_delta_over_other_seeds_is_left_out():
    uneven = {
        "none": {"en": [90, 92], "de": [60, 70]},
        "Hindi": {"en": [91, 93], "de": [80]},
    }
    _, hindi = matrix(uneven).rows
    assert set(hindi.deltas) == {"en"}


def test_targets_and_metrics_have_a_matrix_each():
    found = matrices(
        rows(SCORES)
        + rows(SCORES, metric="f1")
        + rows(SCORES, target="paraphrase"),
        "none",
        (),
    )
    assert [(one.target, one.metric) for one in found] == [
        ("nli", "accuracy"),
        ("nli", "f1"),
        ("paraphrase", "accuracy"),
    ]


def test_a_label_with_a_bar_does_not_break_the_table():
    text = markdown(matrix({"none": {"de": [1.0]}, "a|b": {"de": [2.0]}}))
    assert "| a\\|b | 2.0 (+1.0) | 2.0 (+1.0) |" in text


def test_no_results_make_no_matrix():
    assert matrices([], "none", ()) == []


def test_rules_that_saw_the_targets_have_tables_of_their_own_and_say_so():
    tables = {
        one: markdown(found)
        for one in ("english_dev", "last", "target_dev", "oracle")
        for found in matrices(rows(SCORES, selection=one), "none", ())
    }
    for one in ("english_dev", "last"):
        assert tables[one].startswith("| nli, accuracy | zero-shot | en |")
    for one, why in (
        ("target_dev", "chosen on dev sets of the target languages"),
        ("oracle", "chosen on the test sets"),
    ):
        title = f"| nli, accuracy, {one} (not zero-shot: {why}) | others | en |"
        assert tables[one].startswith(title)
        assert "| zero-shot" not in tables[one]


def test_the_rules_of_one_study_are_not_mixed():
    better = {"none": {"en": [99, 99], "de": [99, 99], "sw": [99, 99]}}
    found = matrices(
        rows({"none": SCORES["none"]}) + rows(better, selection="last"),
        "none",
        (),
    )
    assert [one.rule for one in found] == ["english_dev", "last"]
    # As above; and 99 alone.
    assert found[0].rows[0].scores["zero-shot"] == Estimate(
        55, math.sqrt(50), 2
    )
    assert found[1].rows[0].scores["zero-shot"] == Estimate(99, 0, 2)


def test_models_and_methods_have_matrices_of_their_own():
    rows = [
        {
            "model": model,
            "method": method,
            "target": "nli",
            "intermediate": "none",
            "language": "sw",
            "metric": "accuracy",
            "value": value,
            "seed": 1,
            "selection": "last",
        }
        for value, (model, method) in enumerate(
            [("base", "plain"), ("base", "mixed"), ("large", "plain")]
        )
    ]
    found = matrices(rows, "none", ())
    assert [(one.model, one.method) for one in found] == [
        ("base", "plain"),
        ("base", "mixed"),
        ("large", "plain"),
    ]
    assert [one.title for one in found] == [
        "base, plain, nli",
        "base, mixed, nli",
        "large, plain, nli",
    ]
    # None is averaged with another's.
    means = [one.rows[0].scores["sw"].mean for one in found]
    assert means == [0, 1, 2]


def flag(kind: str, intermediate: str, seed: int) -> Flag:
    cells = (Label(intermediate, "nli", seed),)
    return Flag(f"target-{seed}", cells, kind, "so it is")


def test_a_degenerate_run_is_in_the_mean_marked_and_told_apart():
    flags = (flag("degenerate", "Hindi", 1),)
    (found,) = matrices(rows(SCORES), "none", ("control",), flags)
    (plain,) = matrices(rows(SCORES), "none", ("control",))
    assert found.rows == plain.rows and found.flagged == {"Hindi"}
    # Seed 2 alone: (74 + 52) / 2.
    assert found.notes == (
        "‡ Hindi, seed 1: degenerate, target-1: so it is",
        "‡ Hindi without degenerate runs: zero-shot 63.0 over 1 seeds",
    )
    text = markdown(found)
    assert "| Hindi ‡ |" in text and "| none |" in text
    assert text.endswith("zero-shot 63.0 over 1 seeds\n")


def test_a_row_whose_runs_are_all_degenerate_says_so():
    flags = tuple(flag("degenerate", "Hindi", seed) for seed in (1, 2))
    (found,) = matrices(rows(SCORES), "none", ("control",), flags)
    assert found.notes[-1] == "‡ Hindi: all runs are degenerate"


def test_a_row_that_lacks_a_failed_run_is_marked_and_has_no_delta():
    scores = {**SCORES, "Hindi": {"en": [91], "de": [62], "sw": [44]}}
    flags = (flag("failed", "Hindi", 2), flag("overlap", "none", 1))
    (found,) = matrices(rows(scores), "none", ("control",), flags)
    assert found.flagged == {"Hindi"}
    assert found.rows[1].deltas == {}
    assert found.notes == ("‡ Hindi, seed 2: failed, target-2: so it is",)


def test_without_direct_transfer_there_are_scores_and_no_deltas():
    scores = {name: SCORES[name] for name in ("Hindi", "control")}
    flags = (flag("failed", "none", 1), flag("failed", "none", 2))
    (found,) = matrices(rows(scores), "none", ("control",), flags)
    assert [row.deltas for row in found.rows] == [{}, {}]
    assert found.flagged == {"none"} and len(found.notes) == 2
