"""One rule for every layer of those that are joined into one array."""

import functools
from typing import Any

import jax
import optax
from jaxtyping import Array

from xltransfer.models import depth


def each_layer(
    rule: optax.GradientTransformation,
) -> optax.GradientTransformation:
    """Returns a rule that updates joined layers as if each were by itself.

    What `rule` asks of a matrix (its axes, its norm) is a layer's own, yet the
    program is as long for many layers as for one. The state is that of `rule`
    for layers with arrays of their own, joined (`depth.join`).

    Args:
      rule: looks at one parameter at a time and at the number of the step, so
        that a norm of all gradients is none of its business.
    """

    def update(
        gradient: Any, state: Any, params: Any = None
    ) -> tuple[Any, Any]:
        given = gradient, state, params
        depths = {depth.of(*one) for one in _leaves((gradient, params))}
        parts = {
            count: iter(_updated(rule, given, count)) for count in {0, *depths}
        }
        return jax.tree_util.tree_map_with_path(
            lambda *one: next(parts[depth.of(*one)]), (gradient, state)
        )

    return optax.GradientTransformation(rule.init, update)


def _updated(
    rule: optax.GradientTransformation, given: tuple, count: int
) -> list[Array]:
    """Returns new leaves of layers of which there are `count`, in order.

    With 0, of what is of no layer, and the numbers of steps.
    """
    own = [
        leaf for path, leaf in _leaves(given) if depth.of(path, leaf) == count
    ]
    one = functools.partial(_updated_once, rule, given, count)
    return jax.vmap(one)(own) if count else one(own)


def _updated_once(
    rule: optax.GradientTransformation,
    given: tuple,
    count: int,
    own: list[Array],
) -> list[Array]:
    """As `_updated`, with the leaves of a single one of these layers."""
    left = iter(own)

    def chosen(path: tuple, leaf: Array) -> Array | None:
        """Leaves only numbers of steps beside them."""
        if depth.of(path, leaf) == count:
            return next(left)
        return None if _is_named(path) else leaf

    made = rule.update(*jax.tree_util.tree_map_with_path(chosen, given))
    return [
        leaf
        for path, leaf in _leaves(made)
        if depth.leads_in(path) == (count > 0)
    ]


def _is_named(path: tuple) -> bool:
    """Tells whether a leaf is a parameter, or lies as one does."""
    return any(isinstance(key, jax.tree_util.DictKey) for key in path)


def _leaves(tree: Any) -> list[tuple[tuple, Array]]:
    return jax.tree_util.tree_leaves_with_path(tree)
