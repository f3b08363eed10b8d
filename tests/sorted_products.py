"""What the nearest are by a stable sort of all products, in NumPy."""

import numpy as np
from jaxtyping import Float, Int


def sorted_products(
    queries: Float[np.ndarray, "Q D"],
    candidates: Float[np.ndarray, "N D"],
    k: int,
    dtype: type = np.float32,
) -> tuple[Float[np.ndarray, "Q K"], Int[np.ndarray, "Q K"]]:
    """A stable sort keeps the lower of two equal candidates in front."""
    products = queries.astype(dtype) @ candidates.astype(dtype).T
    order = np.argsort(-products, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(products, order, axis=1), order
