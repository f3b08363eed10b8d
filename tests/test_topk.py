"""Against sorting all products in NumPy, and by the memory of the program."""

import re

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sorted_products import sorted_products

from xltransfer import topk
from xltransfer.partitioning import Partitioning

DEVICES = {
    8: Partitioning((), data=8),
    "8 in two ways": Partitioning((), data=2, fsdp=4),
    "2, tensor": Partitioning((), data=2, tensor=4),
}


@settings(max_examples=25)
@given(
    queries=st.integers(0, 40),
    candidates=st.integers(1, 60),
    k=st.integers(1, 30),
    block=st.integers(1, 70),
    queries_a_device=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
def test_the_nearest_are_those_of_a_stable_sort(
    queries, candidates, k, block, queries_a_device, seed
):
    # Small whole numbers: products are exact, and many are equal.
    random = np.random.default_rng(seed)
    one = random.integers(-2, 3, size=(queries, 3)).astype(np.float32)
    other = random.integers(-2, 3, size=(candidates, 3)).astype(np.float32)
    found = topk.top_k(one, other, k, DEVICES[8], queries_a_device, block)
    expected = sorted_products(one, other, k)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("devices", DEVICES)
def test_devices_and_blocks_change_nothing(devices):
    random = np.random.default_rng(1)
    queries = random.normal(size=(37, 16)).astype(np.float32)
    candidates = random.normal(size=(301, 16)).astype(np.float32)
    found = topk.top_k(queries, candidates, 20, DEVICES[devices], 3, 64)
    products, numbers = sorted_products(queries, candidates, 20)
    np.testing.assert_array_equal(found[1], numbers)
    np.testing.assert_allclose(found[0], products, rtol=1e-5)


def test_negative_products_are_found_before_what_fills_a_block_up():
    queries = np.ones((3, 2), np.float32)
    candidates = -np.arange(1, 6, dtype=np.float32)[:, None] * np.ones(2)
    _, numbers = topk.top_k(queries, candidates, 9, DEVICES[8], block=4)
    np.testing.assert_array_equal(numbers, [[0, 1, 2, 3, 4]] * 3)


def test_no_device_ever_holds_all_scores():
    # As for Mewsli-X: 14,624 queries, a million candidates.
    partitioning = DEVICES[8]
    queries, block, width = 8 * 256, 2048, 32
    sharded, whole = partitioning.batch_sharding, partitioning.replicated

    def shape(*size, dtype=np.float32, at=sharded):
        return jax.ShapeDtypeStruct(size, dtype, sharding=at)

    with partitioning.scope():
        compiled = (
            topk._program(partitioning, chunk=8)
            .lower(
                (
                    shape(queries, 20),
                    shape(queries, 20, dtype=np.int32),
                ),
                shape(queries, width),
                shape(block, width, at=whole),
                shape(dtype=np.int32, at=whole),
                shape(dtype=np.int32, at=whole),
            )
            .compile()
        )
    text = compiled.as_text()
    assert not re.search("all-(gather|reduce|to-all)", text)
    scores = queries // 8 * (block + 20) * 4
    # Products, with and without the best so far, and what sorting takes.
    assert compiled.memory_analysis().temp_size_in_bytes < 8 * scores
