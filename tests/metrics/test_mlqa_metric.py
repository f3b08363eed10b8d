import string
import sys
import unicodedata

import pytest
from strings import ARTICLES, strings

from xltransfer.metrics import METRICS
from xltransfer.metrics.mlqa import LANGUAGES, mlqa, normalize

# As the script collects it.
PUNCTUATION = {
    character
    for character in map(chr, range(sys.maxunicode))
    if unicodedata.category(character).startswith("P")
} | set(string.punctuation)


def reference(text: str, language: str) -> str:
    """MLQA's rules as they are described, a character at a time."""
    text = "".join(c for c in text.lower() if c not in PUNCTUATION)
    if language == "ar":
        text = " ".join(text.split("ال"))
    spread, run = "", ""
    for character in text + " ":
        if character.isalnum() or character == "_":
            run += character
            continue
        spread += " " if run in ARTICLES[language] else run
        spread += character
        run = ""
    tokens: list[str] = []
    for word in spread.split():
        tokens.append("")
        for character in word:
            if language == "zh" and "\u4e00" <= character <= "\u9fa5":
                tokens += [character, ""]
            else:
                tokens[-1] += character
    return " ".join(token for token in tokens if token)


@pytest.mark.parametrize("language", LANGUAGES)
def test_normalisation_is_the_described_one_on_10000_strings(language):
    for text in strings(language, 10_000):
        found = normalize(text, language)
        assert found == reference(text, language), repr(text)
        assert normalize(found, language) == found


@pytest.mark.parametrize("language", LANGUAGES)
def test_scores_of_10000_pairs_keep_to_the_definition(language):
    def one(gold: str, guess: str) -> dict[str, float]:
        return mlqa({"q": [gold]}, {"q": guess}, language)

    texts = strings(language, 10_000)
    for gold, guess in zip(texts, reversed(texts), strict=True):
        found = one(gold, guess)
        assert found == one(guess, gold)
        assert 0 <= found["f1"] <= 100
        bags = [
            set(normalize(text, language).split()) for text in (gold, guess)
        ]
        assert (found["f1"] > 0) == bool(bags[0] & bags[1])
        if found["exact_match"] and bags[0]:
            assert found["f1"] == 100
        assert one(gold, f"«¿{guess}»。؟!") == found


@pytest.mark.parametrize(
    ("language", "article"),
    [(language, one) for language, all_ in ARTICLES.items() for one in all_],
)
def test_every_article_of_every_language_is_dropped(language, article):
    assert normalize(f"x {article} y", language) == "x y"
    assert normalize(article.upper(), language) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_articles_of_other_languages_stay(language):
    own = {"ar", *ARTICLES[language]}
    for others in ARTICLES.values():
        for article in set(others) - own - {"ال"}:
            assert normalize(article, language) == article


@pytest.mark.parametrize(
    ("language", "text", "normal"),
    [
        # By hand from the rules of the script.
        ("en", "The “Cat”, an ant—a dog.", "cat anta dog"),
        ("en", "a theory", "theory"),
        ("es", "¿El niño y las niñas?", "niño y niñas"),
        ("es", "élan uno", "élan uno"),
        ("de", "Das Haus des Königs", "haus königs"),
        ("de", "dasselbe", "dasselbe"),
        ("vi", "Những cái bàn là của tôi", "bàn tôi"),
        ("hi", "यह एक किताब है।", "यह एक किताब है"),
        ("hi", "the एक", "the एक"),
        # ال goes wherever it stands, and parts the word there.
        ("ar", "الكتاب والقلم، سؤال", "كتاب و قلم سؤ"),
        ("ar", "ال", ""),
        ("ar", "اال ل", "ا ل"),
        # Ideographs stand alone, other words whole.
        ("zh", "中国的 GDP，约100亿。", "中 国 的 gdp 约 100 亿"),
        ("zh", "一龥龦龧", "一 龥 龦龧"),  # U+9FA5 is the last
        ("zh", "㐀〇ひら", "㐀〇ひら"),
        ("zh", "the 中", "the 中"),
        ("zh", "", ""),
        # A symbol is punctuation if ASCII has it.
        ("en", "$5 €5 5+5 ©", "5 €5 55 ©"),
    ],
)
def test_normalised_by_hand(language, text, normal):
    assert normalize(text, language) == normal


def test_chinese_f1_counts_characters():
    found = METRICS["mlqa_zh"]({"q": ["北京大学"]}, {"q": "北京"})
    # 2 of 2 and 2 of 4.
    assert found == {"exact_match": 0, "f1": pytest.approx(200 / 3)}
    # In SQuAD's own metric it is one word.
    assert METRICS["squad"]({"q": ["北京大学"]}, {"q": "北京"})["f1"] == 0


def test_german_articles_count_in_german_only():
    gold, guess = {"q": ["der Hund"]}, {"q": "Hund"}
    assert METRICS["mlqa_de"](gold, guess)["exact_match"] == 100
    assert METRICS["mlqa_en"](gold, guess)["exact_match"] == 0
    assert METRICS["squad"](gold, guess)["exact_match"] == 0


def test_seven_languages_are_registered():
    # The list of evaluate.py.
    assert set(LANGUAGES) == set(["en", "es", "de", "ar", "hi", "vi", "zh"])
    assert all(f"mlqa_{one}" in METRICS for one in LANGUAGES)
