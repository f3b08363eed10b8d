"""Results in long form -> arrays: a table of arms by seed and language.

An arm is an intermediate, direct transfer among them. Letters: S seeds,
L languages, N examples of a language.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from xltransfer.example_counts import Counts
from xltransfer.statistics.conclusions import Key, Row

# What each example of a row's evaluation adds, if that was kept.
Examples = Callable[[Row], Counts | None]


@dataclasses.dataclass(frozen=True)
class Arm:
    """The numbers of one intermediate.

    Attributes:
      label: its name.
      values: in percent; NaN where a run is missing.
      influence: by language, of each seed's examples on its value; None where
        examples were not kept.
      phases: by seed, the runs that the numbers are of.
      flagged: whether one of them is degenerate.
      examples: that the intermediate phase had, where that is known.
    """

    label: str
    values: Float[np.ndarray, "S L"]
    influence: tuple[Float[np.ndarray, "S N"] | None, ...]
    phases: Mapping[int, str]
    flagged: bool
    examples: int | None


@dataclasses.dataclass(frozen=True)
class Table:
    """All arms of one target, metric and rule.

    Attributes:
      key: what it is of.
      languages: codes.
      seeds: all that any arm has.
      arms: by label.
      clusters: by language, which of the table's clusters each example is in.
        What has the same id, or the same place in files that are all equally
        long, is one: benchmarks translate their examples.
    """

    key: Key
    languages: tuple[str, ...]
    seeds: tuple[int, ...]
    arms: Mapping[str, Arm]
    clusters: tuple[Int[np.ndarray, "N"] | None, ...]


def tables(
    rows: Sequence[Row], examples: Examples, flags: Collection[str]
) -> Iterator[Table]:
    """Yields the tables of long-form results, one at a time: they are large.

    Args:
      rows: with `results.COLUMNS`; `method` and `intermediate_examples` may
        be absent.
      examples: gives what is known of a row's examples.
      flags: the phases that are degenerate.
    """
    # By all but the metric first: its metrics are of the same examples.
    groups: dict[Key, dict[Key, list[Row]]] = {}
    for row in rows:
        key = Key.of(row)
        group = groups.setdefault(dataclasses.replace(key, metric=""), {})
        group.setdefault(key, []).append(row)
    for metrics in groups.values():
        kept = _Kept(examples)
        for key, found in metrics.items():
            yield _table(key, found, kept, flags)


class _Kept:
    """Examples, read once for all metrics of a target."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        self._found: dict[tuple, Counts | None] = {}

    def __call__(self, row: Row) -> Counts | None:
        key = row["intermediate"], row["seed"], row["language"]
        if key not in self._found:
            self._found[key] = self._examples(row)
        return self._found[key]


def _table(
    key: Key, rows: Sequence[Row], examples: Examples, flags: Collection[str]
) -> Table:
    languages = tuple(dict.fromkeys(row["language"] for row in rows))
    seeds = tuple(sorted({row["seed"] for row in rows}))
    by_arm: dict[str, dict[tuple[int, str], Row]] = {}
    for row in rows:
        arm = by_arm.setdefault(row["intermediate"], {})
        arm[row["seed"], row["language"]] = row
    counts = [
        _language_counts(by_arm, language, examples) for language in languages
    ]
    arms = {
        label: _arm(label, found, languages, seeds, counts, key.metric, flags)
        for label, found in by_arm.items()
    }
    return Table(key, languages, seeds, arms, _clusters(counts))


# Of one language, by arm and seed.
_Counts = Mapping[tuple[str, int], Counts]


def _language_counts(
    by_arm: Mapping[str, Mapping[tuple[int, str], Row]],
    language: str,
    examples: Examples,
) -> _Counts:
    """Returns all counts of a language; none if they are not all of one set."""
    rows = {
        (label, seed): row
        for label, found in by_arm.items()
        for (seed, code), row in found.items()
        if code == language
    }
    counts = {key: examples(row) for key, row in rows.items()}
    sizes = {one and one.size for one in counts.values()}
    digests = {row.get("data_digest") for row in rows.values()}
    if None in sizes or len(sizes) > 1 or len(digests) > 1 or min(sizes) < 2:
        return {}
    return counts


def _arm(
    label: str,
    rows: Mapping[tuple[int, str], Row],
    languages: Sequence[str],
    seeds: Sequence[int],
    counts: Sequence[_Counts],
    metric: str,
    flags: Collection[str],
) -> Arm:
    values = np.full((len(seeds), len(languages)), np.nan)
    for (seed, language), row in rows.items():
        at = seeds.index(seed), languages.index(language)
        values[at] = row["value"]
    phases = {seed: row["phase"] for (seed, _), row in rows.items()}
    sizes = {row.get("intermediate_examples") for row in rows.values()}
    return Arm(
        label,
        values,
        tuple(_influence(one, label, seeds, metric) for one in counts),
        phases,
        any(phase in flags for phase in phases.values()),
        sizes.pop() if len(sizes) == 1 else None,
    )


def _influence(
    counts: _Counts, label: str, seeds: Sequence[int], metric: str
) -> Float[np.ndarray, "S N"] | None:
    """Returns the examples' influence; NaN for a seed that is missing."""
    if not counts:
        return None
    size = next(iter(counts.values())).size
    found = np.full((len(seeds), size), np.nan)
    for number, seed in enumerate(seeds):
        one = counts.get((label, seed))
        if one is None:
            continue
        influence = one.influence(metric)
        if influence is None:
            return None
        found[number] = influence
    return found


def _clusters(
    counts: Sequence[_Counts],
) -> tuple[Int[np.ndarray, "N"] | None, ...]:
    known = [next(iter(one.values())) for one in counts if one]
    sizes = [one.size for one in known]
    if all(one.ids is not None for one in known) and known:
        ids = np.concatenate([one.ids for one in known])
        _, flat = np.unique(ids, return_inverse=True)
    elif len(set(sizes)) == 1:
        flat = np.tile(np.arange(sizes[0]), len(sizes))
    else:
        flat = np.arange(sum(sizes))
    parts = iter(np.split(flat, np.cumsum(sizes)[:-1]))
    return tuple(next(parts) if one else None for one in counts)
