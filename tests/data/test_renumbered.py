import dataclasses

import numpy as np
import pytest
import small_caches
import small_models
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.data import features
from xltransfer.data.features import Features, Numbering, Renumbered
from xltransfer.data.loader import TrainingBatches

# Sets of ids below 60 that hold the four fixed ones.
KEPT = st.sets(st.integers(4, 59)).map(
    lambda more: np.array([0, 1, 2, 3, *sorted(more)], np.int32)
)


@given(KEPT, st.data())
def test_an_id_and_its_new_number_name_the_same_row(kept, data):
    table = np.arange(60) * 100
    ids = np.array(data.draw(st.lists(st.sampled_from(kept))), np.int32)
    found = Numbering(kept, 60)(ids)
    assert (table[kept][found] == table[ids]).all()
    assert found.dtype == np.int32


def test_special_ids_keep_their_number():
    numbering = Numbering(np.array([0, 1, 2, 3, 9, 50]), 60)
    assert numbering(np.arange(4)).tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="below 4"):
        Numbering(np.array([0, 1, 3, 9]), 60)


def test_an_id_that_is_not_in_use_is_an_error():
    numbering = Numbering(np.array([0, 1, 2, 3, 9]), 60)
    with pytest.raises(ValueError, match=r"not in use: \[ 8 59\]"):
        numbering(np.array([[59, 9], [8, 59]]))


@given(KEPT.filter(lambda kept: len(kept) > 5))
def test_a_stand_in_is_one_of_those_named(kept):
    words = kept[5:]
    found = Numbering(kept, 60, words)(np.arange(60))
    others = np.setdiff1d(np.arange(60), kept)
    assert set(kept[found[others]]) <= set(words)
    assert (kept[found[kept]] == kept).all()


def test_numberings_are_equal_by_content():
    one, two = (Numbering(np.arange(size), 60) for size in (5, 6))
    assert one == Numbering(np.arange(5), 60) and one != two
    assert hash(one) == hash(Numbering(np.arange(5), 60))
    assert one != Numbering(np.arange(5), 60, np.arange(4, 5))


@pytest.mark.parametrize(
    ("original", "write", "columns", "size"),
    [
        (
            small_models.CLASSIFICATION,
            small_caches.pairs,
            (24,),
            small_caches.VOCABULARY,
        ),
        (
            small_models.MASKED,
            small_caches.windows,
            (40,),
            small_caches.VOCABULARY,
        ),
        (
            features.TextToText(),
            small_caches.text_pairs,
            (24, 6),
            small_caches.TEXT_VOCABULARY,
        ),
        (
            features.SpanCorruption(small_caches.TEXT_VOCABULARY, 1),
            small_caches.bare_windows,
            (24, 24),
            small_caches.TEXT_VOCABULARY,
        ),
    ],
    ids=["classification", "masked", "text", "spans"],
)
def test_batches_differ_in_their_ids_alone(
    tmp_path, original, write, columns, size
):
    # Ids from 4 on are raised by 10, by a rule of the test's own, and numbered
    # back: what came out is what went in, in every array.
    cache = write(tmp_path / "cache", 60)
    ids = np.arange(size, dtype=np.int32)
    numbering = Numbering(ids + 10 * (ids >= 4), size + 10)
    plain, renumbered = (
        TrainingBatches(((cache, 1.0),), one, 24, columns, seed=7)
        .batch(0, np.arange)
        .arrays
        for one in (original, Renumbered(Raised(original), numbering))
    )
    assert plain.keys() == renumbered.keys()
    for name, array in plain.items():
        np.testing.assert_array_equal(array, renumbered[name], name)


IDS = {
    "tokens",
    "target_tokens",
    "encoder_input_tokens",
    "decoder_input_tokens",
    "decoder_target_tokens",
}


@dataclasses.dataclass(frozen=True)
class Raised:
    """Other features, whose ids from 4 on are raised by 10."""

    features: Features

    def __getattr__(self, name: str):
        return getattr(self.features, name)

    def arrange(self, drawn, capacity):
        batch = self.features.arrange(drawn, capacity)
        return {
            name: array + 10 * (array >= 4) if name in IDS else array
            for name, array in batch.items()
        }
