"""The miniature world. Expected sentences are written by hand, from grammar."""

import unicodedata

import pytest

from tasks import languages
from tasks.miniature import inference, text
from tasks.miniature.lexicon import LANGUAGES, MEANINGS, SLOTS
from tasks.miniature.scenes import Scene, sentence

UNICODE_NAMES = {
    "Arab": "ARABIC",
    "Cyrl": "CYRILLIC",
    "Deva": "DEVANAGARI",
    "Grek": "GREEK",
    "Latn": "LATIN",
}


def scene(**meanings: str) -> Scene:
    return {
        slot: MEANINGS[slot].index(meaning)
        for slot, meaning in meanings.items()
    }


# "The pupil bought nine white eggs in the school", told in each word order:
# verb last in Hindi, Persian and Turkish, verb first in Greek, colour after
# the thing in Spanish and Swahili, number after it in Swahili, place first in
# Russian and before the object in German.
BOUGHT = scene(
    person="pupil",
    action="buy",
    number="9",
    colour="white",
    thing="egg",
    place="school",
)
WRITTEN = {
    "en": "the pupil bought nine white eggs in the school",
    "de": "der Schüler kaufte in der Schule neun weiße Eier",
    "el": "αγόρασε ο μαθητής εννέα λευκά αυγά στο σχολείο",
    "es": "el alumno compró nueve huevos blancos en la escuela",
    "fa": "شاگرد در مدرسه نه تخم مرغ سفید خرید",
    "hi": "छात्र ने विद्यालय में नौ सफ़ेद अंडे खरीदे",
    "ru": "в школе школьник купил девять белых яиц",
    "sw": "mwanafunzi alinunua mayai rangi nyeupe tisa shuleni",
    "tr": "öğrenci okulda dokuz beyaz yumurta aldı",
}


@pytest.mark.parametrize("code", WRITTEN)
def test_a_scene_is_written_in_the_language_s_order_and_forms(code):
    assert sentence(BOUGHT, LANGUAGES[code]) == WRITTEN[code]


def test_untold_slots_are_left_out():
    told = scene(number="6", thing="animal", place="outdoors")
    written = {
        code: sentence(told, LANGUAGES[code]) for code in ("en", "sw", "tr")
    }
    assert written == {
        "en": "six animals outdoors",
        "sw": "wanyama sita nje",
        "tr": "dışarıda altı hayvan",
    }


def test_there_are_twelve_languages_in_five_scripts():
    scripts = {languages.language(code).script for code in LANGUAGES}
    assert len(LANGUAGES) == 12
    assert scripts == set(UNICODE_NAMES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_word_is_in_the_script_of_its_language(code):
    script = UNICODE_NAMES[languages.language(code).script]
    for slot in SLOTS:
        letters = "".join(LANGUAGES[code].phrases[slot])
        for letter in filter(str.isalpha, letters):
            assert unicodedata.name(letter).startswith(script), letter


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_two_meanings_of_a_slot_are_written_alike(code):
    for slot in SLOTS:
        phrases = LANGUAGES[code].phrases[slot]
        assert len(set(phrases)) == len(phrases) == len(MEANINGS[slot])
        assert set(LANGUAGES[code].order) == set(SLOTS)


def test_the_seed_decides_everything():
    def lines(seed: int) -> list[dict[str, str]]:
        return list(text.text(seed, 50, 0.2))

    def pairs(seed: int) -> list[dict[str, str]]:
        return list(inference.nli("tr", seed, 50, "train"))

    for made in (lines, pairs):
        assert made(1) == made(1)
        assert made(1) != made(2)


def test_comparable_lines_tell_one_scene_in_two_languages():
    vocabulary = {
        code: {
            word
            for slot in SLOTS
            for phrase in language.phrases[slot]
            for word in phrase.split()
        }
        for code, language in LANGUAGES.items()
    }
    for example in text.text(0, 200, 1.0):
        words = example["text"].split()
        assert any(
            {*words[:cut]} <= vocabulary[one]
            and {*words[cut:]} <= vocabulary[other]
            for one in vocabulary
            for other in vocabulary
            if one != other
            for cut in range(1, len(words))
        )


def test_mixed_lines_use_many_languages():
    scripts = [
        {
            unicodedata.name(letter).split()[0]
            for letter in example["text"]
            if letter.isalpha()
        }
        for example in text.text(0, 200, 0.0)
    ]
    assert sum(len(found) >= 3 for found in scripts) > 20
