"""Which checkpoint of a run is evaluated: rules, and the scores they go by.

| rule | takes the checkpoint that is |
|---|---|
| `english_dev` | best on the dev set of the training data's language |
| `dev` | best on the dev sets of the training tasks |
| `target_dev` | best on the dev sets of the languages that are evaluated |
| `last` | the last one |
| `oracle` | best on the test sets that are reported |

Of equal scores the earliest counts. One run serves all rules: what is measured
on the way changes neither its parameters nor its identity. Only `patience`
goes by a score, always that of the phase's own rule.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xltransfer import fingerprint
from xltransfer.components import Component
from xltransfer.specification import Phase

LAST = "last"
ENGLISH_DEV = "english_dev"
TARGET_DEV = "target_dev"
ORACLE = "oracle"
# What a target may ask for.
RULES = (ENGLISH_DEV, TARGET_DEV, LAST, ORACLE)
# Why a number under a rule is no zero-shot number.
NOT_ZERO_SHOT = {
    TARGET_DEV: "chosen on dev sets of the target languages",
    ORACLE: "chosen on the test sets",
}


@dataclasses.dataclass(frozen=True)
class Rule:
    """What chooses a checkpoint.

    Attributes:
      name: as in the table above.
      parts: the splits whose mean score is the highest; none for `last`.
    """

    name: str
    parts: tuple[Component, ...] = ()

    def key(self, phase: Phase, data_dir: Path | None) -> str:
        """Returns the name, with a digest of what the scores are taken on.

        Two studies that share a phase may call the best on different sets
        `oracle`, and files may come to the data directory later.
        """
        if not self.parts:
            return self.name
        requests = [phase.request(part).key(data_dir) for part in self.parts]
        digest = fingerprint.digest(fingerprint.canonical(requests))
        return f"{self.name}-{digest[:8]}"


def own(phase: Phase) -> Rule:
    """Returns the rule by which the phase's children start from it."""
    name = phase.training.selection
    return Rule(name, () if name == LAST else phase.validation)


def measured(phase: Phase) -> Rule | None:
    """Returns the rule whose score the phase goes by, if it has dev data.

    Also where the last checkpoint is taken: patience needs a score.
    """
    if not phase.validation or not phase.training.evaluate_every:
        return None
    name = phase.training.selection
    return Rule(ENGLISH_DEV if name == LAST else name, phase.validation)


@dataclasses.dataclass(frozen=True)
class Ballot:
    """The rules of one run, by key, the phase's own measure first.

    Attributes:
      rules: every rule that chooses at the end of the run.
      judge: the key of the rule whose score patience goes by, if there is one.
    """

    rules: Mapping[str, Rule]
    judge: str | None

    @property
    def scored(self) -> dict[str, Rule]:
        """The rules that need a score."""
        return {key: one for key, one in self.rules.items() if one.parts}

    def start(self) -> dict[str, Any]:
        """Returns the position of a run that has not begun."""
        return {"best": dict.fromkeys(self.scored), "worse": 0}

    def count(
        self,
        position: Mapping[str, Any],
        step: int,
        scores: Mapping[str, float],
    ) -> dict[str, Any]:
        """Returns the position after the scores of a step."""
        best, gained = dict(position["best"]), set()
        for key, score in scores.items():
            if best[key] is None or score > best[key]["score"]:
                best[key] = {"score": score, "step": step}
                gained.add(key)
        is_better = self.judge is None or self.judge in gained
        worse = 0 if is_better else position["worse"] + 1
        return {**position, "best": best, "worse": worse}

    def chosen(
        self, position: Mapping[str, Any], steps: int
    ) -> dict[str, dict[str, Any]]:
        """Returns rule, step and score, by key, at the end of a run."""
        last = {"score": None, "step": steps}
        return {
            key: {"rule": one.name, **(position["best"].get(key) or last)}
            for key, one in self.rules.items()
        }


def ballot(
    phase: Phase, rules: Iterable[Rule], data_dir: Path | None
) -> Ballot:
    """Returns the rules that are asked for and the phase's own."""
    judge = measured(phase)
    every = [*([judge] if judge else []), own(phase), *rules]
    return Ballot(
        {one.key(phase, data_dir): one for one in every},
        judge and judge.key(phase, data_dir),
    )
