"""What a phase is: its configuration, and the identity that follows from it."""

import dataclasses
import functools
import math
from pathlib import Path
from typing import Any

from tasks.vocabularies import Vocabulary
from xltransfer import fields, fingerprint, origins, renderings
from xltransfer.components import (
    Component,
    Group,
    group_names,
    is_embedded,
    problem_of,
)
from xltransfer.data import cache as caches
from xltransfer.data.cache import Request
from xltransfer.errors import InputError, nearest
from xltransfer.objectives import multitask
from xltransfer.optimizer import Optimizer
from xltransfer.reading import Lengths, Reading
from xltransfer.renderings import ModelConfig

FORMAT = 1
SELECTIONS = ("english_dev", "dev", "last")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """How a phase trains. Every field is part of its identity.

    Attributes:
      steps: updates, at most; 0: as many as `epochs` takes.
      batch_size: N, examples an update.
      lengths: longest example, in tokens, per sequence feature; for an
        encoder that finds spans also, at will, those of `question` and
        `stride` (see `tasks.problems.passage_windows`).
      optimizer: the update rule.
      epochs: passes over the training data, at most, counted by the sizes that
        the datasets' rows state. A study puts `steps` in its place.
      row_lengths: length of a packed row; by default that of an example, or
        more where that leaves clearly less padding.
      evaluate_every: updates between two evaluations on dev data; 0: none.
      patience: evaluations without gain after which to stop; 0: never.
      selection: which checkpoint is kept: `english_dev` (best on the English
        dev set), `dev` (best on the dev sets of the training tasks), `last`.
      dropout_rate: in place of the model's own rates: mT5 was pretrained
        without dropout and fine-tuned with it.
      trimmed_softmax: where the loss is a softmax over pieces (mT5, masked
        words), takes it over those that the phase's own data hold, and trains
        their rows alone. Smaller and faster, but other numbers.
    """

    steps: int = 0
    batch_size: int
    lengths: Lengths
    optimizer: Optimizer
    epochs: float | None = None
    row_lengths: Lengths | None = None
    evaluate_every: int = 0
    patience: int = 0
    selection: str = "last"
    dropout_rate: float | None = None
    trimmed_softmax: bool = False

    def __post_init__(self) -> None:
        fields.check(self)
        fields.check_least(
            self, steps=0, batch_size=1, evaluate_every=0, patience=0
        )
        if not self.steps and not self.epochs:
            raise InputError(
                "Training.steps is 0 and Training.epochs is unbound: how long "
                "is it to train?"
            )
        if self.epochs is not None and self.epochs <= 0:
            raise InputError(f"Training.epochs is {self.epochs}; more than 0.")
        for name in ("lengths", "row_lengths"):
            pairs = getattr(self, name)
            if pairs is not None:
                # In the order of a cache's sequences, however it was written.
                pairs = tuple(sorted(dict(pairs).items()))
                object.__setattr__(self, name, pairs)
        self._check_lengths()
        if self.selection not in SELECTIONS:
            raise InputError(
                f"Training.selection is {self.selection!r}; one of {SELECTIONS}"
            )
        if self.selection != "last" and not self.evaluate_every:
            raise InputError(
                f"Training.selection is {self.selection!r}, which needs "
                "Training.evaluate_every > 0."
            )

    def _check_lengths(self) -> None:
        longest = dict(self.lengths)
        for name, most in self.lengths:
            if most < 1:
                raise InputError(f"Training.lengths[{name!r}] is {most}.")
        for name, room in self.row_lengths or ():
            if name not in longest:
                raise InputError(
                    f"Training.row_lengths names {name!r}, Training.lengths "
                    f"does not.{nearest(name, longest)}"
                )
            if room < longest[name]:
                raise InputError(
                    f"Training.row_lengths[{name!r}] is {room}: an example of "
                    f"{longest[name]} tokens, which Training.lengths allows, "
                    "does not fit."
                )

    def limited(self, examples: int, share: float = 0.0) -> "Training":
        """Returns the training in updates alone.

        Args:
          examples: of one epoch.
          share: of the batches, that is of other data than these.
        """
        if self.epochs is None:
            return self
        batches = self.epochs * examples / self.batch_size
        steps = max(1, math.ceil(batches / (1 - share)))
        if self.steps:
            steps = min(steps, self.steps)
        return dataclasses.replace(self, steps=steps, epochs=None)

    def apply_dropout(self, model: ModelConfig) -> ModelConfig:
        """Returns the model with this phase's dropout rates."""
        if self.dropout_rate is None:
            return model
        names = {field.name for field in dataclasses.fields(model)}
        rates = names & {"dropout_rate", "attention_dropout_rate"}
        return dataclasses.replace(
            model, **dict.fromkeys(rates, self.dropout_rate)
        )


@dataclasses.dataclass(frozen=True)
class Phase:
    """One training run: parameters + data + hyperparameters + seed.

    Attributes:
      kind: `pretrain`, `intermediate` or `target`.
      model: family and size.
      vocabulary: whose pieces it reads.
      components: what it trains on.
      validation: dev splits by which its checkpoint is chosen.
      training: how.
      seed: decides new parameters, order, masks and dropout.
      parent: the phase whose parameters it starts from.
      init: where they come from without a parent, as `origins` has it:
        `scratch`, `hf:`, `t5x:` or `xl:` and a place.
      candidates: phases that differ in their training alone. Then this phase
        trains nothing: it is the best of them on its dev data.
    """

    kind: str
    model: ModelConfig
    vocabulary: Vocabulary
    components: tuple[Component, ...]
    validation: tuple[Component, ...]
    training: Training
    seed: int
    parent: "Phase | None" = None
    init: str = "scratch"
    candidates: tuple["Phase", ...] = ()

    def __post_init__(self) -> None:
        if self.training.epochs is not None:
            raise InputError(
                f"The {self.kind} phase counts epochs, not steps: see "
                "Training.limited."
            )
        problems = {part.dataset.problem for part in self.components}
        self.reading.check(f"The {self.kind} phase", problems)
        self._check_order()
        self.check(self.validation)
        if self.training.selection != "last" and not self.validation:
            names = ", ".join(part.dataset.name for part in self.components)
            raise InputError(
                f"The {self.kind} phase on {names} has no "
                f"dev data for the selection {self.training.selection!r}; "
                "choose 'last'."
            )

    @functools.cached_property
    def _hash(self) -> int:
        return hash(
            tuple(getattr(self, one.name) for one in dataclasses.fields(self))
        )

    def __hash__(self) -> int:
        """As a dataclass's, but a lineage is gone through once, not each time."""
        return self._hash

    @property
    def needs(self) -> tuple["Phase", ...]:
        """The phases that must be done before: its parent, or its candidates."""
        if self.candidates:
            return self.candidates
        return () if self.parent is None else (self.parent,)

    @property
    def lineage(self) -> tuple["Phase", ...]:
        """The phases from the first to this one."""
        return (*(self.parent.lineage if self.parent else ()), self)

    @property
    def problem(self) -> str:
        """The problem of all components, or `multitask`."""
        return problem_of(self.components)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that all components share, in class order, or none."""
        found = {part.dataset.labels for part in self.components}
        return found.pop() if len(found) == 1 else ()

    def _check_order(self) -> None:
        """Refuses two heads where two orders of the labels were meant."""
        orders: dict[tuple, tuple[str, ...]] = {}
        for part in self.components:
            row = part.dataset
            known = orders.setdefault(
                (row.problem, frozenset(row.labels)), row.labels
            )
            if known != row.labels:
                raise InputError(
                    f"{row.name} has the labels {row.labels}, another "
                    f"component of the {self.kind} phase has {known}: the "
                    "same labels in another order."
                )

    @functools.cached_property
    def groups(self) -> tuple[Group, ...]:
        """The components by what they have in common.

        An encoder has a head for each problem and set of labels. Text to text
        has none: only corrupted text, and pairs to be embedded, come in
        batches of their own.
        """
        found: dict[Any, list[Component]] = {}
        for part in self.components:
            found.setdefault(self._kind_of(part), []).append(part)
        names = group_names(problem for problem, *_ in found)
        return tuple(
            Group(name, tuple(parts))
            for name, parts in zip(names, found.values(), strict=True)
        )

    def group_of(self, part: Component) -> str:
        """Returns the name of the group that a component fits."""
        kind = self._kind_of(part)
        return next(
            group.name
            for group in self.groups
            if self._kind_of(group.components[0]) == kind
        )

    def trains(self, part: Component) -> bool:
        """Tells whether a component has a head that this phase trains."""
        kinds = {self._kind_of(known) for known in self.components}
        return self._kind_of(part) in kinds

    def _kind_of(self, part: Component) -> tuple:
        row = part.dataset
        if renderings.name(self.model) == "encoder":
            return row.problem, row.labels
        has_own = row.problem in ("language_modeling", "retrieval")
        return (row.problem if has_own else "text",)

    @property
    def masked_lm_head(self) -> tuple[str, ...] | None:
        """Where the parameters of a head for masked words lie, if any do."""
        is_encoder = renderings.name(self.model) == "encoder"
        if not is_encoder or "language_modeling" not in [
            group.name for group in self.groups
        ]:
            return None
        if len(self.groups) == 1:
            return ("head",)
        return (multitask.HEADS, "language_modeling", "head")

    @property
    def predicts_pieces(self) -> bool:
        """Is the loss a softmax over the vocabulary?"""
        problems = {part.dataset.problem for part in self.components}
        text = renderings.name(self.model) == "text"
        return text or "language_modeling" in problems

    @property
    def trimmed_softmax(self) -> bool:
        """Was a softmax trimmed, in this phase or one that it started from?"""
        return any(one.training.trimmed_softmax for one in self.lineage)

    def check(self, parts: tuple[Component, ...]) -> None:
        """Refuses data on which the trained model cannot be scored.

        Raises:
          InputError: for another problem, other labels or no metric.
        """
        trained = {
            (part.dataset.problem, part.dataset.labels)
            for part in self.components
        }
        for part in parts:
            name, problem = part.dataset.name, part.dataset.problem
            if is_embedded(part):
                continue
            if problem not in [known for known, _ in trained]:
                raise InputError(
                    f"{name} is {problem}, but the {self.kind} phase trains "
                    f"{', '.join(sorted({known for known, _ in trained}))}."
                )
            if (problem, part.dataset.labels) not in trained:
                known = [labels for one, labels in trained if one == problem]
                raise InputError(
                    f"{name} has the labels {part.dataset.labels}, but the "
                    f"{self.kind} phase trains "
                    f"{' and '.join(map(str, sorted(known)))}."
                )
            if not part.dataset.metrics:
                raise InputError(f"{name} has no metric to be scored by.")

    @property
    def reading(self) -> Reading:
        """How its model reads datasets."""
        return Reading(
            self.model,
            self.vocabulary,
            self.training.lengths,
            self.training.row_lengths or (),
        )

    def request(self, part: Component) -> Request:
        """Returns the cache that a component needs."""
        return self.reading.request(part)

    def configuration(self, data_dir: Path | None) -> dict[str, Any]:
        """Returns the canonical configuration, whose hash is the identity.

        Mesh, hosts, microbatches, paths and logging do not change the
        mathematics and are recorded beside it.
        """
        whole = fingerprint.canonical(
            {
                "format": FORMAT,
                "kind": self.kind,
                "model": self.model,
                "problem": self.problem,
                "labels": self.labels,
                "components": self._data(self.components, data_dir),
                "validation": self._data(self.validation, data_dir),
                "vocabulary": caches.digest(self.vocabulary, data_dir),
                "training": self._settings,
                "seed": self.seed,
                "init": origins.identity(self.init),
                "parent": self.parent and self.parent.identity(data_dir),
            },
            self.kind,
        )
        if self.candidates:
            whole["candidates"] = [
                one.identity(data_dir) for one in self.candidates
            ]
        return whole

    @property
    def _settings(self) -> dict[str, Any]:
        """How it trains: of candidates, that in which all agree."""
        first, *others = (
            fingerprint.canonical(one.training)
            for one in self.candidates or (self,)
        )
        return {
            name: value
            for name, value in first.items()
            # It stands in `steps`.
            if name != "epochs" and all(one[name] == value for one in others)
        }

    def identity(self, data_dir: Path | None) -> str:
        """Returns the content address of the phase: 16 hexadecimal digits."""
        return _identity(self, data_dir)

    def _data(
        self, parts: tuple[Component, ...], data_dir: Path | None
    ) -> list[dict[str, Any]]:
        return [
            {"rate": part.rate, **self.request(part).key(data_dir)}
            for part in parts
        ]


@functools.cache
def _identity(phase: Phase, data_dir: Path | None) -> str:
    return fingerprint.digest(phase.configuration(data_dir))
