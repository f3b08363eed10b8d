"""Intervals of a delta whose seeds and examples are both a sample.

All seeds are evaluated on the same examples, and often on the same examples in
every language. The delta of seed s on example i is

    effect + seed_s + example_i + rest_si

so that the variance of its mean has a part of each: seeds / S + examples / N +
rest / SN. The spread between seeds' means holds the first and the third, that
between examples' means the second and the third; what both hold is taken off
once. An interval reaches

    sqrt(t_{S-1}^2 seeds + t_{N-1}^2 examples)

to either side: each part by its own quantile. With seeds alone that is
Student's t, with examples alone nearly the normal law, and between the two it
covers a little more than it says. (One t with Satterthwaite's degrees of
freedom covers less: few seeds that agree by chance make the variance small and
the degrees of freedom large at once.)

Letters: S seeds, L languages, C clusters of examples; leading axes are claims
that are independent of each other.

Sources: Searle, Casella and McCulloch (1992), "Variance Components", chapter 4
(moments in crossed classifications); Owen (2007), "The pigeonhole bootstrap"
(what resampling both sides makes of them); Zou and Donner (2008),
"Construction of confidence limits about effect measures" (limits of a sum from
those of its parts); `benchmarks/coverage.py` (what it covers).
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

LEVEL = 0.95
# Smaller than any p that could matter.
_LEAST_P = 1e-30
# Numbers of right answers are whole, so that two seeds are equal now and then.
# That is a spread of less than a step, not of nothing: at least this share of
# what examples alone make seeds differ by.
_LEAST_SHARE = 0.01


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a squared standard error, and its degrees of freedom."""

    value: Float[np.ndarray, "*claims"]
    freedom: int


@dataclasses.dataclass(frozen=True)
class Spread:
    """How far an estimate may be off."""

    parts: tuple[Part, ...]

    @property
    def variance(self) -> Float[np.ndarray, "*claims"]:
        """The squared standard error."""
        return np.asarray(sum(part.value for part in self.parts))

    def half_width(self, level: float = LEVEL) -> Float[np.ndarray, "*claims"]:
        """Returns how far an interval reaches to either side."""
        p = 1 - level
        parts = [(part.value, part.freedom) for part in self.parts]
        return np.sqrt(_squared(p, parts))

    def p(
        self, effects: Float[np.ndarray, "*claims"]
    ) -> Float[np.ndarray, "*claims"]:
        """Returns the two-sided p of no effect.

        It is one minus the level at which the interval ends at 0. Without any
        spread it is 1 for an effect of 0, and NaN else.
        """
        effects = np.asarray(effects)
        found = np.empty(effects.shape)
        for at, effect in np.ndenumerate(effects):
            parts = [
                (float(np.asarray(part.value)[at]), part.freedom)
                for part in self.parts
            ]
            found[at] = _p(float(effect), parts)
        return found


def of_mean(
    deltas: Float[np.ndarray, "*claims S"],
    examples: Float[np.ndarray, "*claims S C"] | None = None,
) -> Spread:
    """Returns the spread of the mean over seeds, of examples drawn anew.

    Args:
      deltas: of each seed, on its language or over a fixed set of them.
      examples: what each cluster of examples adds to it, around 0. Without
        them the spread is that between seeds on these very examples, of which
        there must be two.
    """
    parts = _seeds(deltas, examples)
    if examples is None:
        return Spread(parts)
    return Spread((*parts, _persisting(examples)))


def of_mean_of_drawn_languages(
    deltas: Float[np.ndarray, "*claims S L"],
    examples: Float[np.ndarray, "*claims S C"] | None = None,
    apart: Float[np.ndarray, "*claims L"] | None = None,
) -> Spread:
    """Returns the spread of a mean whose languages are a sample, too.

    Args:
      deltas: of each seed in each language, two at least.
      examples: what each cluster adds to the mean over languages, around 0.
      apart: variance that the examples of each language alone give its delta,
        see `persisting`.
    """
    parts = _seeds(deltas.mean(-1), examples)
    # Each language's own examples are part of the spread between languages;
    # what the same examples do to all of them is not.
    languages = _languages(deltas)
    if examples is None or apart is None:
        return Spread((*parts, languages))
    own = apart.sum(-1) / deltas.shape[-1] ** 2
    shared = _persisting(examples)
    return Spread(
        (
            *parts,
            Part(np.maximum(languages.value, own), languages.freedom),
            Part(np.maximum(shared.value - own, 0), shared.freedom),
        )
    )


def persisting(
    examples: Float[np.ndarray, "*claims S C"],
) -> Float[np.ndarray, "*claims"]:
    """Returns the variance that examples give a mean over any seeds."""
    return _persisting(examples).value


def _squared(p: float, parts: Sequence[tuple]) -> float | np.ndarray:
    """Returns the squared half width of the interval at level 1 - p."""
    return sum(
        special.stdtrit(freedom, p / 2) ** 2 * value for value, freedom in parts
    )


def _p(effect: float, parts: Sequence[tuple[float, int]]) -> float:
    variance = sum(value for value, _ in parts)
    if effect == 0:
        return 1.0
    if variance == 0:
        return math.nan
    t = abs(effect) / math.sqrt(variance)
    # As if all were the most, and as if all were the least certain part.
    ends = [2 * special.stdtr(f, -t) for value, f in parts if value > 0]
    low, high = max(min(ends), _LEAST_P), max(max(ends), _LEAST_P)

    def excess(logarithm: float) -> float:
        return _squared(math.exp(logarithm), parts) - effect**2

    if high - low < 1e-12 * high or excess(math.log(low)) <= 0:
        return low
    return math.exp(optimize.brentq(excess, math.log(low), math.log(high)))


def _seeds(
    deltas: Float[np.ndarray, "*claims S"],
    examples: Float[np.ndarray, "*claims S C"] | None,
) -> tuple[Part, ...]:
    """Returns the part of what seeds do, nothing for one seed."""
    size = deltas.shape[-1]
    if size < 2:
        return ()
    value = deltas.var(axis=-1, ddof=1) / size
    if examples is not None:
        value = np.maximum(value, _LEAST_SHARE * _rest(examples))
    return (Part(value, size - 1),)


def _persisting(examples: Float[np.ndarray, "*claims S C"]) -> Part:
    """Returns the part of what examples do to every seed alike."""
    seeds, size = examples.shape[-2:]
    scale = size / (size - 1)
    means = examples.mean(axis=-2)
    both = scale * np.square(means).sum(axis=-1)
    if seeds < 2:
        return Part(both, size - 1)
    return Part(np.maximum(both - _rest(examples), 0), size - 1)


def _rest(
    examples: Float[np.ndarray, "*claims S C"],
) -> Float[np.ndarray, "*claims"]:
    """Returns the variance of what an example does to one seed alone."""
    seeds, size = examples.shape[-2:]
    centred = examples - examples.mean(axis=-2, keepdims=True)
    scale = size / (size - 1) / (seeds * (seeds - 1))
    return scale * np.square(centred).sum(axis=(-1, -2))


def _languages(deltas: Float[np.ndarray, "*claims S L"]) -> Part:
    """Returns the part of what languages do to every seed alike."""
    seeds, size = deltas.shape[-2:]
    means = deltas.mean(axis=-2)
    both = means.var(axis=-1, ddof=1) / size
    if seeds < 2:
        return Part(both, size - 1)
    centred = deltas - means[..., None, :]
    centred = centred - centred.mean(axis=-1, keepdims=True)
    freedom = (seeds - 1) * (size - 1)
    rest = np.square(centred).sum(axis=(-1, -2)) / (freedom * seeds * size)
    return Part(np.maximum(both - rest, 0), size - 1)
