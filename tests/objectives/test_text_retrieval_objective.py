"""mT5 as a dual encoder: batches, the softmax against NumPy, packing, devices."""

import jax
import numpy as np
import pytest
import small_caches
import small_models

from xltransfer.data.features import TextRetrieval
from xltransfer.data.loader import TrainingBatches
from xltransfer.models.embedders import MT5Embedder
from xltransfer.models.retriever import SCALE, MT5Retriever
from xltransfer.objectives.retrieval import InBatchTextRetrieval, TextEmbedding
from xltransfer.outcomes.retrieval import Nearest, vectors

MODEL = MT5Retriever(small_models.MT5_CONFIG)
RETRIEVAL = InBatchTextRetrieval(MODEL)
# Pieces of queries and candidates, without `</s>`.
SIDES = [
    ([5, 6], [7]),
    (None, [8, 9]),
    ([10], None),
    ([11, 12, 13], [14, 15]),
    ([16], [17, 18, 19]),
]


def write(folder, sides):
    """A cache as the text rendering makes it; None: no such side."""
    columns = [
        [np.array([] if one is None else [*one, 1], int) for one in column]
        for column in zip(*sides, strict=True)
    ]
    return small_caches.write(
        folder, dict(zip(("inputs", "targets"), columns, strict=True))
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return write(tmp_path_factory.mktemp("caches") / "mixed", SIDES)


def batches(cache, size: int, **options) -> TrainingBatches:
    return TrainingBatches(
        ((cache, 1.0),), TextRetrieval(), size, (12, 12), 3, 8, **options
    )


@pytest.mark.parametrize("packed", [True, False])
def test_every_side_is_a_segment_of_its_own_row(cache, packed):
    arrays = batches(cache, 5, packed=packed).batch(0, np.arange).arrays
    found = []
    for row, slot in np.ndindex(arrays["left_starts"].shape):
        sides = []
        for side in ("left", "right"):
            segment = arrays[f"{side}_encoder_segment_ids"][row] == slot + 1
            pieces = arrays[f"{side}_encoder_input_tokens"][row][segment]
            sides.append(tuple(pieces.tolist()))
            start = arrays[f"{side}_starts"][row, slot]
            assert not segment.any() or start == segment.argmax()
        weights = (
            arrays["query_weights"][row, slot],
            arrays["candidate_weights"][row, slot],
        )
        if any(sides):
            found.append((*sides, *weights))
        else:
            assert weights == (0, 0)
    expected = [
        (
            () if query is None else (*query, 1),
            () if candidate is None else (*candidate, 1),
            float(query is not None and candidate is not None),
            float(candidate is not None),
        )
        for query, candidate in SIDES
    ]
    assert sorted(found) == sorted(expected)


def test_the_loss_is_a_softmax_over_all_candidates_of_the_batch(cache):
    arrays = batches(cache, 5).batch(0, np.arange).arrays
    params = small_models.params(RETRIEVAL)
    sums = jax.jit(RETRIEVAL.sums)(params, arrays, None)
    both = np.asarray(RETRIEVAL.predict(params, arrays), np.float64)
    queries, candidates = both[:, :, 0], both[:, :, 1]
    known = candidates[arrays["candidate_weights"] > 0]
    np.testing.assert_allclose(np.linalg.norm(known, axis=-1), 1, rtol=1e-6)
    scale = float(params["head"]["scale"])
    loss = 0.0
    for place in map(tuple, np.argwhere(arrays["query_weights"])):
        logits = scale * known @ queries[place]
        own = scale * candidates[place] @ queries[place]
        loss += np.log(np.exp(logits).sum()) - own
    assert float(sums["weight"]) == 3
    assert float(sums["loss"]) == pytest.approx(loss, rel=1e-5)


def many(folder, count: int = 40):
    random = np.random.default_rng(0)
    queries = [
        random.integers(3, 66, size=random.integers(2, 7)).tolist()
        for _ in range(count)
    ]
    return write(folder, [(one, one[::-1]) for one in queries])


@pytest.mark.parametrize("sharding", ["data", "fsdp_tensor"])
def test_packing_and_devices_change_neither_loss_nor_gradients(
    tmp_path, sharding
):
    cache = many(tmp_path / "pairs")
    padded = batches(cache, 24, packed=False).batch(0, np.arange)
    packed = batches(cache, 24).batch(0, np.arange)
    with small_models.telling_scale(RETRIEVAL):
        alone = small_models.loss_and_gradient(RETRIEVAL, padded.arrays)
        small_models.check_on_devices(
            RETRIEVAL, packed, alone, sharding, tolerance=3e-5
        )


def test_the_decoder_comes_along_and_is_left_alone(cache):
    params = RETRIEVAL.new_params(jax.random.key(0))
    whole = small_models.TEXT_TO_TEXT.new_params(jax.random.key(0))
    assert params.keys() == whole.keys() | {"head"}
    assert jax.tree.structure(params["decoder"]) == jax.tree.structure(
        whole["decoder"]
    )
    assert float(params["head"]["scale"].value) == SCALE
    arrays = batches(cache, 5).batch(0, np.arange).arrays
    _, gradient = small_models.loss_and_gradient(RETRIEVAL, arrays)
    assert not any(one.any() for one in jax.tree.leaves(gradient["decoder"]))


def test_an_encoders_last_layer_is_its_dual_encoder(cache):
    arrays = batches(cache, 5).batch(0, np.arange).arrays
    params = small_models.params(RETRIEVAL)
    plain = TextEmbedding(MT5Embedder(small_models.MT5_CONFIG, normalize=True))
    is_there = arrays["query_weights"] > 0
    np.testing.assert_allclose(
        plain.predict(params, arrays)[is_there],
        RETRIEVAL.predict(params, arrays)[is_there],
        atol=1e-6,
    )


def test_vectors_come_back_by_side(cache):
    loaded = batches(cache, 5).batch(0, np.arange)
    examples = np.arange(5)
    outputs = np.zeros((8, 5, 2, 3), np.float32)
    outputs[:, :, 1] = 1
    layout = type("Layout", (), {"row": [0] * 5, "slot": examples})
    found = Nearest().read(outputs, layout, cache, examples)
    assert [len(one) for one in found] == [2, 1, 1, 2, 2]
    queries, candidates = vectors(cache, found)
    assert queries.tolist() == [[0] * 3] * 4
    assert candidates.tolist() == [[1] * 3] * 4
    assert loaded.rows
