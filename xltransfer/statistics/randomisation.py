"""Sign flips of paired deltas, and Holm's correction.

Under no effect the two sides of a pair could be swapped. What can be swapped is
a run: within one seed all languages and examples come from the same two runs,
so that their signs go together. Flipping examples' signs one by one asks
whether two sets of *runs* differ, which luck alone makes them do;
`benchmarks/coverage.py` measures how often it is wrong. Seeds alone are few:
with S of them no p is below 2 / 2^S, 0.0625 at five.
"""

import numpy as np
from jaxtyping import Float

# Up to 4,096 flips are all tried, beyond that this many are drawn.
_EXACT = 12
_DRAWN = 10_000


def sign_flip(
    deltas: Float[np.ndarray, "*claims S"],
    generator: np.random.Generator | None = None,
) -> Float[np.ndarray, "*claims"]:
    """Returns the two-sided p of no effect, by flipping seeds' signs.

    It takes no law for granted but the symmetry of the deltas under no effect.

    Args:
      deltas: of each seed.
      generator: of random flips, where there are more than 12 seeds.
    """
    seeds = deltas.shape[-1]
    signs = _signs(seeds, generator)
    means = np.abs(deltas @ signs.T)
    observed = np.abs(deltas.sum(axis=-1, keepdims=True))
    # Sums in another order differ in the last digits.
    as_far = means >= observed * (1 - 1e-9)
    if seeds <= _EXACT:
        return as_far.mean(axis=-1)
    return (as_far.sum(axis=-1) + 1) / (len(signs) + 1)


def holm(p: Float[np.ndarray, "M"]) -> Float[np.ndarray, "M"]:
    """Returns p corrected for M tests: at most 5 % of families are wrong.

    Source: Holm (1979), "A simple sequentially rejective multiple test
    procedure".
    """
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    corrected = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    found = np.empty_like(corrected)
    found[order] = corrected
    return found


def _signs(
    seeds: int, generator: np.random.Generator | None
) -> Float[np.ndarray, "F S"]:
    if seeds > _EXACT:
        generator = generator or np.random.default_rng(0)
        return generator.choice([-1.0, 1.0], size=(_DRAWN, seeds))
    bits = np.arange(2**seeds)[:, None] >> np.arange(seeds)
    return np.where(bits & 1, -1.0, 1.0)
