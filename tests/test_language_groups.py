import pytest

from xltransfer.language_groups import groups, kinship

# Wolof is in neither family's pretraining, Yoruba not in XLM-R's.
SCORES = {
    "en": 90.0,
    "de": 80.0,
    "hi": 60.0,
    "ur": 50.0,
    "yo": 30.0,
    "wo": 20.0,
    "xx": 10.0,
}


def test_means_are_over_families_and_scripts_without_english():
    found = groups(SCORES, "xlmr")
    # German, Hindi, Urdu; Wolof, Yoruba. `xx` is no language that is known.
    assert found.families == {
        "Indo-European": pytest.approx(190 / 3),
        "Niger-Congo": 25.0,
    }
    assert found.scripts == {
        "Arab": 50.0,
        "Deva": 60.0,
        "Latn": pytest.approx(130 / 3),
    }


def test_the_gap_is_english_minus_the_mean_of_all_others():
    # (80 + 60 + 50 + 30 + 20 + 10) / 6 = 250 / 6.
    assert groups(SCORES, "mt5").transfer_gap == pytest.approx(90 - 250 / 6)
    assert groups({"en": 90.0}, "mt5").transfer_gap is None
    assert groups({"de": 80.0}, "mt5").transfer_gap is None


def test_languages_that_pretraining_had_not_stand_apart():
    xlmr, mt5 = (groups(SCORES, name) for name in ("xlmr", "mt5"))
    assert xlmr.unseen == {"yo": 30.0, "wo": 20.0}
    assert mt5.unseen == {"wo": 20.0}
    assert xlmr.seen == pytest.approx(190 / 3)
    assert mt5.seen == pytest.approx(220 / 4)
    assert groups({"wo": 20.0}, "mt5").seen is None


def test_mixed_languages_alone_make_no_groups():
    found = groups({"mul": 40.0}, "xlmr")
    assert found.record() == {
        "families": {},
        "scripts": {},
        "transfer_gap": None,
        "seen": None,
        "unseen": {},
    }


@pytest.mark.parametrize(
    ("code", "others", "shared", "distance"),
    [
        # Hindi and Urdu: one family, two scripts.
        ("ur", ("hi",), (0, 1, 0), 2 / 3),
        ("hi", ("hi",), (1, 1, 1), 0),
        ("sw", ("en",), (0, 0, 1), 2 / 3),
        ("zh", ("en",), (0, 0, 0), 1),
        # The nearest of several counts.
        ("ur", ("en", "ar"), (0, 1, 1), 1 / 3),
        # Isolates are a family only with themselves.
        ("ko", ("eu",), (0, 0, 0), 1),
        ("ko", ("ko",), (1, 1, 1), 0),
    ],
)
def test_what_two_languages_share(code, others, shared, distance):
    found = kinship(code, others)
    assert (found.language, found.family, found.script) == shared
    assert found.distance == pytest.approx(distance)


def test_nothing_is_said_of_languages_that_are_not_known():
    assert kinship("xx", ("en",)) is None
    assert kinship("en", ("mul",)) is None
    assert kinship("en", ()) is None
