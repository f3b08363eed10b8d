"""Multiple choice in the miniature world.

Which words a general word covers is written by hand, below.
"""

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import tasks
from tasks.miniature import choices
from tasks.miniature.lexicon import LANGUAGES, MEANINGS
from tasks.miniature.scenes import PARTS, sentence
from tasks.row import rows

seeds = st.integers(0, 2**32 - 1)
COVERED = {
    "child": {"boy", "pupil"},
    "adult": {"man", "grandfather"},
    "light": {"white", "yellow"},
    "dark": {"black", "purple"},
    "animal": {"dog", "bird"},
    "food": {"egg", "cake"},
    "indoors": {"kitchen", "school"},
    "outdoors": {"garden", "forest"},
}


@given(seed=seeds, part=st.sampled_from(PARTS))
def test_one_choice_alone_covers_the_scene(seed, part):
    for question in choices.questions(seed, 12, part):
        fitting = [
            all(
                MEANINGS[slot][question.prompt[slot]]
                in COVERED[MEANINGS[slot][choice[slot]]]
                for slot in question.asked
            )
            for choice in question.choices
        ]
        assert sum(fitting) == 1
        assert fitting[question.label]


@given(seed=seeds, part=st.sampled_from(PARTS))
def test_choices_differ_in_what_is_asked_alone(seed, part):
    for question in choices.questions(seed, 12, part):
        assert len({*map(str, question.choices)}) == len(question.choices)
        rest = {
            tuple(
                (slot, one)
                for slot, one in choice.items()
                if slot not in question.asked
            )
            for choice in question.choices
        }
        assert len(rest) == 1


@given(
    seed=seeds,
    part=st.sampled_from(PARTS),
    code=st.sampled_from(sorted(LANGUAGES)),
)
def test_shared_words_do_not_depend_on_which_choice_is_right(seed, part, code):
    # The prompt is told with every filler of what is asked, all answers
    # included: the words that it shares with a choice must not change.
    words = LANGUAGES[code]
    for question in choices.questions(seed, 6, part):
        fillers = product(range(6), repeat=len(question.asked))
        prompts = [
            question.prompt | dict(zip(question.asked, one, strict=True))
            for one in fillers
        ]
        told = [{*sentence(prompt, words).split()} for prompt in prompts]
        for choice in question.choices:
            own = {*sentence(choice, words).split()}
            assert len({frozenset(one & own) for one in told}) == 1, choice


def test_questions_are_written_by_hand_alike():
    # "The pupil bought nine eggs in the school", and what may come then.
    question = choices.Question(
        prompt={
            "person": 1,
            "action": 1,
            "number": 2,
            "thing": 2,
            "place": 1,
        },
        choices=tuple(
            {"person": 1, "action": 3, "number": 2, "thing": 6, "place": place}
            for place in (6, 7)
        ),
        label=0,
        asked=("place",),
    )
    written = {
        code: [
            sentence(one, LANGUAGES[code])
            for one in (question.prompt, *question.choices)
        ]
        for code in ("en", "tr")
    }
    assert written == {
        "en": [
            "the pupil bought nine eggs in the school",
            "the pupil washed nine animals indoors",
            "the pupil washed nine animals outdoors",
        ],
        "tr": [
            "öğrenci okulda dokuz yumurta aldı",
            "öğrenci içeride dokuz hayvan yıkadı",
            "öğrenci dışarıda dokuz hayvan yıkadı",
        ],
    }


@pytest.mark.parametrize("part", PARTS)
def test_numbers_of_choices_and_labels_are_even(part):
    found = Counter(
        (len(question.choices), question.label)
        for question in choices.questions(3, 360, part)
    )
    # 120 questions have as many choices, and each place is right as often.
    assert found == {
        (count, label): 120 // count
        for count in (2, 3, 4)
        for label in range(count)
    }


def general_words(question: choices.Question) -> list[tuple]:
    return [
        tuple((slot, choice[slot]) for slot in question.asked)
        for choice in question.choices
    ]


def test_the_choices_alone_stay_at_chance():
    # What a reader of the choices alone can learn is how often a choice is the
    # right one among such choices. Trained on 40,000 questions, the best such
    # reader is right by chance on others: (1/2 + 1/3 + 1/4) / 3 on average,
    # with a standard error of sqrt(0.361 * 0.639 / 20,000) = 0.0034.
    right: dict[frozenset, Counter] = defaultdict(Counter)
    for question in choices.questions(5, 40_000, "train"):
        words = general_words(question)
        right[frozenset(words)][words[question.label]] += 1
    hits = 0
    for question in choices.questions(6, 20_000, "train"):
        words = general_words(question)
        counts = right[frozenset(words)]
        hits += max(words, key=counts.__getitem__) == words[question.label]
    chance = float((Fraction(1, 2) + Fraction(1, 3) + Fraction(1, 4)) / 3)
    assert abs(hits / 20_000 - chance) < 4 * 0.0034
    # And in training itself the counts of each set are those of even chance.
    table = [list(counts.values()) for counts in right.values()]
    statistic = sum(stats.chisquare(counts).statistic for counts in table)
    freedom = sum(len(counts) - 1 for counts in table)
    # The seed is fixed; one in a thousand would fail.
    assert stats.chi2.sf(statistic, freedom) > 0.001


def test_no_prompt_is_in_two_parts():
    prompts = {
        part: {
            frozenset(question.prompt.items())
            for question in choices.questions(0, 3_000, part)
        }
        for part in PARTS
    }
    assert not prompts["train"] & prompts["dev"]
    assert not prompts["train"] & prompts["test"]
    assert not prompts["dev"] & prompts["test"]


def test_the_rows_are_parallel_and_canonical():
    labels = {
        code: [
            row["label"]
            for row in rows(
                tasks.dataset(f"miniature_choice.{code}"), "test", None
            )
        ]
        for code in LANGUAGES
    }
    assert len(labels["en"]) == 300
    assert all(found == labels["en"] for found in labels.values())
    assert np.bincount(labels["en"]).tolist() == [109, 108, 58, 25]


def test_the_control_keeps_the_choices_and_drops_the_prompts():
    full = rows(tasks.dataset("miniature_choice.vi"), "dev", None)
    control = rows(
        tasks.dataset("miniature_choice_choices_only.vi"), "dev", None
    )
    for question, without in zip(full, control, strict=True):
        assert without == question | {"prompt": ""}
