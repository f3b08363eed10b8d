"""Shapes of phases whose data are not there, against those of phases with data."""

from pathlib import Path

import jax
import pytest
import trivial

from xltransfer import configuration, shapes, study, unread
from xltransfer.workspace import Workspace

KEY = jax.ShapeDtypeStruct((), jax.eval_shape(jax.random.key, 0).dtype)
STUDIES = Path(__file__).parents[1] / "gin" / "studies"


@pytest.fixture(scope="module")
def tiny(command, tmp_path_factory):
    """Phases of the tiny study by kind, and a workspace that has their caches."""
    found = trivial.load()
    out = tmp_path_factory.mktemp("tiny")
    workspace = Workspace(
        out, command.cache, None, found.partitioning, found.execution
    )
    return {one.kind: one for one in study.phases(found)}, workspace


@pytest.mark.parametrize("kind", ["pretrain", "target"])
def test_without_data_a_batch_has_the_arrays_of_one_with_data(tiny, kind):
    phase, workspace = tiny[0][kind], tiny[1]
    ((program, batch),) = unread.training(phase, workspace)
    ((wanted, read),) = shapes.training(phase, workspace)
    assert type(program.objective) is type(wanted.objective)
    assert program.abstract.params.keys() == wanted.abstract.params.keys()
    assert batch.keys() == read.keys()
    for name, leaf in read.items():
        assert batch[name].dtype == leaf.dtype, name
        assert len(batch[name].shape) == len(leaf.shape), name


def test_without_data_every_example_has_a_row_as_long_as_it_may_be(tiny):
    phase, workspace = tiny[0]["target"], tiny[1]
    ((_, batch),) = unread.training(phase, workspace)
    # tiny.gin: batches of 8 examples, here on eight devices, of 32 tokens.
    assert batch["tokens"].shape == (
        phase.training.batch_size,
        dict(phase.training.lengths)["tokens"],
    )
    assert phase.training.batch_size % 8 == 0


def test_without_data_as_many_rows_are_predicted_as_with_data(tiny):
    phase, workspace = tiny[0]["target"], tiny[1]
    part = phase.groups[0].components[0]
    _, batch = unread.prediction(phase, workspace, part)
    _, read = shapes.evaluation(phase, workspace, part)
    assert batch["tokens"].shape == read["tokens"].shape


# Of whatever depth: tracing takes as long as there are layers.
@pytest.mark.parametrize(
    ("name", "changes"),
    [("phang2020", ["XLMRConfig.num_layers = 2"]), ("miniature_all_mt5", [])],
)
def test_every_problem_has_shapes_without_data(name, changes, tmp_path):
    found, _ = configuration.load(STUDIES / f"{name}.gin", changes)
    workspace = Workspace(
        tmp_path, tmp_path, None, found.partitioning, found.execution
    )
    known = {(type(one.model), one.groups): one for one in study.phases(found)}
    assert len(known) > 2
    for phase in known.values():
        parts = unread.training(phase, workspace)
        assert len(parts) == len(phase.groups)
        for program, batch in parts:
            rows = {leaf.shape[0] for leaf in jax.tree.leaves(batch)}
            assert len(rows) == 1
            assert min(rows) >= phase.training.batch_size
            assert program.partitioning is found.partitioning
            # As a compiler is given it: a problem may have no classes yet.
            objective = program.objective
            sums = jax.eval_shape(
                objective.sums, program.abstract.params, batch, KEY
            )
            assert sums["loss"].shape == ()
    assert not [*tmp_path.iterdir()]
