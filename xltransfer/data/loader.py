"""Caches -> global batches: shuffle, mix, pack, share out over hosts.

Grain draws which examples make batch k (a random-access function of the seed
and k), so that going on at step k costs nothing and gives the same stream.
"""

import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator, Sequence

import grain
import numpy as np

from xltransfer.data import packing
from xltransfer.data.cache import Cache
from xltransfer.data.features import Batch, Drawn, Features
from xltransfer.errors import InputError

LAYOUT_SEED = 0
# From 16 to 400 batches.
SIMULATED_EXAMPLES = 12800
# Rows of evaluation hold at least so much: shorter ones would be more programs.
SHORTEST = 128
DRAW, CORRUPTION = 0, 1
HostRows = Callable[[int], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Packed:
    """One global batch, of which `arrays` holds this host's rows.

    Attributes:
      arrays: features by name, [rows of this host, ...].
      rows: B, the rows of the global batch.
      examples: how many examples the global batch holds.
      tokens: how many of its places hold a token.
      places: how many places it has.
      lengths: Int[N F]: tokens per example and sequence feature, where it is
        a training batch.
      slots: Int[N]: segments that each example consists of.
    """

    arrays: Batch
    rows: int
    examples: int
    tokens: int
    places: int
    lengths: np.ndarray | None = None
    slots: np.ndarray | None = None


class _Shuffled:
    """Grain's source: endless (component, example) pairs, nothing is read.

    Every epoch is a permutation of its own. Grain's own shuffle walks among
    2^16 places and more until it meets one of the data's: a millisecond an
    example where there are few.
    """

    def __init__(self, component: int, size: int, seed: tuple[int, ...]):
        self._component, self._size, self._seed = component, size, seed
        self._last: tuple[int, np.ndarray] = -1, np.zeros(0, np.int64)

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: int) -> tuple[int, int]:
        epoch, place = divmod(index, self._size)
        return self._component, int(self._order(epoch)[place])

    def _order(self, epoch: int) -> np.ndarray:
        known, order = self._last
        if known != epoch:
            rng = np.random.default_rng((*self._seed, self._component, epoch))
            order = rng.permutation(self._size)
            self._last = epoch, order
        return order

    def __repr__(self) -> str:
        return f"_Shuffled({self._component}, {self._size}, {self._seed})"


@dataclasses.dataclass(frozen=True)
class TrainingBatches:
    """An endless, random-access stream of packed batches of N examples.

    Attributes:
      components: caches of one problem and their sampling rates.
      features: how the problem becomes arrays.
      batch_size: N.
      columns: length of a row, per sequence feature; for examples that take
        several slots, of one slot's share of it.
      seed: decides order, mixing and corruption.
      multiple: B is a multiple of it (devices x microbatches).
      packed: False gives each example a row of its own.
      lengthen: makes packed rows longer than `columns` where that leaves less
        padding.
      programs: how many heights packed batches may have. Fewer compile
        sooner, more leave less padding.
    """

    components: tuple[tuple[Cache, float], ...]
    features: Features
    batch_size: int
    columns: tuple[int, ...]
    seed: int
    multiple: int = 1
    packed: bool = True
    lengthen: bool = False
    programs: int = 4

    def iterate(
        self, first: int, host_rows: HostRows, prefetch: int = 4
    ) -> Iterator[Packed]:
        """Yields batch `first`, `first + 1`, …; made ahead in a thread."""
        made = self._draws.map_with_index(
            functools.partial(self._arrange, host_rows=host_rows)
        )
        return iterate(made, first, prefetch)

    def batch(self, number: int, host_rows: HostRows) -> Packed:
        """Returns one batch by its number."""
        return self._arrange(number, self._draws[number], host_rows)

    def examples(self, number: int) -> list[tuple[str, int]]:
        """Returns whose examples make a batch: dataset and number, from 0."""
        return [
            (cache.manifest["dataset"], cache.raw(one))
            for part, one in self._draws[number]
            for cache in [self.components[part][0]]
        ]

    @property
    def capacity(self) -> packing.Capacity:
        """Row lengths and slots, from the length index alone."""
        return self._shape[0]

    @property
    def heights(self) -> tuple[int, ...]:
        """The values that B takes: one compiled program each."""
        return self._shape[1]

    @property
    def _shape(self) -> tuple[packing.Capacity, tuple[int, ...]]:
        return _shape(dataclasses.replace(self, seed=LAYOUT_SEED))

    @functools.cached_property
    def least_columns(self) -> tuple[int, ...]:
        """The length of a row that holds any example, per sequence feature."""
        most = max(int(slots.max()) for slots in self._slots)
        return tuple(length * most for length in self.columns)

    @functools.cached_property
    def _slots(self) -> list[np.ndarray]:
        return [self.features.slots(cache) for cache, _ in self.components]

    @functools.cached_property
    def _lengths(self) -> list[np.ndarray]:
        return [
            _fitting(cache, self.features, self.least_columns)
            for cache, _ in self.components
        ]

    @functools.cached_property
    def _draws(self) -> grain.MapDataset:
        """Batch number -> N pairs (component, example)."""
        parts = [
            grain.MapDataset.source(
                _Shuffled(number, cache.size, (self.seed, DRAW))
            )
            for number, (cache, _) in enumerate(self.components)
        ]
        rates = [rate for _, rate in self.components]
        mixed = (
            grain.MapDataset.mix(parts, rates) if len(parts) > 1 else parts[0]
        )
        return mixed.batch(self.batch_size, batch_fn=list)

    def simulated(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Draws batches' lengths and slots at the mixture's rates."""
        rng = np.random.default_rng(LAYOUT_SEED)
        rates = np.array([rate for _, rate in self.components])
        ends = self.batch_size * np.cumsum(rates / rates.sum())
        batches = SIMULATED_EXAMPLES // self.batch_size
        draws = []
        for _ in range(min(max(batches, 16), 400)):
            # Grain takes components in turn: a batch's share of one is off by
            # less than an example.
            counts = np.diff(np.floor(ends + rng.random()), prepend=0)
            chosen = [
                rng.integers(len(one), size=int(count))
                for one, count in zip(self._lengths, counts, strict=True)
            ]
            draws.append(
                (_taken(self._lengths, chosen), _taken(self._slots, chosen))
            )
        return draws

    def _arrange(
        self, number: int, draw: Sequence[tuple[int, int]], host_rows: HostRows
    ) -> Packed:
        lengths = np.stack([self._lengths[part][one] for part, one in draw])
        slots = np.array([self._slots[part][one] for part, one in draw])
        layout = self._layout(lengths, slots)
        rows = next(rows for rows in self.heights if rows >= layout.rows)
        mine = host_rows(rows)
        members, layout = layout.take(mine)
        examples = [(self.components[part][0], one) for part, one in draw]
        seed = (self.seed, CORRUPTION, number)
        drawn = Drawn(examples, members, layout, len(mine), seed)
        arrays = self.features.arrange(drawn, self.capacity)
        places = rows * sum(self.capacity.lengths)
        tokens = int(lengths.sum())
        return Packed(arrays, rows, len(draw), tokens, places, lengths, slots)

    def _layout(self, lengths: np.ndarray, slots: np.ndarray) -> packing.Layout:
        if self.packed:
            return packing.pack(lengths, self.capacity, slots)
        return packing.one_per_row(lengths)


def iterate(
    batches: grain.MapDataset, first: int, prefetch: int
) -> Iterator[Packed]:
    """Yields batch `first`, `first + 1`, …; made ahead in a thread."""
    options = grain.ReadOptions(
        num_threads=1, prefetch_buffer_size=max(prefetch, 1)
    )
    iterator = iter(batches.to_iter_dataset(options))
    iterator.set_state({"next_index": first})
    return iterator


@functools.lru_cache
def _shape(
    batches: TrainingBatches,
) -> tuple[packing.Capacity, tuple[int, ...]]:
    """Runs that differ in their seed alone share programs."""
    if not batches.packed:
        height = packing.round_up(batches.batch_size, batches.multiple)
        slots = max(int(slots.max()) for slots in batches._slots)
        return packing.Capacity(batches.least_columns, slots), (height,)
    return packing.shape_for(
        batches.simulated(),
        batches.least_columns,
        batches.multiple,
        batches.lengthen,
        batches.programs,
    )


@dataclasses.dataclass(frozen=True)
class EvaluationBatches:
    """Every example of one cache once, packed by length, in equal batches.

    Attributes:
      cache: the split to be evaluated.
      features: how the problem becomes arrays.
      columns: the most that a row holds, per sequence feature.
      rows: B of every batch; the last one is filled with empty rows.
    """

    cache: Cache
    features: Features
    columns: tuple[int, ...]
    rows: int

    def iterate(
        self, host_rows: HostRows
    ) -> Iterator[tuple[Packed, packing.Layout, np.ndarray]]:
        """Yields a batch, the global layout in it and the examples it holds."""
        lengths = _fitting(self.cache, self.features, self.capacity.lengths)
        slots = self.features.slots(self.cache)
        layout = packing.pack(lengths, self.capacity, slots)
        examples = [(self.cache, number) for number in range(self.cache.size)]
        for low in range(0, layout.rows, self.rows):
            whole = np.arange(low, low + self.rows)
            present, placed = layout.take(whole)
            mine = host_rows(self.rows)
            members, part = layout.take(low + mine)
            drawn = Drawn(examples, members, part, len(mine))
            arrays = self.features.arrange(drawn, self.capacity)
            tokens = int(lengths[present].sum())
            places = self.rows * sum(self.capacity.lengths)
            yield (
                Packed(arrays, self.rows, len(present), tokens, places),
                placed,
                present,
            )

    @functools.cached_property
    def capacity(self) -> packing.Capacity:
        """Row lengths and slots, from the length index alone."""
        taken = self.features.slots(self.cache)
        first, *others = (one * int(taken.max()) for one in self.columns)
        lengths = self.features.lengths(self.cache)[:, 0]
        # Short examples are no better off in long rows, which a small set does
        # not fill. What follows is the model's own in part: it stays as long.
        first = min(first, max(SHORTEST, _power(2 * int(lengths.max()))))
        slots = _power(packing.slots_for(lengths, first, taken))
        return packing.Capacity((first, *others), slots)


def _taken(
    parts: Sequence[np.ndarray], chosen: Sequence[np.ndarray]
) -> np.ndarray:
    return np.concatenate(
        [part[some] for part, some in zip(parts, chosen, strict=True)]
    )


def _power(number: int) -> int:
    """Returns the power of two from there on, so that languages share programs."""
    return 1 << (number - 1).bit_length()


def _fitting(
    cache: Cache, features: Features, columns: tuple[int, ...]
) -> np.ndarray:
    """Returns Int[size F], the lengths; refuses what fits no row."""
    lengths = features.lengths(cache)
    if (lengths > np.array(columns)).any():
        raise InputError(
            f"{cache.manifest['dataset']}: an example of "
            f"{lengths.max(axis=0).tolist()} tokens does not fit a row of "
            f"{list(columns)}; raise row_lengths or lower lengths."
        )
    return lengths
