"""Examples laid out in rows by hand, and comparisons of what comes back."""

import functools
from dataclasses import dataclass

import jax
import numpy as np
from flax import linen as nn

from xltransfer.pretrained import huggingface


@dataclass(frozen=True)
class Rows:
    """A batch; `places[i]` is the (row, slot, first column) of example i."""

    tokens: np.ndarray
    segment_ids: np.ndarray
    positions: np.ndarray
    starts: np.ndarray
    places: tuple[tuple[int, int, int], ...]


def lay_out(
    examples: list[np.ndarray], layout: list[list[int]], length: int, pad: int
) -> Rows:
    """Puts examples into rows; `layout` lists the examples of each row."""
    shape = (len(layout), length)
    tokens = np.full(shape, pad, np.int32)
    segment_ids, positions = (
        np.zeros(shape, np.int32),
        np.zeros(shape, np.int32),
    )
    starts = np.zeros((len(layout), max(map(len, layout))), np.int32)
    places = {}
    for row, members in enumerate(layout):
        column = 0
        for slot, example in enumerate(members):
            size = len(examples[example])
            where = (row, slice(column, column + size))
            tokens[where] = examples[example]
            segment_ids[where] = slot + 1
            positions[where] = np.arange(size)
            starts[row, slot] = column
            places[example] = (row, slot, column)
            column += size
    ordered = tuple(places[i] for i in range(len(examples)))
    return Rows(tokens, segment_ids, positions, starts, ordered)


def cut(table: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """The examples of a padded table."""
    return [row[:length] for row, length in zip(table, lengths, strict=True)]


def joined(outputs: list[np.ndarray]) -> np.ndarray:
    """All examples' numbers, to be compared as one tensor."""
    return np.concatenate([np.ravel(one) for one in outputs])


def error(a: np.ndarray, b: np.ndarray) -> float:
    """max|a - b| / max|b|."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.abs(a - b).max() / np.abs(b).max()


def check_gradients(
    gradients: dict, model, reference: dict, zero: tuple[str, ...] = ()
) -> None:
    """Compares with the `gradient:TENSOR` arrays of a reference.

    A key's bias moves all logits of a query alike, so its gradient is zero
    but for rounding and has no relative error; `zero` names others like it.
    """
    ours = huggingface.export(gradients, model)
    theirs = {name: reference[f"gradient:{name}"] for name in ours}
    whole = np.linalg.norm([np.linalg.norm(x) for x in theirs.values()])
    for name, expected in theirs.items():
        difference = np.linalg.norm(ours[name] - expected)
        if name.endswith(("key.bias", *zero)):
            assert np.linalg.norm(ours[name]) <= 1e-6 * whole, name
        else:
            assert difference <= 1e-4 * np.linalg.norm(expected), name


@functools.cache
def compiled(model, method: str = "__call__"):
    """`f(params, *inputs)`, without dropout; compiled once a model."""

    @jax.jit
    def apply(params, *inputs):
        return model.apply(
            {"params": params}, *inputs, deterministic=True, method=method
        )

    return apply


def boxed_shapes(model):
    """The abstract parameters, with their logical axes."""
    return jax.eval_shape(
        lambda: model.init(
            jax.random.key(0), *model.sample_inputs(), deterministic=True
        )["params"]
    )


def random_params(model) -> dict:
    """Parameters for tests that do not care which; quicker than `init`."""
    random = np.random.default_rng(0)
    return jax.tree.map(
        lambda x: random.normal(0, 0.3, x.shape).astype(x.dtype),
        nn.meta.unbox(boxed_shapes(model)),
    )
