"""Layers that are alike, held as one array for each of their parameters.

Checkpoints, and whatever names a layer, hold `layers_0`, `layers_1`, … with
arrays of their own. A program whose instructions are to be as many for 24
layers as for 12 holds `layers`, with arrays [N ...] for N layers: it joins the
one to the other here, in parameters and in all that lies under the same names.
"""

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Float

JOINED = "layers"
_OWN = re.compile(rf"{JOINED}_(\d+)")


def join(tree: Any, stacked: Callable[[Sequence[Any]], Any] = jnp.stack) -> Any:
    """Returns a tree in which the layers of each stack are one.

    Args:
      tree: parameters, or a state that holds moments under the same names.
      stacked: makes one leaf of those of all layers, first to last.
    """

    def one(node: Any) -> Any:
        if not is_split(node):
            return node
        names = sorted(filter(_OWN.fullmatch, node), key=_number)
        layers = [node[name] for name in names]
        rest = {name: node[name] for name in node if name not in names}
        return rest | {
            JOINED: jax.tree.map(lambda *leaves: stacked(leaves), *layers)
        }

    return jax.tree.map(one, tree, is_leaf=is_split)


def split(tree: Any) -> Any:
    """Returns a tree in which every layer has its own arrays again."""

    def one(node: Any) -> Any:
        if not is_joined(node):
            return node
        rest, layers = dict(node), node[JOINED]
        del rest[JOINED]
        count = len(jax.tree.leaves(layers)[0])
        return rest | {
            f"{JOINED}_{number}": jax.tree.map(
                operator.itemgetter(number), layers
            )
            for number in range(count)
        }

    return jax.tree.map(one, tree, is_leaf=is_joined)


def is_split(node: Any) -> bool:
    """Tells whether a node holds layers with arrays of their own."""
    return isinstance(node, dict) and f"{JOINED}_0" in node


def is_joined(node: Any) -> bool:
    """Tells whether a node holds layers that are one."""
    return isinstance(node, dict) and JOINED in node


def of(path: Sequence[Any], leaf: Float[Array, "..."]) -> int:
    """Returns how many joined layers a leaf is of; 0 if it is of none."""
    return leaf.shape[0] if leads_in(path) else 0


def leads_in(path: Sequence[Any]) -> bool:
    """Tells whether the path of a leaf leads into layers that are joined."""
    return jax.tree_util.DictKey(JOINED) in path


def names_layer(name: str) -> bool:
    """Tells whether a path of names leads into one single layer."""
    return any(map(_OWN.fullmatch, name.split("/")))


def abstract(leaves: Sequence[jax.ShapeDtypeStruct]) -> jax.ShapeDtypeStruct:
    """Returns the shape of leaves that are joined, split as each of them."""
    first = leaves[0]
    sharding = first.sharding
    return jax.ShapeDtypeStruct(
        (len(leaves), *first.shape),
        first.dtype,
        sharding=NamedSharding(
            sharding.mesh, PartitionSpec(None, *sharding.spec)
        ),
    )


def _number(name: str) -> int:
    return int(_OWN.fullmatch(name)[1])
