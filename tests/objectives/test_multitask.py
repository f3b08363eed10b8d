"""Several tasks on one encoder against each of them alone."""

import jax
import numpy as np
import pytest
import small_caches
import small_models
from flax import linen as nn

from xltransfer.data.loader import TrainingBatches
from xltransfer.data.mixing import MixedBatches
from xltransfer.objectives.multitask import MultiTask
from xltransfer.train import Program

ALONE = {
    "classification": small_models.CLASSIFIER,
    "language_modeling": small_models.MASKED_LM,
}
BOTH = MultiTask(tuple(ALONE.items()), (("head",), ("head",)))


@pytest.fixture(scope="module")
def streams(tmp_path_factory) -> dict[str, TrainingBatches]:
    folder = tmp_path_factory.mktemp("data")
    return {
        name: TrainingBatches(
            ((make(folder / name, 40), 1.0),), features, 8, (24,), seed
        )
        for name, make, features, seed in (
            (
                "classification",
                small_caches.pairs,
                small_models.CLASSIFICATION,
                1,
            ),
            (
                "language_modeling",
                small_caches.windows,
                small_models.MASKED,
                2,
            ),
        )
    }


@pytest.fixture(scope="module")
def mixed(streams) -> MixedBatches:
    rates = {"classification": 3.0, "language_modeling": 1.0}
    return MixedBatches(
        tuple((name, one, rates[name]) for name, one in streams.items())
    )


@pytest.fixture(scope="module")
def params() -> dict:
    return nn.unbox(BOTH.new_params(jax.random.key(0)))


def test_parameters_are_one_encoder_and_a_head_for_each_task(params):
    assert set(params) == {"encoder", "heads"}
    assert set(params["heads"]) == set(ALONE)
    for name, objective in ALONE.items():
        made = nn.unbox(objective.new_params(jax.random.key(0)))
        ours = BOTH.of(name, params)
        assert jax.tree.map(np.shape, ours) == jax.tree.map(np.shape, made)


@pytest.mark.parametrize("name", ALONE)
def test_a_batch_gives_the_loss_and_gradient_of_its_task_alone(
    name, params, streams
):
    arrays = streams[name].batch(0, np.arange).arrays
    ours, gradient = small_models.loss_and_gradient(
        BOTH, {name: arrays}, params
    )
    alone = BOTH.of(name, params)
    theirs, expected = small_models.loss_and_gradient(
        ALONE[name], arrays, alone
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    small_models.check_close(BOTH.of(name, gradient), expected)
    # The other task's head has no part in it.
    (other,) = set(ALONE) - {name}
    leaves = jax.tree.leaves(gradient["heads"][other])
    assert all((leaf == 0).all() for leaf in map(np.asarray, leaves))


def test_batches_come_in_turn_at_their_rates_and_each_once(mixed, streams):
    seen = {name: 0 for name in streams}
    for number in range(40):
        ((name, arrays),) = mixed.batch(number, np.arange).arrays.items()
        own = streams[name].batch(seen[name], np.arange).arrays
        jax.tree.map(np.testing.assert_array_equal, arrays, own)
        seen[name] += 1
    # Three of four, by the rates 3 and 1.
    assert seen == {"classification": 30, "language_modeling": 10}


def test_the_stream_goes_on_anywhere(mixed):
    stream = mixed.iterate(7, np.arange)
    for number in range(7, 12):
        jax.tree.map(
            np.testing.assert_array_equal,
            next(stream).arrays,
            mixed.batch(number, np.arange).arrays,
        )


def test_both_tasks_train_on_any_mesh(mixed, params):
    batches = [mixed.batch(number, np.arange) for number in range(4)]
    ends = []
    for sharding in ("data", "fsdp_tensor"):
        partitioning = small_models.partitioning(sharding)
        program = Program(BOTH, small_models.Descent(), 4, partitioning)
        state = program.start(
            jax.device_put(params, jax.tree.map(_sharding, _abstract(program)))
        )
        for packed in batches:
            # One process: the rows are those of the arrays.
            arrays = partitioning.put(jax.tree.map(_padded, packed.arrays), 0)
            state, _ = program.update(state, arrays, 0)
        ends.append(state.params)
    small_models.check_close(*ends)
    moved = jax.tree.map(
        lambda a, b: bool((np.asarray(a) != np.asarray(b)).any()),
        ends[0]["heads"],
        params["heads"],
    )
    assert all(jax.tree.leaves(moved))


def _abstract(program: Program) -> dict:
    return program.abstract.params


def _sharding(leaf: jax.ShapeDtypeStruct) -> jax.sharding.Sharding:
    return leaf.sharding


def _padded(array: np.ndarray) -> np.ndarray:
    """Rows enough for eight devices; empty ones change nothing."""
    rows = -(-len(array) // 8) * 8
    return np.concatenate(
        [array, np.zeros((rows - len(array), *array.shape[1:]), array.dtype)]
    )
