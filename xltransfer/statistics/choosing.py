"""The best intermediate of each target, chosen on dev, reported on test."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from xltransfer.statistics.conclusions import Best, Comparison
from xltransfer.statistics.pairs import pair
from xltransfer.statistics.tables import Arm, Table

# Dev score of the checkpoint that a rule chose, by phase and rule.
Dev = Mapping[tuple[str, str], float]


def best(
    table: Table,
    direct: str,
    controls: Sequence[str],
    dev: Dev,
    comparisons: Sequence[Comparison],
) -> Best | None:
    """Returns the choice; None where a run has no dev score, or is flagged.

    Args:
      table: of the metric that is reported.
      direct: the label of direct transfer, which may be chosen.
      controls: labels that may not.
      dev: scores in percent.
      comparisons: those of the table.
    """
    scores = _scores(table, controls, dev)
    if direct not in scores or len(scores) < 2:
        return None
    means = {label: float(one.mean()) for label, one in scores.items()}
    chosen = max(means, key=lambda label: means[label])
    key = table.key
    found = Best(
        target=key.target,
        chosen_by=key.selection,
        intermediate=chosen,
        dev_score=means[chosen],
        test_delta=None,
        interval=None,
        note=_note(table, direct, scores),
        model=key.model,
        method=key.method,
        metric=key.metric,
    )
    for one in comparisons:
        is_whole = one.is_mean or len(table.languages) == 1
        if one.intermediate == chosen and is_whole:
            return dataclasses.replace(
                found, test_delta=one.estimate, interval=one.interval
            )
    return found


def _scores(
    table: Table, controls: Sequence[str], dev: Dev
) -> dict[str, np.ndarray]:
    """Returns dev scores by seed of every arm that may be chosen."""

    def by_seed(arm: Arm) -> list[float | None]:
        return [
            dev.get((arm.phases.get(seed, ""), table.key.selection))
            for seed in table.seeds
        ]

    found = {
        label: by_seed(arm)
        for label, arm in table.arms.items()
        if label not in controls and not arm.flagged
    }
    return {
        label: np.array(scores)
        for label, scores in found.items()
        if None not in scores
    }


def _note(table: Table, direct: str, scores: Mapping[str, np.ndarray]) -> str:
    note = (
        f"chosen among {len(scores)} on dev; its dev score is biased upwards "
        "(winner's curse), its test delta only by the luck of seeds that dev "
        "and test share"
    )
    held_out = _held_out(table, direct, scores)
    if held_out is not None:
        note += f": chosen by the other seeds, a seed gains {held_out:+.1f}"
    return f"{note}."


def _held_out(
    table: Table, direct: str, scores: Mapping[str, np.ndarray]
) -> float | None:
    """Returns the mean test delta of a choice that its seed had no part in."""
    if len(table.seeds) < 2:
        return None
    gains = []
    for number in range(len(table.seeds)):
        means = {
            label: np.delete(one, number).mean()
            for label, one in scores.items()
        }
        chosen = max(means, key=lambda label: means[label])
        both = pair(table, table.arms[chosen], table.arms[direct])
        if both is None or not both.complete:
            return None
        gains.append(both.by_seed()[number])
    return float(np.mean(gains))
