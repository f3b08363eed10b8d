"""Tags in the miniature world. Expected tags are written by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tasks
from tasks.miniature import scenes, tags
from tasks.miniature.lexicon import LANGUAGES, MEANINGS
from tasks.miniature.scenes import PARTS, sentence
from tasks.row import rows

seeds = st.integers(0, 2**32 - 1)
codes = st.sampled_from(sorted(LANGUAGES))
parts = st.sampled_from(PARTS)


def lines(tagged: tags.Tagged) -> str:
    return " ".join(f"{word}/{tag}" for word, tag in tagged)


# "The pupil bought nine white eggs in the school", and "Martin Silva saw seven
# dogs in Cape Town".
PUPIL = {
    "person": 1,
    "action": 1,
    "number": 2,
    "colour": 0,
    "thing": 2,
    "place": 1,
}
SILVA = {"name": 2, "action": 0, "number": 1, "thing": 0, "city": 3}
PARTS_OF_SPEECH = {
    "en": "the/DET pupil/NOUN bought/VERB nine/NUM white/ADJ eggs/NOUN in/ADP "
    "the/DET school/NOUN",
    "de": "der/DET Schüler/NOUN kaufte/VERB in/ADP der/DET Schule/NOUN "
    "neun/NUM weiße/ADJ Eier/NOUN",
    "sw": "mwanafunzi/NOUN alinunua/VERB mayai/NOUN rangi/NOUN nyeupe/ADJ "
    "tisa/NUM shuleni/NOUN",
    "hi": "छात्र/NOUN ने/ADP विद्यालय/NOUN में/ADP नौ/NUM सफ़ेद/ADJ अंडे/NOUN खरीदे/VERB",
}
ENTITIES = {
    "en": "Martin/B-PER Silva/I-PER saw/O seven/O dogs/O in/O Cape/B-LOC "
    "Town/I-LOC",
    "es": "Martin/B-PER Silva/I-PER vio/O siete/O perros/O en/O Ciudad/B-LOC "
    "del/I-LOC Cabo/I-LOC",
    "el": "είδε/O ο/O Μάρτιν/B-PER Σίλβα/I-PER επτά/O σκυλιά/O στο/O "
    "Κέιπ/B-LOC Τάουν/I-LOC",
    "hi": "मार्टिन/B-PER सिल्वा/I-PER ने/O केप/B-LOC टाउन/I-LOC में/O सात/O कुत्ते/O "
    "देखे/O",
    "tr": "Martin/B-PER Silva/I-PER Cape/B-LOC Town'da/I-LOC yedi/O köpek/O "
    "gördü/O",
}


@pytest.mark.parametrize("code", PARTS_OF_SPEECH)
def test_parts_of_speech_are_those_written_by_hand(code):
    found = tags.parts_of_speech(PUPIL, LANGUAGES[code])
    assert lines(found) == PARTS_OF_SPEECH[code]


@pytest.mark.parametrize("code", ENTITIES)
def test_entities_are_those_written_by_hand(code):
    assert lines(tags.entities(SILVA, LANGUAGES[code])) == ENTITIES[code]


def test_general_words_and_phrases_of_several_words_are_tagged_by_hand():
    told = {"person": 7, "number": 4, "colour": 1, "thing": 6, "place": 6}
    found = {
        code: lines(tags.parts_of_speech(told, LANGUAGES[code]))
        for code in ("en", "sw", "id", "vi")
    }
    assert found == {
        "en": "the/DET adult/NOUN a/DET hundred/NUM yellow/ADJ animals/NOUN "
        "indoors/ADV",
        "sw": "mtu/NOUN mzima/ADJ wanyama/NOUN rangi/NOUN ya/ADP njano/NOUN "
        "mia/NUM ndani/ADV",
        "id": "orang/NOUN dewasa/ADJ seratus/NUM hewan/NOUN kuning/ADJ di/ADP "
        "dalam/NOUN",
        "vi": "người/NOUN lớn/ADJ một/NUM trăm/NUM động/NOUN vật/NOUN "
        "vàng/ADJ trong/ADP nhà/NOUN",
    }


@given(seed=seeds, part=parts, code=codes)
def test_every_word_has_one_tag_of_its_row(seed, part, code):
    for generator, row in (
        (tags.tagged_parts, tasks.dataset(f"miniature_pos.{code}")),
        (tags.tagged_entities, tasks.dataset(f"miniature_ner.{code}")),
    ):
        rng = scenes.random(part, seed)
        for fields in generator(code, seed, 8, part):
            told = sentence(scenes.varied(part, rng), LANGUAGES[code])
            assert " ".join(fields["words"]) == told
            assert len(fields["tags"]) == len(fields["words"])
            assert {*fields["tags"]} <= {*row.labels}


@given(seed=seeds, part=parts, code=codes)
def test_there_is_an_entity_for_each_name_and_its_words_go_on(seed, part, code):
    rng = scenes.random(part, seed)
    for _ in range(8):
        scene = scenes.varied(part, rng)
        found = tags.entities(scene, LANGUAGES[code])
        begun = sorted(tag for _, tag in found if tag.startswith("B-"))
        expected = {"name": "B-PER", "city": "B-LOC"}
        assert begun == sorted(
            expected[slot] for slot in scene if slot in expected
        )
        before = ["O", *(tag for _, tag in found)]
        for last, tag in pairwise(before):
            if tag.startswith("I-"):
                assert last[2:] == tag[2:]


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_exception_is_a_word_of_its_language(code):
    words = {
        word
        for slot in MEANINGS
        for phrase in LANGUAGES[code].phrases[slot]
        for word in phrase.split()
    }
    exceptions = " ".join(tags.EXCEPTIONS[code].values()).split()
    assert {*exceptions} <= words
    assert len(exceptions) == len({*exceptions})


@pytest.mark.parametrize("family", ["miniature_pos", "miniature_ner"])
def test_no_sentence_is_in_two_parts(family):
    told = {
        part: {
            " ".join(one["words"])
            for one in rows(tasks.dataset(f"{family}.en"), part, None)
        }
        for part in PARTS
    }
    assert not told["train"] & told["dev"]
    assert not told["train"] & told["test"]
    assert not told["dev"] & told["test"]


def test_rows_are_parallel():
    # Kapstadt is one word of a city, Cape Town are two, and both are one city.
    counts = [
        [
            sum(tag.startswith("B-") for tag in one["names"])
            for one in rows(row, "dev", None)
        ]
        for row in tags.NER
    ]
    assert len(counts[0]) == 300
    assert all(found == counts[0] for found in counts)
