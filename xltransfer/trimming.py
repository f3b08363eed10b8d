"""Training only those rows of the vocabulary's tables that the data can touch.

192 M of XLM-R base's 278 M parameters are the rows of 250,002 pieces, of which
the data of a phase touch a small part. A phase that is trimmed gathers these
rows into a table of its own, with moments and gradients for them alone, and
numbers the ids of its batches anew. All that leaves the phase has every row:
checkpoints hold whole parameters, and by these it is evaluated.

Where pieces are only read (XLM-R with a task's head) this changes nothing. The
other rows have no gradient, so they add nothing to its norm and their moments
stay zero; what weight decay does to them is done to them when they are next
needed, step by step (`Optimizer.idle`). Where the loss is a softmax over pieces
(mT5, masked words) it does change the loss, and is another training:
`Training.trimmed_softmax`. There the other rows stay as the phase found them.

Letters: V vocabulary, R rows that are trained, D width.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int

from xltransfer.checkpoints import Checkpoints
from xltransfer.data.cache import Cache
from xltransfer.data.features import Features, Numbering, Renumbered
from xltransfer.data.features.renumbered import FIXED, holds_ids
from xltransfer.data.packing import round_up
from xltransfer.errors import InputError
from xltransfer.objectives.objective import Params
from xltransfer.optimizer import Optimizer
from xltransfer.renderings import ModelConfig
from xltransfer.specification import Phase
from xltransfer.train import Program, TrainState

ALL = "all"
# XLM-R's table of pieces, which is all that depends on V beside a softmax.
TABLE = "encoder/embeddings/token/embedding"
# Ids that are read, and rows that are advanced, at a time.
CHUNK, BLOCK = 1 << 24, 128


class Rows(Protocol):
    """Which rows a phase trains, and how they become whole parameters.

    Attributes:
      program: what trains.
      saved: shapes, types and shardings of what a checkpoint holds: parameters
        with all rows, the optimiser's state of the trained ones.
      digest: names the rows.
    """

    program: Program
    saved: TrainState
    digest: str

    def features(self, features: Features) -> Features:
        """Returns features whose ids are those of the trained rows."""

    def start(self, params: Params) -> TrainState:
        """Returns the state at step 0 with given whole parameters."""

    def resume(self, saved: TrainState) -> TrainState:
        """Returns the state that goes on where a checkpoint was saved."""

    def whole(self, state: TrainState) -> TrainState:
        """Returns what a checkpoint holds: valid until the next update."""

    def sized(self, model: ModelConfig) -> ModelConfig:
        """Returns a model that has as many rows as are trained."""


def check(phase: Phase, kinds: tuple[str, ...]) -> None:
    """Stops at the border what cannot be trimmed.

    Args:
      phase: a phase of a study.
      kinds: the kinds of phase that are to be trimmed without a change of the
        mathematics: `Execution.trim`.

    Raises:
      InputError: when that would change them, or another softmax is asked for
        where there is none.
    """
    where = f"The {phase.kind} phase"
    if phase.training.trimmed_softmax and not phase.predicts_pieces:
        raise InputError(
            f"{where} has Training.trimmed_softmax, but its loss is no softmax "
            f"over pieces. Execution.trim = ({phase.kind!r},) saves as much "
            "there, and changes nothing."
        )
    if phase.kind not in kinds or phase.training.trimmed_softmax:
        return
    if phase.predicts_pieces:
        raise InputError(
            f"{where} cannot be trimmed by Execution.trim: its loss is a "
            "softmax over all pieces, and would be another over fewer. Leave "
            f"{phase.kind!r} out, or ask for that other training by "
            "Training.trimmed_softmax = True."
        )
    phase.training.optimizer.idle(TABLE)


def rows(
    phase: Phase,
    kinds: tuple[str, ...],
    program: Program,
    caches: Sequence[Cache],
    special_ids: Sequence[int],
) -> Rows:
    """Returns the rows that a phase trains.

    Args:
      phase: the phase.
      kinds: as in `check`.
      program: what trains all rows.
      caches: what the phase trains on.
      special_ids: ids that batches may hold without the caches doing so.

    Raises:
      InputError: as `check` does.
    """
    check(phase, kinds)
    if phase.kind not in kinds and not phase.training.trimmed_softmax:
        return AllRows(program)
    size = phase.model.vocab_size
    kept = touched(caches, special_ids, size)
    if len(kept) == size:
        return AllRows(program)
    words = np.setdiff1d(kept, special_ids) if phase.predicts_pieces else None
    return SomeRows(program, Numbering(kept, size, words))


def resumed(
    rows: Rows, checkpoints: Checkpoints
) -> tuple[TrainState, dict[str, Any]] | None:
    """Returns the last checkpoint's state, ready to go on, and its position.

    Raises:
      InputError: for a damaged checkpoint, or one with moments of other rows.
    """
    begun = checkpoints.position()
    if begun is None:
        return None
    if begun["rows"] != rows.digest:
        raise InputError(
            f"{checkpoints.directory} was begun with another Execution.trim: "
            "go on with that, or delete the folder of the phase, and it is "
            "trained anew."
        )
    saved, position = checkpoints.restore(rows.saved)
    return rows.resume(saved), position


def touched(
    caches: Sequence[Cache], special_ids: Sequence[int], vocab_size: int
) -> Int[np.ndarray, "R"]:
    """Returns the ids that batches can hold, ascending, and a few more.

    There are as many more as make R a multiple of an eighth of its power of
    two: tables split evenly, and phases on similar data share programs. They
    are rows as any other, and no padding that a softmax would count.
    """
    seen = np.zeros(vocab_size, bool)
    seen[[*range(FIXED), *special_ids]] = True
    for cache in caches:
        for name in filter(holds_ids, cache.sequences):
            ids = cache.ids(name)
            for low in range(0, len(ids), CHUNK):
                part = ids[low : low + CHUNK]
                seen[part] = True
    count = int(seen.sum())
    multiple = 1 << max(count.bit_length() - 4, 3)
    spare = round_up(count, multiple) - count
    seen[np.flatnonzero(~seen)[:spare]] = True
    return np.flatnonzero(seen).astype(np.int32)


@dataclasses.dataclass(frozen=True)
class AllRows:
    """Every row is trained: nothing is to be done."""

    program: Program
    digest: str = ALL

    @property
    def saved(self) -> TrainState:
        return self.program.abstract

    def features(self, features: Features) -> Features:
        return features

    def start(self, params: Params) -> TrainState:
        return self.program.start(params)

    def resume(self, saved: TrainState) -> TrainState:
        return self.program.resume(saved)

    def whole(self, state: TrainState) -> TrainState:
        return self.program.whole(state)

    def sized(self, model: ModelConfig) -> ModelConfig:
        return model


class SomeRows:
    """Trains some rows, and keeps whole tables in the host's memory.

    Args:
      program: what trains all rows.
      numbering: which are trained. The others become what training all would
        make of them; with stand-ins, which is another training, they stay.
    """

    def __init__(self, program: Program, numbering: Numbering):
        self._all, self._numbering = program, numbering
        kept = numbering.kept
        self.program = dataclasses.replace(
            program, objective=program.objective.resized(len(kept))
        )
        self.digest = hashlib.sha256(kept.tobytes()).hexdigest()[:16]
        self._away: dict[str, Array] = {}
        self._step = 0

    @property
    def saved(self) -> TrainState:
        """As `Rows.saved`."""
        params = self._all.abstract.params
        return dataclasses.replace(self.program.abstract, params=params)

    def features(self, features: Features) -> Features:
        """As `Rows.features`."""
        return Renumbered(features, self._numbering)

    def start(self, params: Params) -> TrainState:
        """As `Rows.start`."""
        return self.program.start(self._taken(params, step=0))

    def resume(self, saved: TrainState) -> TrainState:
        """As `Rows.resume`."""
        params = self._taken(saved.params, int(saved.step))
        return self.program.resume(dataclasses.replace(saved, params=params))

    def whole(self, state: TrainState) -> TrainState:
        """As `Rows.whole`; brings the rows that are not trained up to date."""
        state = self.program.whole(state)
        step, params = int(state.step), _flat(state.params)
        for name, axis in self._tables.items():
            sharding = _flat(self._all.abstract.params)[name].sharding
            table = jax.device_put(self._away.pop(name), sharding)
            table = self._advanced(name, table, step)
            put = _put(axis, sharding)
            table = put(table, self._numbering.kept, params[name])
            self._away[name] = jax.device_put(table, host_memory(sharding))
            params[name] = table
        self._step = step
        return dataclasses.replace(
            state, params=unflatten_dict(params, sep="/")
        )

    def sized(self, model: ModelConfig) -> ModelConfig:
        """As `Rows.sized`."""
        rows = len(self._numbering.kept)
        return dataclasses.replace(model, vocab_size=rows)

    @functools.cached_property
    def _tables(self) -> dict[str, int]:
        """Parameters with a row for every piece, and the axis of the rows."""
        few = _flat(self.program.abstract.params)
        return {
            name: np.not_equal(leaf.shape, few[name].shape).argmax()
            for name, leaf in _flat(self._all.abstract.params).items()
            if leaf.shape != few[name].shape
        }

    def _taken(self, params: Params, step: int) -> Params:
        """Puts whole tables away, and returns the parameters to be trained."""
        self._step, found = step, _flat(params)
        for name, axis in self._tables.items():
            table = found[name]
            sharding = _flat(self.program.abstract.params)[name].sharding
            found[name] = _take(axis, sharding)(table, self._numbering.kept)
            place = host_memory(table.sharding)
            self._away[name] = jax.device_put(table, place)
        return unflatten_dict(found, sep="/")

    def _advanced(self, name: str, table: Array, step: int) -> Array:
        """Returns a table whose rows had no gradient since `_step`."""
        other_training = self._numbering.stand_ins is not None
        optimizer = self._all.optimizer
        if other_training or optimizer.idle(name) is None:
            return table
        advance = _advance(optimizer, name, table.sharding)
        rates = _rates(optimizer, self._all.steps)
        return advance(table, rates, self._step, step)


def _flat(params: Params) -> dict[str, Any]:
    return flatten_dict(params, sep="/")


def host_memory(sharding: NamedSharding) -> NamedSharding:
    """Returns the same split of an array, in the memory of the hosts."""
    if jax.default_backend() == "cpu":
        return sharding  # It is there already; elsewhere would be a copy.
    return sharding.with_memory_kind("pinned_host")


@functools.lru_cache
def _take(axis: int, sharding: NamedSharding) -> Callable[..., Array]:
    return jax.jit(
        lambda table, kept: jnp.take(table, kept, axis), out_shardings=sharding
    )


@functools.lru_cache
def _put(axis: int, sharding: NamedSharding) -> Callable[..., Array]:
    before = (slice(None),) * axis
    return jax.jit(
        lambda table, kept, rows: table.at[(*before, kept)].set(rows),
        donate_argnums=0,
        out_shardings=sharding,
    )


@functools.lru_cache
def _rates(optimizer: Optimizer, steps: int) -> Float[Array, "steps"]:
    """Returns the learning rate of every step."""
    return jax.jit(jax.vmap(optimizer.schedule(steps)))(jnp.arange(steps))


@functools.lru_cache
def _advance(
    optimizer: Optimizer, name: str, sharding: NamedSharding
) -> Callable[..., Float[Array, "V D"]]:
    """Returns what takes a table's idle rows from one step to another.

    Few rows go through all steps before the next ones do, so that they stay in
    the processor's cache: a pass over the whole table at every step would cost
    what leaving it out has saved.
    """
    idle = optimizer.idle(name)

    def advance(table: Array, rates: Array, first: Array, last: Array) -> Array:
        def block(low: Array, size: int, table: Array) -> Array:
            rows = jax.lax.dynamic_slice_in_dim(table, low, size)
            rows = jax.lax.fori_loop(
                first, last, lambda step, rows: idle(rows, rates[step]), rows
            )
            return jax.lax.dynamic_update_slice_in_dim(table, rows, low, 0)

        size = min(BLOCK, len(table))
        count, rest = divmod(len(table), size)
        table = jax.lax.fori_loop(
            0, count, lambda one, table: block(one * size, size, table), table
        )
        return block(count * size, rest, table)

    whole = PartitionSpec()
    return jax.jit(
        jax.shard_map(
            advance,
            mesh=sharding.mesh,
            in_specs=(sharding.spec, whole, whole, whole),
            out_specs=sharding.spec,
        ),
        donate_argnums=0,
    )
