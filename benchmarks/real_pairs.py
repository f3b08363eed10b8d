"""A phase of a published shape on real English NLI pairs, for benchmarks.

The published vocabularies are not at hand: the pieces are those of a stand-in
model of English, their ids spread over the published range.
"""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np

from tasks.vocabularies import TrainedVocabulary
from xltransfer.components import Component, components_of
from xltransfer.data import cache as caches
from xltransfer.data.cache import Cache, open_cache
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.optimizer import AdamW
from xltransfer.partitioning import Partitioning
from xltransfer.renderings import ModelConfig
from xltransfer.specification import Phase, Training
from xltransfer.workspace import Execution, Workspace

PIECES = 10000
# No piece of its own below: special ids, in both families.
FIRST_PIECE = 4
SEQUENCES = ("tokens", "inputs", "targets")
# All devices share a batch.
PARTITIONING = Partitioning((("activation_batch", ("data", "fsdp")),))


@dataclasses.dataclass(frozen=True)
class Shape:
    """A published model and how it reads pairs.

    Attributes:
      family: of its vocabulary.
      model: the published sizes.
      lengths: of XTREME's scripts: 128 tokens.
    """

    family: str
    model: ModelConfig
    lengths: tuple[tuple[str, int], ...]


SHAPES = {
    "xlmr_base": Shape(
        "xlmr",
        XLMRConfig(250002, 768, 12, 12, 3072),
        (("tokens", 128),),
    ),
    "mt5_small": Shape(
        "mt5",
        MT5Config(250112, 512, 6, 8, 8, 64, 1024),
        (("inputs", 128), ("targets", 8)),
    ),
}


class SpreadWorkspace(Workspace):
    """A workspace whose caches have ids from the whole published range."""

    def cache(self, phase: Phase, part: Component) -> Cache:
        cache = super().cache(phase, part)
        folder = self.out / "spread" / cache.directory.name
        if not folder.exists():
            _spread(cache.directory, folder, phase.model.vocab_size)
        return open_cache(folder)


def workspace(
    out: Path, cache_dir: Path, data_dir: Path, execution: Execution
) -> SpreadWorkspace:
    """Returns where a phase of this module runs."""
    return SpreadWorkspace(out, cache_dir, data_dir, PARTITIONING, execution)


def phase(
    shape: Shape,
    training: Training,
    weights: Path,
    layers: int | None = None,
    dtype: str = "float32",
) -> Phase:
    """Returns a target phase on real pairs from a Hugging Face directory."""
    model = dataclasses.replace(sized(shape, layers), dtype=dtype)
    return Phase(
        kind="target",
        model=training.apply_dropout(model),
        vocabulary=TrainedVocabulary(shape.family, PIECES, ("text.en",)),
        components=components_of("nli_english", "train"),
        validation=(),
        training=training,
        seed=0,
        init=f"hf:{weights}",
    )


def sized(shape: Shape, layers: int | None) -> ModelConfig:
    """Returns the model, with fewer layers where they are given."""
    names = {field.name for field in dataclasses.fields(shape.model)}
    changed = names & {"num_layers", "num_encoder_layers", "num_decoder_layers"}
    if layers is None:
        return shape.model
    return dataclasses.replace(shape.model, **dict.fromkeys(changed, layers))


def training(shape: Shape, steps: int, batch_size: int = 32) -> Training:
    """Returns XTREME's settings for classification, without dropout."""
    return Training(
        steps=steps,
        batch_size=batch_size,
        lengths=dict(shape.lengths),
        optimizer=AdamW(1e-5),
        dropout_rate=0.0,
    )


def _spread(old: Path, new: Path, size: int) -> None:
    """Copies a cache; the ids of pieces go to random places, in order."""
    places = np.random.default_rng(0).choice(
        np.arange(FIRST_PIECE, size - 1), 2**16 - FIRST_PIECE, replace=False
    )
    table = np.concatenate([np.arange(FIRST_PIECE), np.sort(places)])
    shutil.copytree(old, new)
    for name in SEQUENCES:
        path = new / f"{name}.npy"
        if path.exists():
            ids = np.load(path, allow_pickle=False)
            np.save(path, table.astype(np.int32)[ids])


def beginning(cache: Cache, folder: Path, size: int) -> Cache:
    """Copies the first examples of a cache."""
    shutil.copytree(cache.directory, folder)
    size = min(size, cache.size)
    manifest = cache.manifest | {"size": size}
    (folder / caches.MANIFEST).write_text(json.dumps(manifest))
    for name in manifest["features"]:
        values = np.load(folder / f"{name}.npy", allow_pickle=False)
        end = size
        if name in cache.sequences:
            path = folder / f"{name}.offsets.npy"
            offsets = np.load(path, allow_pickle=False)[: size + 1]
            np.save(path, offsets)
            end = offsets[-1]
        np.save(folder / f"{name}.npy", values[:end])
    return open_cache(folder)
