"""Expected values by hand, from Unicode's charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.languages import LANGUAGES, OTHER_LANGUAGES
from xltransfer.metrics.scripts import is_foreign


@pytest.mark.parametrize(
    ("text", "script", "expected"),
    [
        # A Russian answer, and its accidental translation.
        ("в Париже", "Cyrl", False),
        ("in Paris", "Cyrl", True),
        # German and English share a script: not to be seen.
        ("in Paris", "Latn", False),
        # A name in Latin letters within an answer: 14 letters to 5.
        ("компания Apple Россия", "Cyrl", False),
        # Equally many of each: not more of others. One more: foreign.
        ("ab аб", "Cyrl", False),
        ("abc аб", "Cyrl", True),
        # No letters.
        ("", "Arab", False),
        ("1984, ٣٤ %", "Deva", False),
        # Vowel signs are marks: ग and ग are the letters.
        ("गंगा", "Deva", False),
        ("Ganga", "Deva", True),
        # Japanese writes in three scripts and, with its sign for long vowels,
        # in what is none of them alone; Korean in two.
        ("東京タワーです", "Jpan", False),
        ("ー", "Jpan", False),
        ("서울 大學", "Kore", False),
        ("서울", "Jpan", True),
        ("北京", "Hans", False),
        ("Beijing", "Hans", True),
        ("Πλάτων", "Cyrl", True),
        ("ไทย", "Thai", False),
        # Micro sign and feminine ordinal: Common, and Latin.
        ("µ", "Cyrl", False),
        ("ª", "Cyrl", True),
        # Full width is Latin all the same.
        ("ＢＢＣ", "Jpan", True),
        # Code-mixed text is of no script.
        ("in Paris", "Zyyy", False),
    ],
)
def test_a_text_is_foreign_where_most_letters_are(text, script, expected):
    assert is_foreign(text, script) is expected


@given(st.text(), st.sampled_from(["Latn", "Arab", "Jpan", "Hans"]))
def test_what_is_no_letter_changes_nothing(text, script):
    assert is_foreign(text + " 12.؟", script) == is_foreign(text, script)


def test_every_language_has_a_script_that_is_known():
    for one in (*LANGUAGES.values(), *OTHER_LANGUAGES.values()):
        assert is_foreign("漢" if one.script == "Latn" else "q", one.script)
