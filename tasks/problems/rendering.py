"""What a rendering of a problem is, and what may pass through it.

This module and the renderings themselves import TensorFlow inside functions.
A preprocessor maps a `tf.data.Dataset` to another. It takes datasets of single
examples (texts are scalars, tokens are [L]) as SeqIO gives them, and datasets
of batches (texts are [N], tokens are ragged [N, L]), with the same rows out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import seqio
    import tensorflow as tf

    Example = dict[str, tf.Tensor | tf.RaggedTensor]

Preprocessor = Callable[..., "tf.data.Dataset"]


@dataclass(frozen=True)
class Rendering:
    """How a problem becomes features.

    `preprocessors` are deterministic and pass batches too; `random` ones come
    after them, draw anew at each pass and take single examples only.
    """

    features: Mapping[str, seqio.Feature]
    preprocessors: tuple[Preprocessor, ...]
    random: tuple[Preprocessor, ...] = field(default=())
    postprocess: Callable[..., Any] | None = None


@functools.lru_cache(maxsize=64)
def traced(
    make: Callable[..., Callable[[Example], Example]], *facts: Hashable
) -> Callable[[Example], Example]:
    """Returns `make(*facts)` as a graph, the same one for the same facts.

    TensorFlow takes as long for a graph as for some thousand examples; splits,
    and the languages of one template, share it.
    """
    import tensorflow as tf

    return tf.function(make(*facts), autograph=False)


def is_batched(ds: tf.data.Dataset, feature: str, rank: int) -> bool:
    """Tells whether a feature of rank `rank` comes in batches."""
    return ds.element_spec[feature].shape.rank > rank
