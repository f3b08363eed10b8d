"""The hierarchical bootstrap: seeds, examples and languages redrawn.

Both sides of a delta, and all seeds, get the same redrawn examples. Percentiles
of few seeds are too narrow: 5 seeds redrawn spread by 4/5 of their variance,
and their extremes are never left. See `benchmarks/coverage.py` for how much,
and `crossed` for what is taken instead.

Letters: B redrawings, S seeds, L languages, C clusters of examples.
"""

import numpy as np
from jaxtyping import Float

from xltransfer.statistics.crossed import LEVEL

REDRAWN = 2000
# Redrawings at a time, so that many examples need little memory.
_BLOCK = 250


def interval(
    deltas: Float[np.ndarray, "S L"],
    examples: Float[np.ndarray, "S L C"] | None,
    generator: np.random.Generator,
    *,
    draw_languages: bool = False,
    redrawn: int = REDRAWN,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Returns the percentile interval of the mean of all deltas.

    Args:
      deltas: of each seed in each language.
      examples: what each cluster adds to each of them, around 0. A metric that
        is no mean is linear in these to first order.
      generator: of random numbers.
      draw_languages: whether languages are redrawn, too.
      redrawn: B.
      level: share of redrawings within.
    """
    means = np.concatenate(
        [
            _means(deltas, examples, generator, draw_languages, block)
            for block in _blocks(redrawn)
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _blocks(redrawn: int) -> list[int]:
    rest = redrawn % _BLOCK
    return [_BLOCK] * (redrawn // _BLOCK) + ([rest] if rest else [])


def _means(
    deltas: Float[np.ndarray, "S L"],
    examples: Float[np.ndarray, "S L C"] | None,
    generator: np.random.Generator,
    draw_languages: bool,
    size: int,
) -> Float[np.ndarray, "B"]:
    """Returns redrawn means."""
    seeds, languages = deltas.shape
    by_seed = _drawn(generator, seeds, size)
    by_language = np.full((size, languages), 1 / languages)
    if draw_languages:
        by_language = _drawn(generator, languages, size)
    cells = np.broadcast_to(deltas, (size, seeds, languages))
    if examples is not None:
        clusters = examples.shape[-1]
        again = _drawn(generator, clusters, size) * clusters
        moved = again @ examples.reshape(-1, clusters).T
        cells = cells + moved.reshape(size, seeds, languages)
    return np.einsum("bs,bsl,bl->b", by_seed, cells, by_language)


def _drawn(
    generator: np.random.Generator, size: int, count: int
) -> Float[np.ndarray, "count size"]:
    """Returns the share of each of `size` things among as many draws."""
    shares = np.full(size, 1 / size)
    return generator.multinomial(size, shares, size=count) / size
