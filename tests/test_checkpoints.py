import shutil
from pathlib import Path

import jax
import numpy as np
import pytest

from xltransfer.checkpoints import Checkpoints, restore_params
from xltransfer.errors import InputError
from xltransfer.optimizer import AdamW
from xltransfer.partitioning import Partitioning
from xltransfer.train import TrainState

RULES = (("embed", "fsdp"),)
COPIED = Partitioning(RULES, data=8)
SPLIT = Partitioning(RULES, data=2, fsdp=4)


def state(step: int, where: Partitioning = COPIED) -> TrainState:
    """A state whose every value follows from the step."""
    rng = np.random.default_rng(step)
    params = {
        "encoder": {"kernel": rng.normal(size=(8, 4)).astype(np.float32)},
        "head": {"bias": rng.normal(size=8).astype(np.float32)},
    }
    made = TrainState(np.int32(step), params, AdamW(1e-3).build(9).init(params))
    sharding = where.batch_sharding
    return jax.tree.map(
        lambda leaf: jax.device_put(
            leaf, sharding if np.ndim(leaf) else where.replicated
        ),
        made,
    )


def abstract(where: Partitioning = COPIED) -> TrainState:
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=leaf.sharding
        ),
        state(0, where),
    )


def save(folder: Path, *scores: float | None) -> None:
    """Saves a state at steps 1, 2, …, each with its score."""
    with Checkpoints(folder, ("score",)) as checkpoints:
        for step, score in enumerate(scores, start=1):
            checkpoints.save(step, state(step), {"best": score}, named(score))


def named(score: float | None) -> dict[str, float]:
    return {} if score is None else {"score": score}


def kept(folder: Path) -> set[int]:
    return {int(one.name) for one in folder.iterdir() if one.name.isdigit()}


def assert_equal(a: object, b: object) -> None:
    """Bitwise, every leaf."""
    jax.tree.map(np.testing.assert_array_equal, a, b)


@pytest.mark.parametrize(
    ("scores", "steps"),
    [
        ((0.5, 0.9, 0.7), {2, 3}),
        ((0.9, 0.5, 0.7), {1, 3}),
        ((0.5, 0.7, 0.9), {3}),
        # Of equal scores, the earliest is the best, as a phase records it.
        ((0.5, 0.7, 0.7, 0.7, 0.1), {2, 5}),
        ((0.3, 0.3), {1, 2}),
        # Without a score a checkpoint is there for going on only.
        ((None, None, None), {3}),
        ((0.5, None, None), {1, 3}),
        ((0.0, None), {1, 2}),
    ],
)
def test_the_best_and_the_last_are_kept(tmp_path, scores, steps):
    save(tmp_path, *scores)
    assert kept(tmp_path) == steps


def test_the_best_is_still_known_after_going_on(tmp_path):
    save(tmp_path, 0.5, 0.9)
    with Checkpoints(tmp_path, ("score",)) as checkpoints:
        for step, score in ((3, 0.9), (4, 0.2)):
            checkpoints.save(step, state(step), {}, named(score))
    assert kept(tmp_path) == {2, 4}


@pytest.mark.parametrize(
    ("first", "second", "steps"),
    [
        # One best each, and the last.
        ((0.1, 0.9, 0.5, 0.4), (0.8, 0.2, 0.3, 0.1), {1, 2, 4}),
        # What is the best by both is kept once.
        ((0.1, 0.9, 0.5, 0.4), (0.1, 0.8, 0.3, 0.1), {2, 4}),
        ((0.1, 0.2, 0.3, 0.4), (0.1, 0.2, 0.3, 0.4), {4}),
    ],
)
def test_the_best_by_each_of_two_scores_is_kept(tmp_path, first, second, steps):
    with Checkpoints(tmp_path, ("a", "b")) as checkpoints:
        for step, (a, b) in enumerate(zip(first, second, strict=True), start=1):
            checkpoints.save(step, state(step), {}, {"a": a, "b": b})
    assert kept(tmp_path) == steps


def test_without_a_score_only_the_last_is_kept(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        for step in (1, 2, 3):
            checkpoints.save(step, state(step), {})
    assert kept(tmp_path) == {3}


def test_a_step_that_is_there_is_left_alone(tmp_path):
    save(tmp_path, 0.5, 0.9)
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(2, state(7), {}, named(0.1))
        found, position = checkpoints.restore(abstract())
    assert_equal(found, state(2))
    assert position == {"best": 0.9}


def test_nothing_is_restored_where_nothing_was_saved(tmp_path):
    with Checkpoints(tmp_path / "new") as checkpoints:
        assert checkpoints.restore(abstract()) is None
        assert checkpoints.position() is None


def test_a_position_comes_back_as_it_was(tmp_path):
    position = {"best": 1 / 3, "best_step": 2, "worse": 0, "none": None}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, state(1), position)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.restore(abstract())[1] == position
        assert checkpoints.position() == position


@pytest.mark.parametrize("where", [COPIED, SPLIT], ids=["copied", "split"])
def test_another_mesh_restores_equal_values(tmp_path, where):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, state(1), {})
    with Checkpoints(tmp_path) as checkpoints:
        found, _ = checkpoints.restore(abstract(where))
    assert_equal(found, state(1))
    wanted = abstract(where)
    jax.tree.map(lambda a, b: a.sharding == b.sharding or 1 / 0, found, wanted)
    params = restore_params(tmp_path, 1, wanted.params)
    assert_equal(params, state(1).params)


def test_only_the_wanted_parameters_are_read(tmp_path):
    save(tmp_path, 0.5)
    wanted = {"encoder": abstract().params["encoder"]}
    found = restore_params(tmp_path, 1, wanted)
    assert_equal(found, {"encoder": state(1).params["encoder"]})


def test_another_shape_is_refused_and_named(tmp_path):
    save(tmp_path, 0.5)
    wanted = abstract().params
    wanted["encoder"]["kernel"] = jax.ShapeDtypeStruct((8, 5), np.float32)
    with pytest.raises(InputError, match=r"encoder/kernel.*8, 4.*8, 5"):
        restore_params(tmp_path, 1, wanted)


def test_a_missing_parameter_is_refused_and_named(tmp_path):
    save(tmp_path, 0.5)
    wanted = abstract().params
    wanted["decoder"] = {"bias": wanted["head"]["bias"]}
    with pytest.raises(InputError, match="no parameter decoder/bias"):
        restore_params(tmp_path, 1, wanted)


def test_a_missing_checkpoint_is_named(tmp_path):
    save(tmp_path, 0.5)
    with pytest.raises(InputError, match=r"/3: there is no checkpoint"):
        restore_params(tmp_path, 3, abstract().params)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_damaged_checkpoint_is_an_error_or_reads_whole(tmp_path):
    # Every file in turn is cut to half, then left out.
    save(tmp_path / "whole", 0.5)
    errors = 0
    for number, file in enumerate(_files(tmp_path / "whole")):
        for cut in (True, False):
            folder = tmp_path / f"{number}-{cut}"
            shutil.copytree(tmp_path / "whole", folder)
            victim = folder / file.relative_to(tmp_path / "whole")
            half = victim.read_bytes()[: victim.stat().st_size // 2]
            victim.write_bytes(half) if cut else victim.unlink()
            errors += _is_refused(folder)
    assert errors >= 8


def _is_refused(folder: Path) -> bool:
    try:
        params = restore_params(folder, 1, abstract().params)
    except InputError as error:
        assert str(folder / "1") in str(error)
        return True
    assert_equal(params, state(1).params)
    return False


def test_going_on_from_a_damaged_checkpoint_is_an_error(tmp_path):
    save(tmp_path, 0.5)
    for file in _files(tmp_path / "1" / "state"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with (
        pytest.raises(InputError, match="damaged checkpoint"),
        Checkpoints(tmp_path) as checkpoints,
    ):
        checkpoints.restore(abstract())


def test_what_a_killed_process_left_is_removed(tmp_path):
    save(tmp_path, 0.5)
    (tmp_path / "2.orbax-checkpoint-tmp").mkdir()
    with Checkpoints(tmp_path, ("score",)) as checkpoints:
        checkpoints.save(2, state(2), {})
    assert {one.name for one in tmp_path.iterdir()} == {"1", "2"}
