"""Studies whose effects are known, to measure what intervals cover.

Whether run (a, s), arm a with seed s, is right on example i in language l is
drawn from a probit model:

    right if  level + effect_a + language_l + gain_al + seed_as + cell_asl
              + hard_i + hard_li + taste_ali + rest_asli + noise > 0

with independent normal terms of the given deviations (seeds may be skewed), so
that the accuracy over all seeds and examples, and over all languages that might
be drawn, is known exactly. `hard` and `taste` stay with an example whatever the
seed; `cell`, `rest` and the noise, whose deviation is 1, come anew with each.
`hard_i` is the same in all languages if examples are translated.

Letters: A arms, direct transfer first, S seeds, L languages, N examples.
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from xltransfer.example_counts import Counts
from xltransfer.statistics.conclusions import Row

DIRECT = "direct"


@dataclasses.dataclass(frozen=True)
class World:
    """Deviations on the latent scale, where the noise has 1.

    The level is an accuracy of 69 %, where 0.1 is about 1.5 points.

    Attributes:
      name: what it stands for.
      seed: of a run.
      cell: of a run in one language.
      language: of a language's level.
      gain: of what a language gains more than others.
      hard: of an example, and of it in one language.
      taste: of an example for one arm.
      rest: of an example for one run.
      skewed: whether seeds have a long tail (exponential) downwards.
      direct: how many times as much seeds matter to direct transfer.
      translated: whether all languages have the same examples.
      level: latent mean of direct transfer.
    """

    name: str
    seed: float
    cell: float = 0.05
    language: float = 0.4
    gain: float = 0.12
    hard: float = 1.5
    taste: float = 0.5
    rest: float = 0.3
    skewed: bool = False
    direct: float = 1.0
    translated: bool = True
    level: float = 1.2


@dataclasses.dataclass(frozen=True)
class Shape:
    """How large a study is: A intermediates beside direct transfer."""

    intermediates: int
    seeds: int
    languages: int = 6
    examples: int = 400


@dataclasses.dataclass(frozen=True)
class Simulated:
    """A study as `conclude` takes it, and its true deltas.

    Attributes:
      rows: accuracy, in long form.
      right: of every run on every example.
      truth: in points, of every intermediate on the languages drawn.
      mean_truth: of the mean over languages drawn anew.
    """

    rows: tuple[Row, ...]
    right: Bool[np.ndarray, "A S L N"]
    truth: Float[np.ndarray, "A L"]
    mean_truth: Float[np.ndarray, "A"]

    def examples(self, row: Row) -> Counts:
        """Returns what each example of a row adds."""
        right = self.right[row["at"]]
        columns = {"hits": right, "n": np.ones(len(right), np.uint8)}
        return Counts({"accuracy": columns}, None)


def simulate(
    world: World,
    shape: Shape,
    effects: Float[np.ndarray, "A"],
    generator: np.random.Generator,
) -> Simulated:
    """Draws a study, its languages too.

    Args:
      world: the deviations.
      shape: the sizes.
      effects: of each intermediate, latent.
      generator: of random numbers.
    """
    arms, seeds = shape.intermediates + 1, shape.seeds
    languages, examples = shape.languages, shape.examples
    latent = np.concatenate([[0.0], effects])

    def normal(*sizes: int) -> np.ndarray:
        return generator.standard_normal(sizes, dtype=np.float32)

    gains = world.gain * normal(arms, languages)
    gains[0] = 0.0
    levels = world.level + world.language * normal(languages)
    means = latent[:, None] + levels + gains
    run = means[:, None] + _seeds(world, arms, seeds, generator)
    run = run + world.cell * normal(arms, seeds, languages)
    kinds = 1 if world.translated else languages
    right = np.empty((arms, seeds, languages, examples), bool)
    hard = world.hard * (normal(kinds, examples) + normal(languages, examples))
    for arm in range(arms):
        taste = hard + world.taste * normal(languages, examples)
        rest = np.float32(np.hypot(world.rest, 1.0))
        noise = rest * normal(seeds, languages, examples)
        right[arm] = run[arm, :, :, None].astype(np.float32) + taste + noise > 0
    return Simulated(
        _rows(right),
        right,
        _accuracy(world, means[1:], False) - _accuracy(world, means[0], True),
        _accuracy(
            world,
            latent[1:] + world.level,
            False,
            float(np.hypot(world.language, world.gain)),
        )
        - _accuracy(world, np.array(world.level), True, world.language),
    )


def _seeds(
    world: World, arms: int, seeds: int, generator: np.random.Generator
) -> Float[np.ndarray, "A S 1"]:
    if world.skewed:
        drawn = 1 - generator.exponential(size=(arms, seeds))
    else:
        drawn = generator.standard_normal((arms, seeds))
    drawn[0] *= world.direct
    return world.seed * drawn[..., None]


def _rows(right: Bool[np.ndarray, "A S L N"]) -> tuple[Row, ...]:
    values = 100 * right.mean(axis=-1)
    return tuple(
        {
            "study": "simulated",
            "model": "model",
            "intermediate": f"intermediate {at[0]}" if at[0] else DIRECT,
            "target": "target",
            "language": f"language {at[2]}",
            "metric": "accuracy",
            "value": float(value),
            "seed": at[1],
            "selection": "english_dev",
            "phase": f"{at[0]}-{at[1]}",
            "at": at,
        }
        for at, value in np.ndenumerate(values)
    )


def _accuracy(
    world: World, means: np.ndarray, is_direct: bool, more: float = 0.0
) -> np.ndarray:
    """Returns the accuracy in percent over all runs and examples.

    Args:
      world: the deviations.
      means: latent.
      is_direct: whether the arm is direct transfer.
      more: the deviation of what else is drawn.
    """
    seed = world.seed * (world.direct if is_direct else 1.0)
    normal = (more, world.cell, world.taste, world.rest, 1.0)
    variance = np.square(normal).sum() + 2 * world.hard**2
    if not world.skewed:
        return 100 * special.ndtr(means / np.sqrt(variance + seed**2))
    # The seeds' exponential tail, integrated after Gauss and Laguerre.
    nodes, weights = np.polynomial.laguerre.laggauss(40)
    shifted = np.asarray(means)[..., None] + seed * (1 - nodes)
    return 100 * special.ndtr(shifted / np.sqrt(variance)) @ weights


# Those that coverage is measured in, from calm to wild.
WORLDS = (
    World("steady", seed=0.03),
    World("usual", seed=0.08),
    World("apart", seed=0.08, translated=False),
    World("unsteady", seed=0.2, skewed=True, direct=2.0),
)
