"""Question answering in the miniature world. Sentences are written by hand."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tasks
from tasks.miniature import questions
from tasks.miniature.lexicon import LANGUAGES
from tasks.miniature.questions import Reading
from tasks.miniature.scenes import PARTS, sentence
from tasks.row import rows

seeds = st.integers(0, 2**32 - 1)
codes = st.sampled_from(sorted(LANGUAGES))
parts = st.sampled_from(PARTS)

# "The boy saw six red dogs in the garden. The man bought nine white eggs in the
# school."
BOY = {"person": 0, "action": 0, "number": 0, "colour": 4, "thing": 0}
MAN = {"person": 2, "action": 1, "number": 2, "colour": 0, "thing": 2}
SCENES = (BOY | {"place": 2}, MAN | {"place": 1})
WHO = {"action": 1, "number": 2, "thing": 2, "place": 1, "who": 0}
WHERE = {"person": 2, "action": 1, "number": 2, "thing": 2, "where": 0}


# The answer's place is counted by hand: the first sentence and its full stop
# have 41 characters in English, 45 in German and 37 in Hindi.
@pytest.mark.parametrize(
    ("code", "question", "expected"),
    [
        (
            "en",
            WHO,
            {
                "question": "who bought nine eggs in the school",
                "context": "the boy saw six red dogs in the garden . "
                "the man bought nine white eggs in the school .",
                "answers": (("the man", 41),),
            },
        ),
        (
            "en",
            WHERE,
            {
                "question": "where was it that the man bought nine eggs",
                "context": "the boy saw six red dogs in the garden . "
                "the man bought nine white eggs in the school .",
                # the man bought nine white eggs: 30 characters, and a space.
                "answers": (("in the school", 41 + 31),),
            },
        ),
        (
            "de",
            WHERE,
            {
                "question": "wo kaufte der Mann neun Eier",
                "context": "der Junge sah im Garten sechs rote Hunde . "
                "der Mann kaufte in der Schule neun weiße Eier .",
                # der Mann kaufte: 15 characters, and a space.
                "answers": (("in der Schule", 43 + 16),),
            },
        ),
        (
            "hi",
            WHO,
            {
                "question": "किसने विद्यालय में नौ अंडे खरीदे",
                "context": "लड़के ने बगीचे में छह लाल कुत्ते देखे . "
                "आदमी ने विद्यालय में नौ सफ़ेद अंडे खरीदे .",
                "answers": (("आदमी ने", 40),),
            },
        ),
    ],
)
def test_questions_passages_and_answers_are_those_written_by_hand(
    code, question, expected
):
    words = LANGUAGES[code]
    one = Reading(SCENES, question, 1)
    assert sentence(question, words) == expected["question"]
    assert questions.passage(SCENES, words) == expected["context"]
    assert (questions.answer(one, words),) == expected["answers"]


@given(seed=seeds, part=parts, code=codes)
def test_an_answer_lies_where_it_says(seed, part, code):
    for fields in questions.reading(code, seed, 12, part):
        ((text, start),) = fields["answers"]
        assert fields["context"][start : start + len(text)] == text
        # Between spaces: no part of a longer word.
        padded = f" {fields['context']} "
        assert padded[start] == padded[start + len(text) + 1] == " "


@given(seed=seeds, part=parts)
def test_a_question_fits_one_scene_or_none(seed, part):
    found = questions.readings(seed, 12, part, unanswerable=0.5)
    kinds = Counter()
    for one in found:
        told = {k: v for k, v in one.question.items() if k in one.scenes[0]}
        fitting = [
            number
            for number, scene in enumerate(one.scenes)
            if told.items() <= scene.items()
        ]
        assert fitting == ([] if one.about is None else [one.about])
        assert 2 <= len(one.scenes) <= 3
        # Whoever reads the passage alone has a choice of different answers.
        answers = [scene[one.asked] for scene in one.scenes]
        assert len({*answers}) == len(answers)
        kinds[one.asked, one.about is None] += 1
    assert kinds == {
        (asked, is_nothing): 3
        for asked in ("person", "place")
        for is_nothing in (True, False)
    }


def test_no_word_of_a_question_leads_to_its_scene_alone():
    # A slot that the question tells has the same meaning in another scene one
    # time in four, but for the one that must differ: of four to five told slots
    # one in four or five, so 0.25 * (1 - 1 / 4.5) or 0.19 on average. Over
    # 4,000 questions with some 25,000 such slots the standard error is 0.003;
    # the bounds leave room for the unequal numbers of slots.
    common = Counter()
    for one in questions.readings(0, 4_000, "train"):
        for number, scene in enumerate(one.scenes):
            if number != one.about:
                for slot in one.question.keys() & scene.keys():
                    common[slot, scene[slot] == one.question[slot]] += 1
    for slot in ("person", "action", "number", "colour", "thing", "place"):
        share = common[slot, True] / (common[slot, True] + common[slot, False])
        assert 0.17 < share < 0.22, slot


def test_the_answer_stands_in_any_sentence():
    # Of two sentences 1/2, of three 1/3: the standard error over about 2,000
    # readings of each kind is at most 0.012.
    places = Counter(
        (len(one.scenes), one.about)
        for one in questions.readings(1, 4_000, "train")
    )
    for count in (2, 3):
        total = sum(places[count, place] for place in range(count))
        assert abs(total - 2_000) < 4 * 32  # sqrt(4,000) / 2
        for place in range(count):
            assert abs(places[count, place] / total - 1 / count) < 0.05


def test_no_passage_has_a_scene_of_another_part():
    told = {
        part: {
            frozenset(scene.items())
            for one in questions.readings(0, 2_000, part)
            for scene in one.scenes
        }
        for part in PARTS
    }
    assert not told["train"] & told["dev"]
    assert not told["train"] & told["test"]
    assert not told["dev"] & told["test"]


def test_rows_are_parallel_and_a_third_of_the_others_is_unanswerable():
    for family, unanswerable in (("qa", 0), ("qa_or_not", 100)):
        for code in ("en", "fa", "vi"):
            row = tasks.dataset(f"miniature_{family}.{code}")
            found = list(rows(row, "test", None))
            assert len({one["id"] for one in found}) == 300
            nothing = [one for one in found if one["answers"] == [""]]
            assert len(nothing) == unanswerable
    passages = [
        [len(one["context"].split(" . ")) for one in rows(row, "dev", None)]
        for row in questions.QA
    ]
    assert all(found == passages[0] for found in passages)
