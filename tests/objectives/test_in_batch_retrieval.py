"""The in-batch softmax against NumPy, over devices, and learning by it."""

import dataclasses

import jax
import numpy as np
import pytest
import retrieval_caches
import small_models

from xltransfer.data.features import EncoderRetrieval
from xltransfer.data.loader import TrainingBatches
from xltransfer.errors import InputError
from xltransfer.models.embedders import XLMREmbedder
from xltransfer.models.retriever import SCALE, XLMRRetriever
from xltransfer.objectives.multitask import MultiTask
from xltransfer.objectives.retrieval import (
    Embedding,
    InBatchRetrieval,
)
from xltransfer.optimizer import AdamW
from xltransfer.train import Program

RETRIEVAL = InBatchRetrieval(XLMRRetriever(small_models.XLMR))
FEATURES = EncoderRetrieval(pad_id=1)
SIDES = [
    ([5, 6], [7]),
    (None, [8, 9]),
    ([10], None),
    ([11, 12, 13], [14, 15]),
    ([16], [17, 18, 19]),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("caches")
    return retrieval_caches.write(folder / "mixed", SIDES)


def batches(cache, size: int, multiple: int = 8, **options) -> TrainingBatches:
    return TrainingBatches(
        ((cache, 1.0),), FEATURES, size, (12,), 3, multiple, **options
    )


def sides_of(arrays: dict) -> list[tuple[tuple, float, float]]:
    """Returns each segment's pieces and its two weights, row by row."""
    found = []
    for row, slot in np.argwhere(arrays["starts"] + 1):
        mine = arrays["segment_ids"][row] == slot + 1
        if mine.any():
            assert mine[arrays["starts"][row, slot]]
            assert arrays["positions"][row][mine][0] == 0
            found.append(
                (
                    tuple(arrays["tokens"][row][mine].tolist()),
                    arrays["query_weights"][row, slot],
                    arrays["candidate_weights"][row, slot],
                )
            )
    return found


@pytest.mark.parametrize("packed", [True, False])
def test_every_side_is_a_segment_and_a_pair_lies_side_by_side(cache, packed):
    arrays = batches(cache, 5, packed=packed).batch(0, np.arange).arrays
    found = sides_of(arrays)
    expected = []
    for query, candidate in SIDES:
        has_both = query is not None and candidate is not None
        if query is not None:
            expected.append(((0, *query, 2), float(has_both), 0.0))
        if candidate is not None:
            expected.append(((0, *candidate, 2), 0.0, 1.0))
    assert sorted(found) == sorted(expected)
    for place, one in enumerate(found):
        if one[1]:
            query = list(one[0][1:-1])
            candidate = next(c for q, c in SIDES if q == query)
            assert found[place + 1][0] == (0, *candidate, 2)


def test_the_loss_is_a_softmax_over_all_candidates_of_the_batch(cache):
    arrays = batches(cache, 5).batch(0, np.arange).arrays
    params = small_models.params(RETRIEVAL)
    sums = jax.jit(RETRIEVAL.sums)(params, arrays, None)
    vectors = np.asarray(RETRIEVAL.predict(params, arrays), np.float64)
    np.testing.assert_allclose(
        np.linalg.norm(vectors[arrays["candidate_weights"] > 0], axis=-1), 1
    )
    candidates = vectors[arrays["candidate_weights"] > 0]
    scale = float(params["head"]["scale"])
    loss = hits = 0.0
    for row, slot in np.argwhere(arrays["query_weights"]):
        logits = scale * candidates @ vectors[row, slot]
        own = scale * vectors[row, slot + 1] @ vectors[row, slot]
        loss += np.log(np.exp(logits).sum()) - own
        hits += np.isclose(logits.max(), own)
    assert float(sums["weight"]) == 3
    assert float(sums["loss"]) == pytest.approx(loss, rel=1e-5)
    assert float(sums["correct"]) == hits


@pytest.mark.parametrize("sharding", ["data", "fsdp", "fsdp_tensor"])
def test_devices_see_each_others_candidates(tmp_path, sharding):
    cache = retrieval_caches.pairs(tmp_path / "pairs", 40)
    packed = batches(cache, 24).batch(0, np.arange)
    with small_models.telling_scale(RETRIEVAL):
        alone = small_models.loss_and_gradient(RETRIEVAL, packed.arrays)
        small_models.check_on_devices(
            RETRIEVAL, packed, alone, sharding, tolerance=3e-5
        )


def test_a_batch_is_not_taken_apart(cache):
    program = Program(
        RETRIEVAL,
        small_models.Descent(),
        10,
        small_models.partitioning("data"),
        microbatches=2,
    )
    packed = batches(cache, 4, 16).batch(0, np.arange)
    with pytest.raises(InputError, match=r"microbatches is 2.*must be 1"):
        small_models.train(program, [packed])
    both = MultiTask(
        (("a", RETRIEVAL), ("b", small_models.CLASSIFIER)), (("head",),) * 2
    )
    assert both.whole_batch


def test_the_scale_starts_at_a_hundred():
    # Spec of XTREME-R's dual encoders; a plain number, not a logarithm.
    params = RETRIEVAL.new_params(jax.random.key(0))
    assert float(params["head"]["scale"].value) == SCALE == 100.0


def test_it_learns_to_find_partners(tmp_path):
    cache = retrieval_caches.pairs(tmp_path / "pairs", 64)
    stream = batches(cache, 32)
    program = Program(
        RETRIEVAL, AdamW(1e-2), 60, small_models.partitioning("data")
    )
    packed = [stream.batch(number, np.arange) for number in range(2)]
    state, metrics = program.init(0), []
    for one in packed * 30:
        arrays = program.partitioning.put(one.arrays, one.rows)
        state, found = program.update(state, arrays, 0)
        metrics.append(jax.device_get(found))
    # One of 32 is right by chance.
    assert metrics[-1]["accuracy"] > 0.9
    assert metrics[-1]["loss"] < 0.2 * metrics[0]["loss"]


def test_an_encoders_own_vectors_need_no_head(cache):
    plain = Embedding(XLMREmbedder(small_models.XLMR, 0, normalize=True))
    params = small_models.params(RETRIEVAL)
    arrays = batches(cache, 5).batch(0, np.arange).arrays
    vectors = plain.predict(params, arrays)
    other = {**params, "head": {"kernel": np.zeros(3)}}
    np.testing.assert_array_equal(vectors, plain.predict(other, arrays))


def test_objectives_name_a_program_by_their_content():
    assert dataclasses.replace(RETRIEVAL) == RETRIEVAL
    assert hash(RETRIEVAL) == hash(dataclasses.replace(RETRIEVAL))
