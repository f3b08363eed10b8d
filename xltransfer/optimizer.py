"""Optimisers: AdamW with warm-up and decay, Adafactor at a constant rate."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from xltransfer.errors import InputError, nearest
from xltransfer.layerwise import each_layer
from xltransfer.models import depth

# Rows and the step's learning rate -> the rows after the step.
Idle = Callable[[Float[Array, "R D"], Float[Array, ""]], Float[Array, "R D"]]


@dataclasses.dataclass(frozen=True)
class AdamW:
    """AdamW, linear warm-up, then linear or no decay (XTREME's and jiant's).

    Attributes:
      learning_rate: the peak rate.
      warmup: the share of all steps over which the rate rises from zero.
      decay: `linear` to zero at the last step, or `constant`.
      weight_decay: applied to matrices only, not to biases and norms.
      clip: largest global norm of the gradient; None leaves it alone.
      frozen: parts that are not trained, by path (`encoder/embeddings`).
    """

    learning_rate: float
    warmup: float = 0.1
    decay: Literal["linear", "constant"] = "linear"
    b1: float = 0.9
    b2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    clip: float | None = 1.0
    frozen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.decay not in ("linear", "constant"):
            raise InputError(
                f"AdamW.decay is {self.decay!r}; 'linear' or 'constant'."
            )
        if not 0 <= self.warmup <= 1:
            raise InputError(
                f"AdamW.warmup is {self.warmup}; it is a share of all steps, "
                "from 0 to 1."
            )

    def schedule(self, steps: int) -> optax.Schedule:
        """Returns the learning rate as a function of the step."""
        rise = round(self.warmup * steps)
        end = {"linear": 0.0, "constant": self.learning_rate}[self.decay]
        return optax.join_schedules(
            [
                optax.linear_schedule(0.0, self.learning_rate, max(rise, 1)),
                optax.linear_schedule(
                    self.learning_rate, end, max(steps - rise, 1)
                ),
            ],
            [rise],
        )

    def build(self, steps: int) -> optax.GradientTransformation:
        """Returns the update rule for a run of `steps` updates."""
        update = optax.chain(
            _clip(self.clip),
            each_layer(
                optax.adamw(
                    self.schedule(steps),
                    self.b1,
                    self.b2,
                    self.epsilon,
                    weight_decay=self.weight_decay,
                    mask=_is_matrix,
                )
            ),
        )
        return _without(self.frozen, update)

    def idle(self, name: str) -> Idle | None:
        """Returns what an update does to rows that never had a gradient.

        Their moments are zero, so Adam's own part is 0 / (0 + epsilon); what
        is left is the decay.

        Args:
          name: the path of the matrix whose rows they are.

        Returns:
          The rule, or None where nothing happens to them.
        """
        if _is_frozen(name, self.frozen) or not self.weight_decay:
            return None

        def rule(rows: Array, rate: Array) -> Array:
            # As optax adds it up, so that it rounds alike: behind the barrier
            # the compiler sees no zero, and cannot join the two factors.
            adam = jax.lax.optimization_barrier(jnp.float32(0))
            return rows + -rate * (adam + self.weight_decay * rows)

        return rule


@dataclasses.dataclass(frozen=True)
class Adafactor:
    """Adafactor as mT5 was fine-tuned with: constant rate 1e-3, no momentum.

    The second moment decays with 1 - t^-0.8, updates are scaled by the
    parameter's own size and clipped at 1 (Shazeer and Stern, 2018).
    """

    learning_rate: float = 1e-3
    decay_rate: float = 0.8
    factored_size: int = 128
    clip: float | None = None
    frozen: tuple[str, ...] = ()

    def schedule(self, steps: int) -> optax.Schedule:
        """Returns the learning rate as a function of the step: constant."""
        del steps
        return optax.constant_schedule(self.learning_rate)

    def build(self, steps: int) -> optax.GradientTransformation:
        """Returns the update rule for a run of `steps` updates."""
        update = optax.adafactor(
            self.schedule(steps),
            min_dim_size_to_factor=self.factored_size,
            decay_rate=self.decay_rate,
        )
        update = optax.chain(_clip(self.clip), each_layer(update))
        return _without(self.frozen, update)

    def idle(self, name: str) -> Idle | None:
        """As `AdamW.idle`.

        Raises:
          InputError: unless the matrix is frozen: rows without a gradient are
            part of the means that all others are scaled by.
        """
        if _is_frozen(name, self.frozen):
            return None
        raise InputError(
            f"Adafactor scales each row of {name} by statistics of all its "
            "rows, so that none can be left out: train with AdamW, or with "
            f"{name.rsplit('/', 1)[0]!r} in Adafactor.frozen, or without "
            "Execution.trim."
        )


Optimizer = AdamW | Adafactor


def treats_layers_alike(optimizer: Optimizer) -> bool:
    """Tells whether it may update layers that are joined (`depth.join`)."""
    return not any(map(depth.names_layer, optimizer.frozen))


def _clip(norm: float | None) -> optax.GradientTransformation:
    return optax.clip_by_global_norm(norm) if norm else optax.identity()


def _is_matrix(params: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)


def _without(
    frozen: tuple[str, ...], update: optax.GradientTransformation
) -> optax.GradientTransformation:
    if not frozen:
        return update
    return optax.partition(
        {"trained": update, "frozen": optax.set_to_zero()},
        lambda params: _labels(params, frozen),
    )


def _labels(params: Any, frozen: tuple[str, ...]) -> Any:
    """Names each parameter `trained` or `frozen`.

    Raises:
      InputError: for a part that does not exist.
    """
    found = set()

    def label(path: tuple, _: Any) -> str:
        name = jax.tree_util.keystr(path, simple=True, separator="/")
        parts = _parts_of(name, frozen)
        found.update(parts)
        return "frozen" if parts else "trained"

    labels = jax.tree_util.tree_map_with_path(label, params)
    for part in frozen:
        if part not in found:
            raise InputError(
                f"frozen names {part!r}, which is no part of the model."
                f"{nearest(part, params)}"
            )
    return labels


def _is_frozen(name: str, frozen: tuple[str, ...]) -> bool:
    return bool(_parts_of(name, frozen))


def _parts_of(name: str, frozen: tuple[str, ...]) -> set[str]:
    """Returns those parts that a parameter belongs to.

    Whole names: `layers_1` is not `layers_10`.
    """
    return {one for one in frozen if f"{name}/".startswith(f"{one}/")}
