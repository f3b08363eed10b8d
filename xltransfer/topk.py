"""The k nearest of very many vectors, exactly, in bounded memory.

Queries are shared out over the devices; candidates pass by in blocks, of which
every device scores all against its queries and keeps the best. No more than a
block of scores is ever there: with Q queries, blocks of N candidates and
vectors of D, a device holds Q D / devices + N D + Q N / devices numbers.
"""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int

from xltransfer.partitioning import Partitioning

# 4,096 x 65,536 scores in float32: a gibibyte for each device.
QUERIES_A_DEVICE = 4096
CANDIDATES = 65536

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
    found = [
        _nearest(part, candidates, (k, width), partitioning)
        for part in _parts(queries, max(height, devices))
    ]
    products, numbers = (
        np.concatenate(one) for one in zip(*found, strict=True)
    )
    return products[: len(queries)], numbers[: len(queries)]


def _parts(vectors: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Yields parts of one size, the last one filled up with zeros."""
    for low in range(0, max(len(vectors), 1), size):
        part = vectors[low : low + size]
        filler = np.zeros((size - len(part), vectors.shape[1]), part.dtype)
        yield np.concatenate([part, filler])


def _nearest(
    queries: np.ndarray,
    candidates: np.ndarray,
    sizes: tuple[int, int],
    partitioning: Partitioning,
) -> tuple[np.ndarray, np.ndarray]:
    k, width = sizes
    program = _program(partitioning)
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
def _program(partitioning: Partitioning):
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
        numbers = first + jnp.arange(block.shape[0], dtype=jnp.int32)
        products = jnp.where(numbers < last, products, -jnp.inf)
        # `top_k` takes the first of equals: those that came before, and of a
        # block the lowest.
        products = jnp.concatenate([best[0], products], axis=1)
        products, places = jax.lax.top_k(products, best[0].shape[1])
        known = jnp.take_along_axis(
            best[1], jnp.minimum(places, best[1].shape[1] - 1), axis=1
        )
        new = first + places - best[1].shape[1]
        is_new = places >= best[1].shape[1]
        return products, jnp.where(is_new, new, known)

    return jax.jit(better, donate_argnums=0)


@functools.lru_cache
def _whole(partitioning: Partitioning):
    return jax.jit(lambda best: best, out_shardings=partitioning.replicated)
