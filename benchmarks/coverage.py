"""What 95 % intervals cover, and how often nothing is taken for something.

    python benchmarks/coverage.py [--studies 1000] [--part …] [--json FILE]

Studies with a known effect are simulated (`xltransfer.statistics.simulation`
has the model and its deviations) and concluded by `statistics.conclude`, as a
real one is. Parts:

coverage          one intermediate, whose effect is about 2 points, 6 languages
                  of 400 examples: how often the interval holds the true delta
                  of a language, of the mean over these languages, and of the
                  mean over languages drawn anew
others            the same, by what might be taken instead
false_positives   nine intermediates without any effect: how often at least one
                  is taken for one after Holm's correction

A figure of 1,000 studies has a standard error of 0.7 points at 95 %.
`xltransfer/statistics/coverage.json`, which is printed beside intervals, is
written by this with `--json`; parts are added to what the file has.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import special

from xltransfer.statistics.concluding import conclude
from xltransfer.statistics.conclusions import Conclusions
from xltransfer.statistics.coverage import (
    ALONE,
    DRAWN_MEAN,
    LANGUAGE,
    MEAN,
    Measured,
)
from xltransfer.statistics.pairs import BOOTSTRAP, CROSSED, DRAWN, FIXED, Method
from xltransfer.statistics.randomisation import holm, sign_flip
from xltransfer.statistics.simulation import (
    DIRECT,
    WORLDS,
    Shape,
    Simulated,
    World,
    simulate,
)

# Latent; about 2 points.
EFFECT = 0.13
SEEDS = (1, 2, 3, 4, 5, 10)
OTHER_SEEDS = (1, 2, 3, 5, 10)
NULL_SEEDS = (3, 5)
INTERMEDIATES = 9
FLIPS, JOINT = "sign flips of seeds", "sign flips of seeds' examples"
Hits = dict[str, list[bool]]


def main() -> None:
    arguments = _arguments()
    table = {
        "command": "python benchmarks/coverage.py --json FILE",
        "studies": 0,
    }
    if arguments.json and arguments.json.exists():
        table = json.loads(arguments.json.read_text())
    table["studies"] = arguments.studies
    table["worlds"] = [dataclasses.asdict(world) for world in WORLDS]
    for part in arguments.part or PARTS:
        start = time.monotonic()
        PARTS[part](table, arguments.studies)
        print(f"{part}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        if arguments.json:
            arguments.json.write_text(json.dumps(table, indent=1) + "\n")
    print(markdown(table))


def coverage(
    world: World, seeds: int, studies: int, method: str = CROSSED
) -> list[Measured]:
    """Measures a method in one world, at one number of seeds.

    Args:
      world: the deviations.
      seeds: of each study.
      studies: how many are simulated.
      method: a name in `pairs.Method.intervals`, or `ALONE`.
    """
    hits: Hits = defaultdict(list)
    generator = np.random.default_rng([seeds, WORLDS.index(world)])
    for _ in range(studies):
        study = simulate(world, Shape(1, seeds), np.array([EFFECT]), generator)
        for languages in (FIXED, DRAWN) if method == CROSSED else (FIXED,):
            made = _concluded(study, method, languages)
            _count(study, made, languages, hits)
    return [
        Measured(method, claim, world.name, seeds, 100 * float(np.mean(found)))
        for claim, found in hits.items()
    ]


def false_positives(world: World, seeds: int, studies: int) -> dict[str, float]:
    """Returns how many studies in percent find something, by family and test.

    There is no effect in any language, and all arms' seeds are alike.
    """
    null = dataclasses.replace(world, gain=0.0, direct=1.0)
    shape = Shape(INTERMEDIATES, seeds)
    generator = np.random.default_rng([seeds, WORLDS.index(world), 1])
    wrong: Hits = defaultdict(list)
    for _ in range(studies):
        study = simulate(null, shape, np.zeros(INTERMEDIATES), generator)
        for name, p in _tests(study).items():
            wrong[name].append(bool((p <= 0.05).any()))
    return {name: 100 * float(np.mean(found)) for name, found in wrong.items()}


def markdown(table: dict) -> str:
    """Returns all figures as Markdown tables."""
    tables = []
    found = [Measured(**one) for one in table.get("coverage", ())]
    for method in dict.fromkeys(one.method for one in found):
        kept = [one for one in found if one.method == method]
        figures = {
            (claim, one.world, one.seeds): one.coverage
            for claim in dict.fromkeys(one.claim for one in kept)
            for one in kept
            if one.claim == claim
        }
        tables.append(_table(f"{method}: % covered", figures))
    wrong = {
        (one["test"], one["world"], one["seeds"]): one["share"]
        for one in table.get("false_positives", ())
    }
    if wrong:
        tables.append(_table("% of studies that err", wrong))
    return "\n\n".join(tables)


def _table(title: str, figures: dict[tuple[str, str, int], float]) -> str:
    """Returns a row for each claim or test and world, a column for seeds."""
    seeds = sorted({number for _, _, number in figures})
    heads = [title, *(f"{one} seed{'s' * (one != 1)}" for one in seeds)]
    lines = [_line(heads), "|---|" + "---:|" * len(seeds)]
    for name, world in dict.fromkeys(key[:2] for key in figures):
        cells = (figures.get((name, world, number)) for number in seeds)
        shown = ("" if one is None else f"{one:.1f}" for one in cells)
        lines.append(_line([f"{name} · {world}", *shown]))
    return "\n".join(lines)


def _coverage_part(table: dict, studies: int) -> None:
    made = _measured([CROSSED], WORLDS, SEEDS, studies)
    _replace(table, [CROSSED], made)


def _others_part(table: dict, studies: int) -> None:
    usual = [world for world in WORLDS if world.name == "usual"]
    made = [
        *_measured([ALONE], WORLDS, SEEDS[1:], studies),
        *_measured([BOOTSTRAP], usual, OTHER_SEEDS, studies),
    ]
    _replace(table, [ALONE, BOOTSTRAP], made)


def _false_positives_part(table: dict, studies: int) -> None:
    table["false_positives"] = [
        {"test": name, "world": world.name, "seeds": seeds, "share": share}
        for world in WORLDS
        for seeds in NULL_SEEDS
        for name, share in false_positives(world, seeds, studies).items()
    ]


PARTS: dict[str, Callable[[dict, int], None]] = {
    "coverage": _coverage_part,
    "others": _others_part,
    "false_positives": _false_positives_part,
}


def _measured(
    methods: Sequence[str],
    among: Sequence[World],
    seeds: Sequence[int],
    studies: int,
) -> Iterator[dict]:
    for method in methods:
        for number in seeds:
            for world in among:
                for one in coverage(world, number, studies, method):
                    yield dataclasses.asdict(one)


def _replace(table: dict, methods: Sequence[str], made: Sequence[dict]) -> None:
    kept = [
        one for one in table.get("coverage", ()) if one["method"] not in methods
    ]
    table["coverage"] = [*kept, *made]


def _concluded(study: Simulated, method: str, languages: str) -> Conclusions:
    examples = (lambda row: None) if method == ALONE else study.examples
    intervals = CROSSED if method == ALONE else method
    # Percentiles of a coverage need fewer drawings than one interval does.
    asked = Method(intervals, languages, redrawn=500)
    return conclude(study.rows, examples, (), direct=DIRECT, method=asked)


def _count(
    study: Simulated, made: Conclusions, languages: str, hits: Hits
) -> None:
    """Adds whether each interval holds the truth."""
    for one in made.comparisons:
        if one.is_mean and languages == DRAWN:
            claim, truth = DRAWN_MEAN, study.mean_truth[0]
        elif one.is_mean:
            claim, truth = MEAN, study.truth[0].mean()
        elif languages == FIXED:
            number = int(one.language.removeprefix("language "))
            claim, truth = LANGUAGE, study.truth[0, number]
        else:
            continue
        low, high = one.interval or (np.inf, -np.inf)
        hits[claim].append(bool(low <= truth <= high))


def _tests(study: Simulated) -> dict[str, np.ndarray]:
    """Returns corrected p of each family, by name."""
    made = conclude(study.rows, study.examples, (), direct=DIRECT)
    scored = 100 * study.right.astype(np.float32)
    deltas = (scored[1:] - scored[:1]).mean(axis=2, dtype=np.float64)
    return {
        f"{CROSSED}, means": _corrected(made, is_mean=True),
        f"{CROSSED}, single languages": _corrected(made, is_mean=False),
        f"{FLIPS}, means": holm(sign_flip(deltas.mean(axis=2))),
        f"{JOINT}, means": holm(_joint_flips(deltas)),
    }


def _corrected(made: Conclusions, is_mean: bool) -> np.ndarray:
    return np.array(
        [one.p_holm for one in made.comparisons if one.is_mean == is_mean]
    )


def _joint_flips(deltas: np.ndarray) -> np.ndarray:
    """Returns p of flipping the sign of each example of each seed by itself.

    Of 400 signs and more the sum is normal.
    """
    flat = deltas.reshape(len(deltas), -1)
    z = np.abs(flat.sum(axis=1)) / np.sqrt(np.square(flat).sum(axis=1))
    return 2 * special.ndtr(-z)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
