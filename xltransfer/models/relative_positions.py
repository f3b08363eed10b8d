"""T5's relative positions: a learnt bias for each bucket of distances.

Source: T5, https://arxiv.org/abs/1910.10683, section 2.1.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float, Int

_uniform = nn.initializers.variance_scaling(1.0, "fan_avg", "uniform")


class RelativePositionBias(nn.Module):
    """What a pair of columns adds to the attention logits, by distance."""

    num_heads: int
    buckets: int
    max_distance: int
    bidirectional: bool

    @nn.compact
    def __call__(self, length: int) -> Float[Array, "1 H L L"]:
        table = self.param(
            "rel_embedding",
            nn.with_logical_partitioning(_uniform, ("heads", "relpos_buckets")),
            (self.num_heads, self.buckets),
            jnp.float32,
        )
        column = np.arange(length)
        buckets = relative_position_buckets(
            column[None, :] - column[:, None],
            self.bidirectional,
            self.buckets,
            self.max_distance,
        )
        # A product, since the gradient of a gather with few distinct rows is
        # a scatter with many collisions.
        one_hot = jax.nn.one_hot(buckets, self.buckets)
        return jnp.einsum("HN,LSN->HLS", table, one_hot)[None]


def relative_position_buckets(
    distance: Int[np.ndarray, "L S"],
    bidirectional: bool,
    buckets: int,
    max_distance: int,
) -> Int[np.ndarray, "L S"]:
    """Maps `key - query` to a bucket, exact when near, logarithmic when far.

    Source: `_relative_position_bucket` of Mesh TensorFlow's transformer
    layers.
    """
    offset = np.zeros_like(distance)
    if bidirectional:
        buckets //= 2
        offset = (distance > 0) * buckets
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = buckets // 2
    ratio = np.maximum(distance, exact) / exact
    scale = (buckets - exact) / np.log(max_distance / exact)
    # 16, 32 and 64 lie on an edge; 1e-6 keeps rounding from moving them.
    far = exact + (np.log(ratio) * scale + 1e-6).astype(distance.dtype)
    near_or_far = np.where(distance < exact, distance, far)
    return offset + np.minimum(near_or_far, buckets - 1)
