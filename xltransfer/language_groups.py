"""A task's numbers by language, taken together: families, scripts, the gap.

And what two languages have in common, of what `tasks.languages` knows. English,
which zero-shot models are trained in, is left out of all means; so are languages
that `tasks.languages` does not know. No mean is weighted.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tasks.languages import ALL_LANGUAGES, Language

ENGLISH = "en"
# No family of its own: Basque and Korean are not related.
_ISOLATE = "isolate"
# Whether a model family was pretrained on a language.
_SEEN: dict[str, Callable[[Language], bool]] = {
    "xlmr": lambda one: one.seen_by_xlmr,
    "mt5": lambda one: one.seen_by_mt5,
}


@dataclasses.dataclass(frozen=True)
class LanguageGroups:
    """Means over groups of a task's languages, English aside.

    Attributes:
      families: by name of the family.
      scripts: by ISO 15924 code.
      transfer_gap: English minus the mean of the others; None without either.
      seen: the mean over languages that the published model was pretrained on.
      unseen: each language that it was not, by itself.
    """

    families: dict[str, float]
    scripts: dict[str, float]
    transfer_gap: float | None
    seen: float | None
    unseen: dict[str, float]

    def record(self) -> dict[str, Any]:
        """Returns all values for a JSON file."""
        return dataclasses.asdict(self)


def groups(scores: Mapping[str, float], family: str) -> LanguageGroups:
    """Returns the means over groups of languages.

    Args:
      scores: one number a language, by its code.
      family: whose published pretraining counts: `xlmr` or `mt5`.
    """
    others = {code: x for code, x in scores.items() if code != ENGLISH}
    known = {code: x for code, x in others.items() if code in ALL_LANGUAGES}
    seen = {code for code in known if _SEEN[family](ALL_LANGUAGES[code])}
    gap = None
    if ENGLISH in scores and others:
        gap = scores[ENGLISH] - _mean(list(others.values()))
    return LanguageGroups(
        _means(known, lambda code: ALL_LANGUAGES[code].family),
        _means(known, lambda code: ALL_LANGUAGES[code].script),
        gap,
        _mean([known[code] for code in known if code in seen])
        if seen
        else None,
        {code: x for code, x in known.items() if code not in seen},
    )


@dataclasses.dataclass(frozen=True)
class Kinship:
    """What an evaluated language shares with those of an intermediate.

    Each is 1 if it holds for one of them, else 0.

    Attributes:
      language: it is one of them.
      family: of the same top-level family; an isolate only with itself.
      script: written in the same script (ISO 15924).
    """

    language: float
    family: float
    script: float

    @property
    def distance(self) -> float:
        """0 for the same language to 1 where nothing is shared.

        The share of the three that differ: of what lang2vec has, what
        `tasks.languages` can tell. Geography and syntax are no part of it.
        """
        return 1 - (self.language + self.family + self.script) / 3


def kinship(code: str, others: Collection[str]) -> Kinship | None:
    """Returns what a language shares; None if one is not known, or mixed.

    Args:
      code: of the evaluated language.
      others: of the languages that an intermediate phase trained on.
    """
    if not others or not {code, *others} <= ALL_LANGUAGES.keys():
        return None
    own, known = ALL_LANGUAGES[code], [ALL_LANGUAGES[one] for one in others]
    related = [
        one.code == code or one.family == own.family != _ISOLATE
        for one in known
    ]
    return Kinship(
        float(code in others),
        float(any(related)),
        float(any(one.script == own.script for one in known)),
    )


def _means(
    scores: Mapping[str, float], group: Callable[[str], str]
) -> dict[str, float]:
    members: dict[str, list[float]] = {}
    for code, value in scores.items():
        members.setdefault(group(code), []).append(value)
    return {name: _mean(members[name]) for name in sorted(members)}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
