"""The k nearest of very many vectors, exactly, in bounded memory.

Queries are shared out over the devices; candidates pass by in blocks, of which
every device scores all against its queries and keeps the best. No more than a
block of scores is ever there: with Q queries, blocks of N candidates and
vectors of D, a device holds Q D / devices + 2 N D + Q N / devices numbers,
since the next block is copied meanwhile.

Of a block's scores only the largest of each chunk is ranked. The k largest
scores lie in the k chunks whose largest are: had one of them been left out, k
chunks would each hold a score that comes before all of its own.
"""

import functools
import math
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int

from xltransfer.partitioning import Partitioning

# 4,096 x 32,768 scores in float32: half a gibibyte for each device.
QUERIES_A_DEVICE = 4096
CANDIDATES = 32768

Best = tuple[Float[Array, "Q K"], Int[Array, "Q K"]]


def top_k(
    queries: Float[np.ndarray, "Q D"],
    candidates: Float[np.ndarray, "N D"],
    k: int,
    partitioning: Partitioning,
    queries_a_device: int = QUERIES_A_DEVICE,
    block: int = CANDIDATES,
) -> tuple[Float[np.ndarray, "Q K"], Int[np.ndarray, "Q K"]]:
    """Returns the k largest inner products of each query, and with which.

    Best first; of equal products the candidate of the lower number comes
    first. Products are taken in float32 throughout. K is k, or N where there
    are fewer candidates.

    Args:
      queries: Q vectors.
      candidates: N vectors; what is nearest is one with the largest product.
      k: how many.
      partitioning: the devices.
      queries_a_device: queries that a device scores at once, at most.
      block: candidates that are scored at once, at most.
    """
    k = min(k, len(candidates))
    devices = partitioning.batch_multiple
    height = min(queries_a_device, -(-len(queries) // devices)) * devices
    width = min(block, len(candidates))
    chunk = _chunk(width, k)
    sizes = k, -(-width // chunk) * chunk, chunk
    found = [
        _nearest(part, candidates, sizes, partitioning)
        for part in _parts(queries, max(height, devices))
    ]
    products, numbers = (
        np.concatenate(one) for one in zip(*found, strict=True)
    )
    return products[: len(queries)], numbers[: len(queries)]


def _chunk(width: int, k: int) -> int:
    """Returns how many scores to a chunk, so that few are ranked.

    Those are width / chunk largest of chunks, and k chunks in full.
    """
    return 1 << round(math.log2(max(width / k, 1)) / 2)


def _parts(vectors: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Yields parts of one size, the last one filled up with zeros."""
    for low in range(0, max(len(vectors), 1), size):
        part = vectors[low : low + size]
        filler = np.zeros((size - len(part), vectors.shape[1]), part.dtype)
        yield np.concatenate([part, filler])


def _nearest(
    queries: np.ndarray,
    candidates: np.ndarray,
    sizes: tuple[int, int, int],
    partitioning: Partitioning,
) -> tuple[np.ndarray, np.ndarray]:
    k, width, chunk = sizes
    program = _program(partitioning, chunk)
    best = _nothing(len(queries), k, partitioning)
    rows = partitioning.host_rows(len(queries))
    placed = partitioning.put({"queries": queries[rows]}, len(queries))
    with partitioning.scope():
        for first, block in zip(
            range(0, len(candidates), width),
            _parts(candidates, width),
            strict=True,
        ):
            block = jax.device_put(block, partitioning.replicated)
            # Else all blocks would be copied before the first one is scored.
            jax.block_until_ready(best)
            last = np.int32(len(candidates))
            best = program(
                best, placed["queries"], block, np.int32(first), last
            )
        products, numbers = _whole(partitioning)(best)
    return np.asarray(products), np.asarray(numbers)


def _nothing(count: int, k: int, partitioning: Partitioning) -> Best:
    """Products that any candidate's is larger than."""
    shape = (len(partitioning.host_rows(count)), k)
    empty = {
        "products": np.full(shape, -np.inf, np.float32),
        "numbers": np.full(shape, np.iinfo(np.int32).max, np.int32),
    }
    placed = partitioning.put(empty, count)
    return placed["products"], placed["numbers"]


@functools.lru_cache
def _program(partitioning: Partitioning, chunk: int):
    # By hand: left to itself, the compiler gathers scores to sort them.
    mine, whole = partitioning.batch_sharding.spec, PartitionSpec()

    @functools.partial(
        jax.shard_map,
        mesh=partitioning.mesh,
        in_specs=((mine, mine), mine, whole, whole, whole),
        out_specs=(mine, mine),
        check_vma=False,
    )
    def better(
        best: Best,
        queries: Float[Array, "Q D"],
        block: Float[Array, "N D"],
        first: Int[Array, ""],
        last: Int[Array, ""],
    ) -> Best:
        products = jnp.einsum(
            "QD,ND->QN",
            queries.astype(jnp.float32),
            block.astype(jnp.float32),
            precision=jax.lax.Precision.HIGHEST,
        )
        places = _promising(products, last - first, best[0].shape[1], chunk)
        new = jnp.take_along_axis(products, places, axis=1)
        numbers = first + places
        new = jnp.where(numbers < last, new, -jnp.inf)
        # `top_k` takes the first of equals: those that came before, and of a
        # block the lowest.
        products = jnp.concatenate([best[0], new], axis=1)
        numbers = jnp.concatenate([best[1], numbers], axis=1)
        products, order = jax.lax.top_k(products, best[0].shape[1])
        return products, jnp.take_along_axis(numbers, order, axis=1)

    return jax.jit(better, donate_argnums=0)


def _promising(
    products: Float[Array, "Q N"], count: Int[Array, ""], k: int, chunk: int
) -> Int[Array, "Q M"]:
    """Returns where the k largest of the first `count` are, in order.

    Those are the chunks, as a whole, whose largest are the k largest; of
    equals the first chunks, so that of equal products the first are there.
    """
    rows, width = products.shape
    is_there = jnp.arange(width) < count
    largest = jnp.where(is_there, products, -jnp.inf)
    largest = largest.reshape(rows, -1, chunk).max(axis=-1)
    _, chunks = jax.lax.top_k(largest, min(k, width // chunk))
    chunks = jnp.sort(chunks, axis=1)
    places = chunks[..., None] * chunk + jnp.arange(chunk)
    return places.reshape(rows, -1)


@functools.lru_cache
def _whole(partitioning: Partitioning):
    return jax.jit(lambda best: best, out_shardings=partitioning.replicated)
