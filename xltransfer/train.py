"""TrainState, one jitted train step, and the programs made from them."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Int

from xltransfer.errors import InputError
from xltransfer.models import depth
from xltransfer.objectives.objective import Batch, Objective, Params
from xltransfer.optimizer import Optimizer, treats_layers_alike
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor

INIT, DROPOUT = 0, 1


@flax.struct.dataclass
class TrainState:
    """Everything that an update changes.

    Between updates the layers of a scan are joined (`Program.held`); with
    arrays of their own everywhere else.

    Attributes:
      step: Int[]: updates done.
      params: the parameters, float32.
      opt_state: the optimiser's.
    """

    step: Int[Array, ""]
    params: Params
    opt_state: Any


@dataclasses.dataclass(frozen=True)
class Program:
    """What a train step is compiled from. Equal programs compile once.

    Attributes:
      objective: model, loss, prediction.
      optimizer: the update rule.
      steps: updates of the whole run, which the schedule needs.
      partitioning: mesh and rules.
      microbatches: parts in which a batch's rows are worked off.
    """

    objective: Objective
    optimizer: Optimizer
    steps: int
    partitioning: Partitioning
    microbatches: int = 1

    @property
    def joins_layers(self) -> bool:
        """Are the layers of a stack one while it trains?"""
        return self.partitioning.scan and treats_layers_alike(self.optimizer)

    def init(self, seed: int) -> TrainState:
        """Returns a new state, sharded, the same on every mesh."""
        key = jax.random.fold_in(jax.random.key(seed), INIT)
        with self.partitioning.scope():
            return _init(self)(key)

    def new_parts(self, seed: int, names: tuple[str, ...]) -> Params:
        """Returns only some parts of the parameters that `init` makes."""
        key = jax.random.fold_in(jax.random.key(seed), INIT)
        with self.partitioning.scope():
            return _new_parts(self, names)(key)

    def start(self, params: Params) -> TrainState:
        """Returns the state at step 0 with given parameters."""
        with self.partitioning.scope():
            return _start(self)(params)

    def resume(self, saved: TrainState) -> TrainState:
        """Returns a saved state as updates hold it; `saved` is used up."""
        if not self.joins_layers:
            return saved
        joined = functools.partial(_converted, depth.join, free=True)
        return jax.tree.map(joined, saved, self.held, is_leaf=depth.is_split)

    def whole(self, state: TrainState) -> TrainState:
        """Returns a state in which every layer has arrays of its own."""
        if not self.joins_layers:
            return state
        split = functools.partial(_converted, depth.split, free=False)
        return jax.tree.map(
            split, state, self.abstract, is_leaf=depth.is_joined
        )

    def update(
        self, state: TrainState, batch: Batch, seed: int
    ) -> tuple[TrainState, dict[str, Array]]:
        """Returns the next state and the step's metrics; `state` is used up."""
        with self.partitioning.scope():
            return compiled_update(self)(state, batch, np.uint32(seed))

    def predict(self, params: Params, batch: Batch) -> Any:
        """Returns the objective's outputs, a whole copy on every device."""
        return self.predictor.predict(params, batch)

    @property
    def predictor(self) -> Predictor:
        """What predicts with the parameters that the program trains."""
        return Predictor(self.objective, self.partitioning)

    @functools.cached_property
    def abstract(self) -> TrainState:
        """Shapes, types and shardings of the state that is saved."""
        return _abstract(self)

    @functools.cached_property
    def held(self) -> TrainState:
        """Shapes, types and shardings of the state that is updated."""
        if not self.joins_layers:
            return self.abstract
        return depth.join(self.abstract, depth.abstract)


@functools.lru_cache
def _abstract(program: Program) -> TrainState:
    params = program.predictor.abstract
    opt_state = jax.eval_shape(
        program.optimizer.build(program.steps).init, params
    )
    replicated = program.partitioning.replicated
    return TrainState(
        step=jax.ShapeDtypeStruct((), jnp.int32, sharding=replicated),
        params=params,
        opt_state=_follow(opt_state, params, replicated),
    )


def _with_sharding(
    leaf: jax.ShapeDtypeStruct, sharding: jax.sharding.Sharding
) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def _follow(
    opt_state: Any, params: Params, replicated: jax.sharding.Sharding
) -> Any:
    """Gives a moment its parameter's sharding; what has no twin, a copy each.

    Moments lie under the same path as their parameter. Adafactor's factored
    ones lack one of its axes, and are split along the other ones.
    """
    known = {
        jax.tree_util.keystr(path): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    }

    def place(path: tuple, leaf: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
        for start in range(len(path)):
            twin = known.get(jax.tree_util.keystr(path[start:]))
            if twin is None:
                continue
            if twin.shape == leaf.shape:
                return _with_sharding(leaf, twin.sharding)
            moment = getattr(path[start - 1], "name", "")
            sharding = _without_axis(moment, leaf, twin)
            return _with_sharding(leaf, sharding or replicated)
        return _with_sharding(leaf, replicated)

    return jax.tree_util.tree_map_with_path(place, opt_state)


def _without_axis(
    moment: str, leaf: jax.ShapeDtypeStruct, twin: jax.ShapeDtypeStruct
) -> NamedSharding | None:
    """Returns a factored moment's sharding, if it is one.

    `optax.scale_by_factored_rms`: `v_row` lacks the longest axis, `v_col` the
    second longest; of equally long ones the last counts as longest.
    """
    if len(twin.shape) < 2 or moment not in ("v_row", "v_col"):
        return None
    axis = np.argsort(twin.shape)[-1 if moment == "v_row" else -2]
    if leaf.shape != tuple(np.delete(twin.shape, axis)):
        return None
    # A specification may be shorter than the shape: the rest is not split.
    names = dict(enumerate(twin.sharding.spec))
    others = (one for one in range(len(twin.shape)) if one != axis)
    spec = PartitionSpec(*(names.get(one) for one in others))
    return NamedSharding(twin.sharding.mesh, spec)


def _shardings(program: Program) -> TrainState:
    return jax.tree.map(lambda leaf: leaf.sharding, program.held)


def _converted(
    convert: Callable[[Any], Any], node: Any, wanted: Any, *, free: bool
) -> Any:
    """Joins or splits one stack; the layers' moments are another one.

    One after the other, so that no more than one lies there twice, if what it
    is made from is freed.
    """
    if not isinstance(node, dict):
        return node
    layers = {name: part for name, part in node.items() if name not in wanted}
    rest = {name: part for name, part in node.items() if name in wanted}
    shardings, structure = jax.tree.flatten(
        {
            name: jax.tree.map(lambda leaf: leaf.sharding, part)
            for name, part in wanted.items()
            if name not in node
        }
    )
    made = _conversion(convert, structure, tuple(shardings))(layers)
    if free:
        for leaf in jax.tree.leaves(layers):
            leaf.delete()
    return rest | made


@functools.lru_cache
def _conversion(
    convert: Callable[[Any], Any], structure: Any, shardings: tuple
) -> Callable[[Any], Any]:
    return jax.jit(
        convert, out_shardings=jax.tree.unflatten(structure, shardings)
    )


@functools.lru_cache
def _init(program: Program) -> Callable[[jax.Array], TrainState]:
    def init(key: jax.Array) -> TrainState:
        params = nn.unbox(program.objective.new_params(key))
        opt_state = program.optimizer.build(program.steps).init(params)
        return _held(program, TrainState(jnp.int32(0), params, opt_state))

    return jax.jit(init, out_shardings=_shardings(program))


@functools.lru_cache
def _new_parts(
    program: Program, names: tuple[str, ...]
) -> Callable[[jax.Array], Params]:
    def new_parts(key: jax.Array) -> Params:
        # The compiler leaves out what is not returned.
        params = nn.unbox(program.objective.new_params(key))
        return {name: params[name] for name in names}

    shardings = jax.tree.map(
        lambda leaf: leaf.sharding, program.abstract.params
    )
    return jax.jit(
        new_parts, out_shardings={name: shardings[name] for name in names}
    )


@functools.lru_cache
def _start(program: Program) -> Callable[[Params], TrainState]:
    def start(params: Params) -> TrainState:
        opt_state = program.optimizer.build(program.steps).init(params)
        return _held(program, TrainState(jnp.int32(0), params, opt_state))

    return jax.jit(start, out_shardings=_shardings(program))


def _held(program: Program, state: TrainState) -> TrainState:
    return depth.join(state) if program.joins_layers else state


@functools.lru_cache
def compiled_update(program: Program) -> Callable[..., tuple[TrainState, dict]]:
    """Returns the jitted function of `Program.update`, to call in its scope."""
    optimizer = program.optimizer.build(program.steps)
    schedule = program.optimizer.schedule(program.steps)

    def update(
        state: TrainState, batch: Batch, seed: jax.Array
    ) -> tuple[TrainState, dict[str, Array]]:
        # Made here, not by the caller: outside of the program a key costs
        # more than a small model's step.
        key = jax.random.fold_in(jax.random.key(seed), DROPOUT)
        key = jax.random.fold_in(key, state.step)
        gradient, sums = _summed_gradient(program, state.params, batch, key)
        weight = jnp.maximum(sums["weight"], 1.0)
        gradient = jax.tree.map(lambda leaf: leaf / weight, gradient)
        updates, opt_state = optimizer.update(
            gradient, state.opt_state, state.params
        )
        params = optax.apply_updates(state.params, updates)
        metrics = {
            "loss": sums["loss"] / weight,
            "accuracy": sums["correct"] / weight,
            "gradient_norm": optax.tree.norm(gradient),
            "learning_rate": schedule(state.step),
        }
        return TrainState(state.step + 1, params, opt_state), metrics

    return jax.jit(
        update,
        donate_argnums=0,
        out_shardings=(_shardings(program), program.partitioning.replicated),
    )


def _summed_gradient(
    program: Program, params: Params, batch: Batch, key: jax.Array
) -> tuple[Params, dict[str, Array]]:
    """Returns the gradient of the summed loss, and the sums."""

    def loss(params: Params, part: Batch, key: jax.Array) -> tuple:
        sums = program.objective.sums(params, part, key)
        return sums["loss"], sums

    gradient_of = jax.grad(loss, has_aux=True)
    count = program.microbatches
    if count > 1 and getattr(program.objective, "whole_batch", False):
        raise InputError(
            f"Execution.microbatches is {count}, but candidates are compared "
            "within a whole batch: it must be 1."
        )
    if count == 1:
        return gradient_of(params, batch, key)

    def add(total: tuple, part: tuple) -> tuple[tuple, None]:
        gradient = gradient_of(
            params, part[0], jax.random.fold_in(key, part[1])
        )
        return jax.tree.map(jnp.add, total, gradient), None

    parts = jax.tree.map(functools.partial(_split_rows, count), batch)
    first = jax.tree.map(lambda leaf: leaf[0], parts)
    shapes = jax.eval_shape(gradient_of, params, first, key)
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    return jax.lax.scan(add, zeros, (parts, jnp.arange(count)))[0]


def _split_rows(count: int, array: Array) -> Array:
    """[B ...] -> [count B/count ...], every count-th row together.

    Consecutive rows lie on one device, so no row moves to another.
    """
    split = array.reshape(-1, count, *array.shape[1:])
    return jnp.swapaxes(split, 0, 1)
