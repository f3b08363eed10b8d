"""Batches on their way into a cache. Importing this module loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from tasks.problems.rendering import Example


class BatchStream:
    """Batches, with as much of `tf.data.Dataset` as renderings ask of one.

    On batches a preprocessor reads `element_spec` and calls `map`, no more. An
    iterator of tf.data costs as much to begin as thousands of examples to read.

    Args:
      batches: what there is, read when iterated.
      element_spec: their types, as TensorFlow has them.
    """

    def __init__(
        self, batches: Iterable[Example], element_spec: dict[str, tf.TypeSpec]
    ):
        self._batches = batches
        self.element_spec = element_spec

    def map(self, function: Callable[[Example], Example]) -> BatchStream:
        """Returns the stream of what a function makes of each batch."""
        if not isinstance(function, tf.types.experimental.PolymorphicFunction):
            function = tf.function(function, autograph=False)
        graph = function.get_concrete_function(self.element_spec)
        made = {
            name: tf.type_spec_from_value(value)
            for name, value in graph.structured_outputs.items()
        }
        return BatchStream(map(graph, self._batches), made)

    def __iter__(self) -> Iterator[Example]:
        return iter(self._batches)
