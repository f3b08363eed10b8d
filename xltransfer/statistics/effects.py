"""What the deltas of a table go along with: kinship, family, script.

Two questions, each with a regression as simple as it can be.

*Does it matter how close an intermediate is to the evaluated language?* For
intermediate a and language b,

    delta_ab = intermediate_a + language_b + slope * property_ab + rest_ab

by least squares. How good an intermediate is at large, and how much a language
gains from any (the baseline with it), are taken out by terms of their own.
Errors are clustered by intermediate, which its seeds' luck goes with, and by
language (Cameron, Gelbach and Miller 2011), and t has one degree less than
there are clusters in the smaller way.

*Do languages of a family or a script gain more than others?* The difference of
two means over languages, each language's delta averaged over intermediates
first; Welch's t over languages.

Letters: A intermediates, L languages.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from tasks.languages import ALL_LANGUAGES
from xltransfer.language_groups import Kinship, kinship
from xltransfer.statistics.comparing import Known, is_matched
from xltransfer.statistics.conclusions import Effect, Interval
from xltransfer.statistics.crossed import LEVEL
from xltransfer.statistics.tables import Table

# Fewer clusters than these say nothing of how clusters differ.
FEWEST_CLUSTERS = 5
FEWEST_LANGUAGES = 3
_PROPERTIES: dict[str, Callable[[Kinship], float]] = {
    "distance": lambda one: one.distance,
    "same language": lambda one: one.language,
    "same family": lambda one: one.family,
    "same script": lambda one: one.script,
}
_ALONE = "what else goes along with that is part of it"


def effects(
    table: Table, direct: str, controls: Sequence[str], known: Known
) -> list[Effect]:
    """Returns the effects in a table, size-matched intermediates apart.

    A table with fewer than three languages, or two intermediates whose
    languages are known, has none. Flagged arms are left out.
    """
    if direct not in table.arms or table.arms[direct].flagged:
        return []
    found = []
    arms = [
        arm
        for label, arm in table.arms.items()
        if label not in (direct, *controls) and not arm.flagged
    ]
    for matched in (True, False):
        labels = [
            arm.label
            for arm in arms
            if is_matched(table, arm, known) == matched
        ]
        found += _of(table, labels, direct, known, matched)
    return found


def slope(
    deltas: Float[np.ndarray, "A L"], values: Float[np.ndarray, "A L"]
) -> tuple[float, Interval | None] | None:
    """Returns the change of delta with a property, and its interval.

    The interval is None with fewer than five intermediates or languages; all
    is None where the property is a sum of terms for both, as one that does not
    change is.
    """
    x, y = _within(values), _within(deltas)
    scale = float(np.square(x).sum())
    if scale < 1e-9 * values.size:
        return None
    coefficient = float((x * y).sum() / scale)
    if min(deltas.shape) < FEWEST_CLUSTERS:
        return coefficient, None
    scores = x * (y - coefficient * x) / scale
    by_arm, by_language = (
        _clustered(scores.sum(axis=1)),
        _clustered(scores.sum(axis=0)),
    )
    # The difference may be negative, and is too small with few clusters.
    both = by_arm + by_language - _clustered(scores.ravel())
    variance = max(both, by_arm, by_language)
    freedom = min(deltas.shape) - 1
    return coefficient, _interval(coefficient, variance, freedom)


def contrast(
    gains: Float[np.ndarray, "L"], members: Bool[np.ndarray, "L"]
) -> tuple[float, Interval] | None:
    """Returns how much more some languages gain than the others.

    None with fewer than three on either side.
    """
    sides = gains[members], gains[~members]
    if min(map(len, sides)) < FEWEST_LANGUAGES:
        return None
    parts = [one.var(ddof=1) / len(one) for one in sides]
    noise = sum(
        part**2 / (len(one) - 1) for part, one in zip(parts, sides, strict=True)
    )
    difference = float(sides[0].mean() - sides[1].mean())
    if not noise:
        return None
    return difference, _interval(
        difference, sum(parts), sum(parts) ** 2 / noise
    )


def _of(
    table: Table,
    labels: Sequence[str],
    direct: str,
    known: Known,
    matched: bool,
) -> list[Effect]:
    labels, languages, kin = _known(table, labels, known)
    if len(labels) < 2 or len(languages) < FEWEST_LANGUAGES:
        return []
    columns = [table.languages.index(one) for one in languages]
    baseline = table.arms[direct].values[:, columns]
    by_seed = np.array(
        [table.arms[one].values[:, columns] - baseline for one in labels]
    )
    if np.isnan(by_seed).all(axis=1).any():
        return []
    deltas = np.nanmean(by_seed, axis=1)
    facts = dataclasses.asdict(table.key) | {
        "n": deltas.size,
        "matched": matched,
    }
    return [
        *_slopes(deltas, kin, facts),
        *_contrasts(deltas, languages, facts),
    ]


def _known(
    table: Table, labels: Sequence[str], known: Known
) -> tuple[list[str], list[str], dict[tuple[str, str], Kinship]]:
    """Returns arms and languages of which every pair's kinship is known."""
    kin = {
        (label, code): kinship(code, known[label].languages)
        for label in labels
        if label in known
        for code in table.languages
    }
    found = {key: one for key, one in kin.items() if one is not None}
    arms = [one for one in labels if any(key[0] == one for key in found)]
    languages = [
        code for code in table.languages if any(key[1] == code for key in found)
    ]
    return arms, languages, found


def _slopes(
    deltas: Float[np.ndarray, "A L"],
    kin: dict[tuple[str, str], Kinship],
    facts: dict,
) -> list[Effect]:
    found = []
    for name, value in _PROPERTIES.items():
        values = np.array([value(one) for one in kin.values()])
        made = slope(deltas, values.reshape(deltas.shape))
        if made is not None:
            note = (
                "points for 1 more, from pairs of intermediate and evaluated "
                f"language; {_ALONE}"
            )
            if made[1] is None:
                note += (
                    f"; no interval of fewer than {FEWEST_CLUSTERS} "
                    "intermediates or languages"
                )
            found.append(Effect(name, *made, note=f"{note}.", **facts))
    return found


def _contrasts(
    deltas: Float[np.ndarray, "A L"], languages: Sequence[str], facts: dict
) -> list[Effect]:
    found = []
    for kind in ("family", "script"):
        groups = [getattr(ALL_LANGUAGES[code], kind) for code in languages]
        for group in sorted(set(groups)):
            made = contrast(
                deltas.mean(axis=0), np.array([one == group for one in groups])
            )
            if made is not None:
                note = (
                    "points more than other evaluated languages gain, over "
                    f"all intermediates; {_ALONE}."
                )
                name = f"evaluated in {kind} {group}"
                found.append(Effect(name, *made, note=note, **facts))
    return found


def _within(values: Float[np.ndarray, "A L"]) -> Float[np.ndarray, "A L"]:
    """Takes out a term for each row and for each column."""
    rows = values - values.mean(axis=1, keepdims=True)
    return rows - rows.mean(axis=0, keepdims=True)


def _clustered(scores: Float[np.ndarray, "G"]) -> float:
    size = len(scores)
    return float(np.square(scores).sum() * size / (size - 1))


def _interval(centre: float, variance: float, freedom: float) -> Interval:
    half = float(special.stdtrit(freedom, (1 + LEVEL) / 2)) * variance**0.5
    return centre - half, centre + half
