"""How datasets are taken together: recipes and the rates that follow.

A recipe names its parts, datasets or other recipes, and says by which rule they
are mixed; a mixture is what comes of it: datasets with their rates. A part that
is a recipe counts as one, with as many examples as its datasets have, and its
rate is shared out among them by its own rule.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tasks import sampled
from tasks.row import Dataset
from xltransfer.errors import InputError, nearest


@dataclass(frozen=True)
class Mixture:
    """Datasets by name, each with its rate; rates need not sum to one."""

    name: str
    components: tuple[tuple[str, float], ...]


class Rule(Protocol):
    """Decides how often each part is drawn."""

    def rates(self, names: tuple[str, ...], size: Callable) -> list[float]:
        """Returns a rate for each part; `size(name)` counts its examples."""


@dataclass(frozen=True)
class BySize:
    """Rates by number of training examples: `seqio.mixing_rate_num_examples`.

    The number is multiplied by `scale`, is `maximum` at most, and its
    `temperature`-th root is taken. As they stand: proportional to size.
    """

    maximum: float | None = None
    scale: float = 1.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        for name in ("maximum", "scale", "temperature"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise InputError(
                    f"The {name} of a mixture is {value}; it must be a number "
                    "above 0."
                )

    def rates(
        self, names: tuple[str, ...], size: Callable[[str], int]
    ) -> list[float]:
        found = [float(size(name)) * self.scale for name in names]
        if self.maximum is not None:
            found = [min(one, self.maximum) for one in found]
        if self.temperature == 1.0:
            return found
        return [one ** (1.0 / self.temperature) for one in found]


@dataclass(frozen=True)
class Fixed:
    """Rates as they are given, in the order of the parts."""

    given: tuple[float, ...]

    def rates(self, names: tuple[str, ...], size: Callable) -> list[float]:
        return list(self.given)


@dataclass(frozen=True)
class Equal:
    """The rate 1 for each: what is only evaluated has no other."""

    def rates(self, names: tuple[str, ...], size: Callable) -> list[float]:
        return [1.0] * len(names)


@dataclass(frozen=True)
class Recipe:
    """Parts by name, and the rule by which they are mixed."""

    name: str
    parts: tuple[str, ...]
    rule: Rule = field(default_factory=BySize)

    def mixture(
        self,
        datasets: Mapping[str, Dataset],
        recipes: "Mapping[str, Recipe | Mixture]",
    ) -> Mixture:
        """Returns the datasets and their rates.

        Raises:
          InputError: for a part that there is not, a number of examples that
            the rule needs and no row states, and a recipe inside itself.
        """
        return _Kitchen(datasets, recipes).mixture(self)


@dataclass(frozen=True)
class _Kitchen:
    """Where recipes find their parts; `making` are those being made."""

    datasets: Mapping[str, Dataset]
    recipes: Mapping[str, Recipe | Mixture]
    making: tuple[str, ...] = ()

    def mixture(self, recipe: Recipe | Mixture) -> Mixture:
        if isinstance(recipe, Mixture):
            return recipe
        if recipe.name in self.making:
            raise InputError(f"The mixture {recipe.name!r} is part of itself.")
        inside = _Kitchen(
            self.datasets, self.recipes, (*self.making, recipe.name)
        )
        parts = [inside.part(name, recipe.name) for name in recipe.parts]
        sizes = dict(zip(recipe.parts, parts, strict=True))
        rates = recipe.rule.rates(
            recipe.parts,
            lambda name: inside.size(sizes[name], recipe.name),
        )
        # A dataset of two parts is drawn for both.
        total: dict[str, float] = {}
        for part, rate in zip(parts, rates, strict=True):
            whole = sum(share for _, share in part.components)
            for name, share in part.components:
                total[name] = total.get(name, 0.0) + rate * (share / whole)
        return Mixture(recipe.name, tuple(total.items()))

    def part(self, written: str, recipe: str) -> Mixture:
        name, count = sampled.parted(written)
        if name in self.datasets:
            return Mixture(written, ((written, 1.0),))
        if name not in self.recipes:
            names = [*self.recipes, *self.datasets]
            raise InputError(
                f"The mixture {recipe!r} names {name!r}, and there is no such "
                f"dataset or mixture.{nearest(name, names)}"
            )
        whole = self.mixture(self.recipes[name])
        return whole if count is None else limited(whole, count)

    def size(self, part: Mixture, recipe: str) -> int:
        sizes = [self._examples(name) for name, _ in part.components]
        if None in sizes:
            name = part.components[sizes.index(None)][0]
            raise InputError(
                f"The mixture {recipe!r} goes by number of examples, and none "
                f"is stated for {name}. Give fixed rates: `{name} * 1`."
            )
        return sum(sizes)

    def _examples(self, written: str) -> int | None:
        name, count = sampled.parted(written)
        return count or self.datasets[name].split(sampled.TRAIN).size


_CUT = re.compile(r"\((.*)\)\[:(\d+)\]")


def cut(written: str, count: int) -> str:
    """Returns how so many examples of a dataset, mixture or recipe are written.

    In the place of what number there is already.
    """
    if is_expression(written):
        recipe, _ = cut_expression(written)
        return sampled.written(f"({recipe})", count)
    return sampled.written(sampled.parted(written)[0], count)


def cut_expression(written: str) -> tuple[str, int | None]:
    """Returns recipe and number of `(recipe)[:number]`, or None without one."""
    whole = _CUT.fullmatch(written.strip())
    return (whole[1], int(whole[2])) if whole else (written, None)


def limited(mixture: Mixture, count: int) -> Mixture:
    """Returns a mixture of so many examples, shared out by its rates.

    Each dataset gets its share, rounded so that they add up. That it has so
    many is checked where its row is taken (`sampled.sampled`).

    Raises:
      InputError: where that leaves a dataset without any.
    """
    whole = math.fsum(rate for _, rate in mixture.components)
    shares = [count * rate / whole for _, rate in mixture.components]
    counts = [int(share) for share in shares]
    order = sorted(
        range(len(shares)), key=lambda one: counts[one] - shares[one]
    )
    for one in order[: count - sum(counts)]:
        counts[one] += 1
    if 0 in counts:
        name = mixture.components[counts.index(0)][0]
        raise InputError(
            f"{sampled.written(mixture.name, count)} has no example of {name}."
        )
    parts = [
        (sampled.written(sampled.parted(name)[0], one), rate)
        for (name, rate), one in zip(mixture.components, counts, strict=True)
    ]
    return Mixture(sampled.written(mixture.name, count), tuple(parts))


_NAME = r"[A-Za-z_][\w.]*(?:\[\s*:\s*\d+\s*\])?"
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_TERM = re.compile(rf"\s*({_NAME})\s*(?:\*\s*({_NUMBER})\s*)?")
_OPTION = re.compile(rf"\s*({_NAME})\s*=\s*({_NUMBER})\s*")
_WHOLE = re.compile(r"([^()]*)(?:\(([^()]*)\)\s*)?")
_OPTIONS = ("maximum", "scale", "temperature")


def is_expression(text: str) -> bool:
    """Tells whether a name is a recipe written out; see `parse`."""
    return bool(set(text) & set("+*()="))


def parse(text: str) -> Recipe:
    """Reads a recipe written where a mixture's name is expected.

    `snli.en + ocnli.zh` goes by size, `snli.en + ocnli.zh (maximum=10000,
    temperature=2)` as `BySize` has it, `snli.en * 3 + ocnli.zh * 1` at fixed
    rates; `ocnli.zh[:1000]` stands for 1,000 of its examples. Raises InputError
    for anything else.
    """
    whole = _WHOLE.fullmatch(text.strip())
    if whole is None:
        raise _unread(text, text)
    terms = [_match(_TERM, one, text) for one in whole[1].split("+")]
    names = tuple(term[1] for term in terms)
    if len(set(names)) < len(names):
        raise InputError(f"The mixture {text!r} names a part twice.")
    given = [term[2] for term in terms if term[2]]
    options = _options(whole[2], text)
    # SeqIO's names are made of these.
    name = re.sub(r"\W+", "_", text.replace(".", "_")).strip("_")
    if not given:
        return Recipe(name, names, BySize(**options))
    if options or len(given) < len(terms):
        raise InputError(
            f"The mixture {text!r} gives some parts a rate: give one to each, "
            "and no options."
        )
    rates = tuple(map(float, given))
    if 0.0 in rates:
        raise InputError(f"The mixture {text!r} has a rate of 0.")
    return Recipe(name, names, Fixed(rates))


def _options(text: str | None, whole: str) -> dict[str, float]:
    if text is None:
        return {}
    found = {}
    for one in text.split(","):
        name, number = _match(_OPTION, one, whole).groups()
        if name not in _OPTIONS:
            raise InputError(
                f"The mixture {whole!r} has the option {name!r}; known are "
                f"{', '.join(_OPTIONS)}.{nearest(name, _OPTIONS)}"
            )
        found[name] = float(number)
    return found


def _match(pattern: re.Pattern, text: str, whole: str) -> re.Match:
    match = pattern.fullmatch(text)
    if match is None:
        raise _unread(text, whole)
    return match


def _unread(part: str, whole: str) -> InputError:
    return InputError(
        f"The mixture {whole!r} is not understood at {part.strip()!r}. Write "
        "`a + b`, `a + b (maximum=1000, temperature=2)` or `a * 3 + b * 1`."
    )
