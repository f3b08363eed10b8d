"""Standard errors of a delta whose seeds and examples are both a sample.

All seeds are evaluated on the same examples, and often on the same examples in
every language. The delta of seed s on example i is

    effect + seed_s + example_i + rest_si

so that the variance of its mean has a part of each: seeds / S + examples / N +
rest / SN. The spread between seeds' means holds the first and the third, that
between examples' means the second and the third; what both hold is taken off
once. Degrees of freedom follow Satterthwaite (1946). A spread is then good for
Student's t, exactly if seeds alone vary, and for a normal law if examples do.

Letters: S seeds, L languages, C clusters of examples; leading axes are claims
that are independent of each other.

Sources: Searle, Casella and McCulloch (1992), "Variance Components", chapter 4
(moments in crossed classifications); Owen (2007), "The pigeonhole bootstrap"
(what resampling both sides makes of them); Cameron, Gelbach and Miller (2011)
(the same for clusters in two ways).
"""

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy import special

LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Spread:
    """How far an estimate may be off.

    Attributes:
      variance: its squared standard error.
      freedom: degrees of freedom of that.
    """

    variance: Float[np.ndarray, "*claims"]
    freedom: Float[np.ndarray, "*claims"]

    def half_width(self, level: float = LEVEL) -> Float[np.ndarray, "*claims"]:
        """Returns how far an interval reaches to either side."""
        quantile = special.stdtrit(self.freedom, (1 + level) / 2)
        return quantile * np.sqrt(self.variance)

    def p(
        self, effects: Float[np.ndarray, "*claims"]
    ) -> Float[np.ndarray, "*claims"]:
        """Returns the two-sided p of no effect: below 0.05 iff 0 is outside.

        Without any spread it is 1 for an effect of 0, and unknown else.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(effects) / np.sqrt(self.variance)
        found = 2 * special.stdtr(self.freedom, -t)
        unknown = np.where(np.asarray(effects) == 0, 1.0, np.nan)
        return np.where(self.variance > 0, found, unknown)


def of_mean(
    deltas: Float[np.ndarray, "*claims S"],
    examples: Float[np.ndarray, "*claims S C"] | None = None,
) -> Spread:
    """Returns the spread of the mean over seeds, of examples drawn anew.

    Args:
      deltas: of each seed, on its language or over a fixed set of them.
      examples: what each cluster of examples adds to it, around 0. Without
        them the spread is that between seeds on these very examples.
    """
    seeds = _seeds(deltas)
    if examples is None:
        return _sum(seeds)
    return _sum(seeds, _persisting(examples))


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
    seeds = _seeds(deltas.mean(-1))
    # Each language's own examples are part of the spread between languages;
    # what the same examples do to all of them is not.
    languages = _languages(deltas)
    if examples is None or apart is None:
        return _sum(seeds, languages)
    own = apart.sum(-1) / deltas.shape[-1] ** 2
    languages = dataclasses.replace(
        languages, value=np.maximum(languages.value, own)
    )
    shared = _persisting(examples)
    shared = dataclasses.replace(
        shared, value=np.maximum(shared.value - own, 0)
    )
    return _sum(seeds, languages, shared)


def persisting(
    examples: Float[np.ndarray, "*claims S C"],
) -> Float[np.ndarray, "*claims"]:
    """Returns the variance that examples give a mean over any seeds."""
    return _persisting(examples).value


@dataclasses.dataclass(frozen=True)
class _Part:
    """A part of a variance, and the sum of (mean square)^2 / freedom."""

    value: Float[np.ndarray, "*claims"]
    noise: Float[np.ndarray, "*claims"]


def _seeds(deltas: Float[np.ndarray, "*claims S"]) -> _Part:
    size = deltas.shape[-1]
    if size < 2:
        nothing = np.zeros(deltas.shape[:-1])
        return _Part(nothing, nothing)
    value = deltas.var(axis=-1, ddof=1) / size
    return _Part(value, value**2 / (size - 1))


def _persisting(examples: Float[np.ndarray, "*claims S C"]) -> _Part:
    """Returns the part of what examples do to every seed alike."""
    seeds, size = examples.shape[-2:]
    scale = size / (size - 1)
    means = examples.mean(axis=-2)
    both = scale * np.square(means).sum(axis=-1)
    if seeds < 2:
        return _Part(both, both**2 / (size - 1))
    rest = np.square(examples - means[..., None, :]).sum(axis=(-1, -2))
    rest = scale * rest / (seeds * (seeds - 1))
    noise = both**2 / (size - 1) + rest**2 / ((size - 1) * (seeds - 1))
    return _Part(np.maximum(both - rest, 0), noise)


def _languages(deltas: Float[np.ndarray, "*claims S L"]) -> _Part:
    """Returns the part of what languages do to every seed alike."""
    seeds, size = deltas.shape[-2:]
    means = deltas.mean(axis=-2)
    both = means.var(axis=-1, ddof=1) / size
    if seeds < 2:
        return _Part(both, both**2 / (size - 1))
    centred = deltas - means[..., None, :]
    centred = centred - centred.mean(axis=-1, keepdims=True)
    freedom = (seeds - 1) * (size - 1)
    rest = np.square(centred).sum(axis=(-1, -2)) / (freedom * seeds * size)
    noise = both**2 / (size - 1) + rest**2 / freedom
    return _Part(np.maximum(both - rest, 0), noise)


def _sum(*parts: _Part) -> Spread:
    variance = sum(part.value for part in parts)
    noise = sum(part.noise for part in parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.where(noise > 0, variance**2 / noise, 1.0)
    # A difference of two mean squares can be next to nothing by chance.
    return Spread(np.asarray(variance), np.maximum(freedom, 1.0))
