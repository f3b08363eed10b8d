import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xltransfer.statistics.comparing import Intermediate
from xltransfer.statistics.concluding import conclude
from xltransfer.statistics.effects import contrast, slope

LANGUAGES = ("de", "es", "fr", "hi", "ur", "ru", "bg", "ar", "sw", "tr")
SOURCES = ("en", "de", "hi", "ru", "ar", "tr")


def grid(generator, arms=6, languages=10):
    """A property of pairs, and what intermediates and languages do at large."""
    values = generator.integers(0, 4, (arms, languages)) / 3
    other = generator.standard_normal((arms, 1)) * 5
    return values, other + generator.standard_normal(languages) * 5


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), size=st.floats(-5, 5))
def test_a_planted_slope_is_found_whatever_else_differs(seed, size):
    values, other = grid(np.random.default_rng(seed))
    coefficient, interval = slope(size * values + other, values)
    assert coefficient == pytest.approx(size, abs=1e-9)
    assert interval == pytest.approx((size, size), abs=1e-6)


def test_the_slope_is_that_of_dummy_variables():
    generator = np.random.default_rng(0)
    values, other = grid(generator)
    deltas = values + other + generator.standard_normal(values.shape)
    # The reference: least squares with a column for each row and language.
    columns = np.concatenate(
        [
            np.repeat(np.eye(6), 10, axis=0),
            np.tile(np.eye(10), (6, 1)),
            values.reshape(-1, 1),
        ],
        axis=1,
    )
    expected = np.linalg.lstsq(columns, deltas.ravel(), rcond=None)[0][-1]
    assert slope(deltas, values)[0] == pytest.approx(expected)


def test_a_property_of_the_language_alone_has_no_slope():
    _, other = grid(np.random.default_rng(0))
    assert slope(other, np.tile(np.arange(10.0), (6, 1))) is None


def test_few_intermediates_have_no_interval():
    values, other = grid(np.random.default_rng(0), arms=4)
    assert slope(values + other, values)[1] is None


def test_the_slopes_interval_covers_when_errors_go_together():
    # Six intermediates and ten languages, whose slopes vary by 1 and 1, and
    # errors of 1; 300 tables. The standard error of the share is 1.3 points,
    # and few clusters may cost some: 88 to 100.
    generator, hits = np.random.default_rng(0), []
    for _ in range(300):
        values, other = grid(generator)
        slopes = 2 + generator.standard_normal((6, 1))
        slopes = slopes + generator.standard_normal(10)
        noise = generator.standard_normal(values.shape)
        low, high = slope(slopes * values + other + noise, values)[1]
        hits.append(low <= 2 <= high)
    assert 0.88 <= np.mean(hits) <= 1.0


def test_a_contrast_is_welchs():
    generator = np.random.default_rng(0)
    gains = generator.standard_normal(12) + np.repeat([2.0, 0.0], [5, 7])
    members = np.repeat([True, False], [5, 7])
    difference, interval = contrast(gains, members)
    # SciPy's unequal-variances t is the reference.
    expected = stats.ttest_ind(gains[:5], gains[5:], equal_var=False)
    assert difference == pytest.approx(gains[:5].mean() - gains[5:].mean())
    assert interval == pytest.approx(expected.confidence_interval(0.95))
    assert contrast(gains, np.arange(12) < 2) is None


def study(gain, matched=SOURCES):
    """Long form of a table whose deltas are given by source and language."""
    return [
        {
            "target": "nli",
            "model": "tiny",
            "metric": "accuracy",
            "selection": "last",
            "intermediate": source,
            "language": language,
            "seed": seed,
            "value": 50.0 + seed + gain(source, language) * (source != "none"),
            "phase": f"{source} {seed}",
            "intermediate_examples": 100 if source in matched else 200,
        }
        for source in ("none", *SOURCES)
        for language in LANGUAGES
        for seed in (1, 2, 3)
    ]


KNOWN = {code: Intermediate((code,), ("classification",)) for code in SOURCES}


def effects(rows, flags=()):
    found = conclude(rows, lambda row: None, flags, direct="none", known=KNOWN)
    return found.effects


def test_a_gain_of_the_same_script_is_found_in_a_study():
    latin = {"en", "de", "es", "fr", "sw", "tr"}
    arabic = {"ar", "ur"}
    cyrillic = {"ru", "bg"}

    def gain(source, language):
        same = any({source, language} <= x for x in (latin, arabic, cyrillic))
        return 3.0 * (same or source == language)

    by_name = {one.name: one for one in effects(study(gain))}
    one = by_name["same script"]
    assert one.coefficient == pytest.approx(3.0)
    assert one.matched and one.n == 60
    # Nearness in script is part of distance, which falls as it rises.
    assert by_name["distance"].coefficient < 0


def test_what_languages_of_a_family_gain_more():
    turkic = {one.name: one for one in effects(study(lambda s, t: 0.0))}
    # Two families have three languages; Afro-Asiatic, Turkic … have one.
    assert "evaluated in family Turkic" not in turkic
    indo = {"de", "es", "fr", "hi", "ur", "ru", "bg"}
    found = effects(
        study(lambda s, t: 2.0 * (t in indo) + 0.01 * LANGUAGES.index(t))
    )
    (one,) = (x for x in found if x.name == "evaluated in family Indo-European")
    # Places 0-6 against 7-9: 2 more, less 0.01 * (8 - 3).
    assert one.coefficient == pytest.approx(1.95)


def test_size_matched_intermediates_stand_apart_from_others():
    rows = study(
        lambda s, t: 5.0 * (s == t) if s in ("en", "de", "hi") else 0.0,
        matched=("en", "de", "hi"),
    )
    same = {
        one.matched: one.coefficient
        for one in effects(rows)
        if one.name == "same language"
    }
    assert same[True] == pytest.approx(5.0)
    assert same[False] == pytest.approx(0.0)


def test_a_degenerate_intermediate_is_no_part_of_an_effect():
    whole = effects(study(lambda s, t: 0.0))
    less = effects(study(lambda s, t: 0.0), flags={"tr 2"})
    assert {one.n for one in whole} == {60}
    assert {one.n for one in less} == {50}
    assert effects(study(lambda s, t: 0.0), flags={"none 2"}) == ()
