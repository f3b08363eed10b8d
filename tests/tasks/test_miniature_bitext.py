"""Parallel sentences of the miniature world."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tasks
from tasks.miniature import bitext
from tasks.miniature.lexicon import LANGUAGES
from tasks.miniature.scenes import sentence
from tasks.row import rows

OTHERS = sorted(LANGUAGES.keys() - {"en"})
seeds = st.integers(0, 2**32 - 1)
parts = st.sampled_from(["dev", "test"])


@settings(max_examples=25)
@given(seed=seeds, part=parts, code=st.sampled_from(OTHERS))
def test_a_query_and_its_candidate_tell_the_same_scene(seed, part, code):
    found = list(bitext.bitext(code, seed, 30, part))
    scenes = bitext.told(seed, 30, part)
    assert [one["query_id"] for one in found] == [str(n) for n in range(30)]
    for scene, one in zip(scenes, found, strict=True):
        (gold,) = one["gold"]
        assert one["query"] == sentence(scene, LANGUAGES["en"])
        candidate = found[int(gold)]
        assert candidate["candidate_id"] == gold
        assert candidate["candidate"] == sentence(scene, LANGUAGES[code])
    # Each candidate is somebody's.
    assert {one["gold"][0] for one in found} == {str(n) for n in range(30)}


@pytest.mark.parametrize("code", OTHERS)
def test_no_two_candidates_are_written_alike(code):
    for part in ("dev", "test"):
        found = list(
            rows(tasks.dataset(f"miniature_bitext.{code}"), part, None)
        )
        for side in ("query", "candidate"):
            assert len({one[side] for one in found}) == len(found) == 300


def test_the_order_tells_nothing():
    # A random order of 300 leaves one in its place on average, Poisson: more
    # than six would be one in ten thousand.
    found = list(bitext.bitext("sw", 2, 300, "test"))
    kept = sum(one["gold"] == (one["query_id"],) for one in found)
    assert kept <= 6


def test_dev_and_test_share_no_sentence():
    told = [
        {
            one["query"]
            for one in rows(tasks.dataset("miniature_bitext.de"), part, None)
        }
        for part in ("dev", "test")
    ]
    assert not told[0] & told[1]


def test_english_is_asked_in_eleven_languages():
    names = [name for name, _ in tasks.mixture("miniature_bitext").components]
    assert sorted(names) == [f"miniature_bitext.{code}" for code in OTHERS]
    assert len(names) == 11
