"""The nearest candidates, in an order that no number of devices changes.

The last bits of a product in float32 depend on how many queries and candidates
a device multiplies at once. Such products choose finalists only, a few more
than are asked for; products in float64, each taken by itself, rank those.
"""

import numpy as np
from jaxtyping import Float, Int

from xltransfer.partitioning import Partitioning
from xltransfer.topk import top_k

# All devices, in one row: parameters play no part.
DEVICES = Partitioning(rules=())
# A candidate is lost if more than these, besides those before it, come within
# float32's error of it.
SPARE = 12
# Numbers that are multiplied at once: 32 MiB in float64.
AT_ONCE = 2**22


def nearest(
    queries: Float[np.ndarray, "Q D"],
    candidates: Float[np.ndarray, "N D"],
    k: int,
) -> tuple[Float[np.ndarray, "Q K"], Int[np.ndarray, "Q K"]]:
    """Returns the k largest inner products of each query, and with which.

    Best first; of equal products the candidate of the lower number comes
    first. K is k, or N where there are fewer candidates.
    """
    _, finalists = top_k(queries, candidates, k + SPARE, DEVICES)
    # In order of their numbers, which a stable sort keeps among equals.
    finalists = np.sort(finalists, axis=1)
    products = _products(queries, candidates, finalists)
    order = np.argsort(-products, axis=1, kind="stable")[:, :k]
    found = products, finalists
    return tuple(np.take_along_axis(one, order, axis=1) for one in found)


def _products(
    queries: Float[np.ndarray, "Q D"],
    candidates: Float[np.ndarray, "N D"],
    chosen: Int[np.ndarray, "Q K"],
) -> Float[np.ndarray, "Q K"]:
    """Returns each query's products with its own candidates, in float64."""
    products = np.zeros(chosen.shape, np.float64)
    wide = queries.astype(np.float64)
    step = max(1, AT_ONCE // (chosen.shape[1] * queries.shape[1]))
    for low in range(0, len(queries), step):
        part = slice(low, low + step)
        # Not `einsum` or `@`: they add up in an order of their own choosing.
        each = wide[part, None] * candidates[chosen[part]]
        products[part] = each.sum(axis=-1)
    return products
