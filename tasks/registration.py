"""SeqIO tasks and mixtures, registered when asked for.

Importing this module loads TensorFlow.
"""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import seqio
import tensorflow as tf

from tasks import problems
from tasks.batch_stream import BatchStream
from tasks.mixtures import Mixture
from tasks.problems.rendering import Rendering
from tasks.row import Dataset, rows
from tasks.seqio_vocabulary import MT5Vocabulary, XLMRVocabulary
from tasks.vocabularies import PublishedVocabulary, Vocabulary
from xltransfer.errors import InputError
from xltransfer.metrics import METRICS

# Accelerators belong to JAX; TensorFlow would take their memory.
tf.config.set_visible_devices([], "GPU")

# The vocabulary family that a rendering is for.
FAMILIES = {"encoder": "xlmr", "text": "mt5"}

# Examples that pass from Python to TensorFlow in one go.
_READ_TOGETHER = 256

# Batches of each kind of field; see `tasks.problems`.
_SPECS: dict[str, tf.TypeSpec] = {
    "text": tf.TensorSpec([None], tf.string),
    "class": tf.TensorSpec([None], tf.int32),
    "index": tf.TensorSpec([None], tf.int32),
    "texts": tf.RaggedTensorSpec([None, None], tf.string, 1, tf.int64),
    "numbers": tf.RaggedTensorSpec([None, None], tf.int32, 1, tf.int64),
}

# A dense array [N], or the values of N sequences end to end and their lengths.
Column = np.ndarray | tuple[np.ndarray, np.ndarray]


class RowSource(seqio.DataSource):
    """The examples of a dataset, one at a time or in batches."""

    def __init__(self, dataset: Dataset, data_dir: Path | None):
        sizes = {split.name: split.examples for split in dataset.splits}
        super().__init__(
            splits=[split.name for split in dataset.splits],
            num_input_examples=sizes,
        )
        self.dataset = dataset
        self.data_dir = data_dir

    @property
    def supports_arbitrary_sharding(self) -> bool:
        return False

    def list_shards(self, split: str) -> list[str]:
        return [split]

    def get_dataset(
        self,
        split: str = "train",
        shuffle: bool = True,
        seed: int | None = None,
        shard_info: seqio.ShardInfo | None = None,
        **unused: Any,
    ) -> tf.data.Dataset:
        """Returns single examples, shuffled as a whole where asked."""
        ds = self.get_batches(split, _READ_TOGETHER).unbatch()
        if shuffle:
            ds = ds.shuffle(self._shuffle_buffer(split), seed=seed)
        return ds

    def get_batches(self, split: str, batch_size: int) -> tf.data.Dataset:
        """Returns the examples in order, `batch_size` together."""
        return tf.data.Dataset.from_generator(
            lambda: self.batches(split, batch_size),
            output_signature=self.signature,
        )

    @property
    def signature(self) -> dict[str, tf.TypeSpec]:
        """The types of a batch's fields."""
        return {name: _SPECS[kind] for name, kind in self._fields.items()}

    def batches(
        self, split: str, batch_size: int
    ) -> Iterator[dict[str, tf.Tensor | tf.RaggedTensor]]:
        """Yields the examples in order, `batch_size` together."""
        examples = enumerate(rows(self.dataset, split, self.data_dir))
        numbered = ({"index": number, **one} for number, one in examples)
        for batch in _batched(numbered, batch_size):
            yield {
                name: _packed([one[name] for one in batch], kind)
                for name, kind in self._fields.items()
            }

    @property
    def _fields(self) -> Mapping[str, str]:
        return problems.problem(self.dataset.problem).FIELDS

    def _shuffle_buffer(self, split: str) -> int:
        return self.num_input_examples(split) or seqio.SHUFFLE_BUFFER_SIZE


def _batched(
    examples: Iterator[dict[str, Any]], size: int
) -> Iterator[list[dict[str, Any]]]:
    while batch := list(itertools.islice(examples, size)):
        yield batch


def _packed(column: list, kind: str) -> tf.Tensor | tf.RaggedTensor:
    if kind not in problems.RAGGED:
        return tf.constant(column, _SPECS[kind].dtype)
    flat = [value for values in column for value in values]
    return tf.RaggedTensor.from_row_lengths(
        tf.constant(flat, _SPECS[kind].dtype), [len(one) for one in column]
    )


class RenderedTask(seqio.Task):
    """A SeqIO task that knows which of its preprocessors pass batches."""

    def __init__(self, name: str, source: RowSource, rendering: Rendering):
        super().__init__(
            name,
            source=source,
            output_features=rendering.features,
            preprocessors=[*rendering.preprocessors, *rendering.random],
            postprocess_fn=rendering.postprocess,
            # SeqIO's evaluation is of texts; encoders have none.
            metric_fns=[METRICS[name] for name in source.dataset.metrics]
            if rendering.postprocess
            else [],
        )
        self.rendering = rendering

    def _trim_output_features(
        self,
        dataset: tf.data.Dataset,
        sequence_length: Mapping[str, int] | None,
    ) -> tf.data.Dataset:
        """Returns the dataset: renderings cut, and know what must stay."""
        return dataset

    def get_batches(
        self,
        split: str,
        sequence_length: Mapping[str, int] | None,
        batch_size: int,
    ) -> BatchStream:
        """Returns ragged batches, up to the first random preprocessor."""
        steps = [
            step
            for step in self.rendering.preprocessors
            if not isinstance(step, seqio.CacheDatasetPlaceholder)
        ]
        return self._preprocess_dataset(
            BatchStream(
                self.source.batches(split, batch_size), self.source.signature
            ),
            steps,
            sequence_length,
        )


def task(
    dataset: Dataset,
    rendering: str,
    vocabulary: Vocabulary,
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
) -> str:
    """Registers a dataset as a SeqIO task and returns its name.

    The name is `xnli.sw:encoder`, and with another vocabulary than the
    published one that vocabulary's digest follows. Asking again changes
    nothing; asking with another row or data directory replaces the task.

    Args:
      dataset: the row.
      rendering: 'encoder' or 'text'.
      vocabulary: of the rendering's family, 'xlmr' or 'mt5'.
      data_dir: where the dataset's files and the vocabulary's texts are.
      cache_dir: where trained and fetched vocabularies are kept; needed for a
        vocabulary that is not a file.

    Raises:
      InputError: for an unknown rendering or a vocabulary of another family.
    """
    _check_family(rendering, vocabulary)
    name = _name(dataset.name, rendering, vocabulary, data_dir)
    if name in seqio.TaskRegistry.names():
        source = seqio.TaskRegistry.get(name).source
        if (source.dataset, source.data_dir) == (dataset, data_dir):
            return name
        seqio.TaskRegistry.remove(name)
    model_file = vocabulary.model_file(cache_dir, data_dir)
    rendered = getattr(problems.problem(dataset.problem), rendering)(
        dataset, _seqio_vocabulary(vocabulary.family, model_file)
    )
    source = RowSource(dataset, data_dir)
    seqio.TaskRegistry.add_provider(name, RenderedTask(name, source, rendered))
    return name


def mixture(
    mixture: Mixture,
    rendering: str,
    vocabulary: Vocabulary,
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
) -> str:
    """Registers a mixture's tasks and itself with SeqIO; returns its name.

    See `task`. A mixture of one dataset under the dataset's name is its task.
    """
    import tasks

    components = [
        (
            task(
                tasks.dataset(component),
                rendering,
                vocabulary,
                data_dir,
                cache_dir,
            ),
            rate,
        )
        for component, rate in mixture.components
    ]
    name = _name(mixture.name, rendering, vocabulary, data_dir)
    if name in seqio.TaskRegistry.names():
        return name
    if name in seqio.MixtureRegistry.names():
        seqio.MixtureRegistry.remove(name)
    seqio.MixtureRegistry.add(name, components)
    return name


def batches(
    task_name: str,
    split: str,
    sequence_length: Mapping[str, int] | None,
    batch_size: int = 4096,
) -> Iterator[dict[str, Column]]:
    """Yields a registered task's examples in batches, for a cache.

    The rows are those of `get_dataset(..., shuffle=False)`, in order, but much
    faster. Random preprocessors are left out: language modelling gives
    `tokens`, uncorrupted windows. `batch_size` counts raw examples; a batch may
    hold more windows than that.

    Yields:
      For each feature either [N] or (values [T], lengths [N]).

    Raises:
      InputError: for bad input, when all before it has been yielded.
    """
    stream = seqio.TaskRegistry.get(task_name).get_batches(
        split, sequence_length, batch_size
    )
    for batch in stream:
        yield {name: _column(values) for name, values in batch.items()}


def _column(values: tf.Tensor | tf.RaggedTensor) -> Column:
    if isinstance(values, tf.RaggedTensor):
        return values.flat_values.numpy(), values.row_lengths().numpy()
    return values.numpy()


def _check_family(rendering: str, vocabulary: Vocabulary) -> None:
    if rendering not in FAMILIES:
        raise InputError(
            f"No rendering {rendering!r}, only {', '.join(FAMILIES)}."
        )
    if vocabulary.family != FAMILIES[rendering]:
        raise InputError(
            f"The rendering {rendering!r} needs a vocabulary of the family "
            f"{FAMILIES[rendering]!r}, not {vocabulary.family!r}."
        )


def _name(
    name: str, rendering: str, vocabulary: Vocabulary, data_dir: Path | None
) -> str:
    # SeqIO's names know no brackets.
    name = name.replace("[:", "#").rstrip("]")
    if isinstance(vocabulary, PublishedVocabulary):
        return f"{name}:{rendering}"
    return f"{name}:{rendering}:{vocabulary.digest(data_dir)[:12]}"


def _seqio_vocabulary(family: str, model_file: Path) -> seqio.Vocabulary:
    if family == "xlmr":
        return XLMRVocabulary(model_file)
    return MT5Vocabulary(model_file)
