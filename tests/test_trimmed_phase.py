"""Trimmed phases: from a parent to a checkpoint, killed, evaluated, refused."""

import dataclasses

import numpy as np
import pytest
import small_models
from command import TINY
from test_phase import assert_bitwise, ignore, numbers, saved, stop_at

from xltransfer import configuration, phase, phase_folder, study, trimming
from xltransfer.errors import InputError
from xltransfer.interruption import Interrupted
from xltransfer.optimizer import Adafactor
from xltransfer.specification import Phase
from xltransfer.workspace import Execution, Workspace

ROWS = "['params']['encoder']['embeddings']['token']['embedding']"
BOTH = ("intermediate", "target")


def phases(*overrides: str) -> dict[str, Phase]:
    """The tiny study's phases by kind; the target is the control's."""
    found, _ = configuration.load(TINY, overrides)
    return {one.kind: one for one in study.phases(found)}


@pytest.fixture
def place(command, tmp_path):
    """Makes workspaces by name, trimmed or not."""
    found, _ = configuration.load(TINY, ())

    def place(name: str, trim: tuple[str, ...] = BOTH) -> Workspace:
        return Workspace(
            tmp_path / name,
            command.cache,
            None,
            found.partitioning,
            dataclasses.replace(found.execution, trim=trim),
        )

    return place


def test_a_trimmed_phase_leaves_what_an_untrimmed_one_leaves(place):
    target = phases()["target"]
    whole, trimmed = place("whole", ()), place("trimmed")
    records = [phase.run(target, one, ignore) for one in (whole, trimmed)]
    assert records[0]["identity"] == records[1]["identity"]
    assert records[0]["score"] == records[1]["score"]
    one, other = (saved(place.directory(target)) for place in (whole, trimmed))
    assert one.keys() == other.keys()
    moments = 0
    for name, leaf in one.items():
        if leaf.shape != other[name].shape:
            moments += 1
            # Their parameter has 600 rows, of which few are trained.
            assert leaf.shape == (600, 16) and len(other[name]) < 300
        elif not name.endswith("['key']['bias']"):
            # Rounding of zero gradients, which Adam makes steps of.
            np.testing.assert_allclose(other[name], leaf, 1e-4, 1e-5, name)
    tables = [name for name in one if name.endswith(ROWS)]
    assert moments == 2 * len(tables) > 0
    losses = [
        [
            line["loss"]
            for line in numbers(place.directory(target))
            if "loss" in line
        ]
        for place in (whole, trimmed)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-6)


def test_a_trimmed_phase_stopped_at_any_step_ends_where_it_would_have(place):
    target = phases()["target"]
    phase.run(target, place("whole"), ignore)
    for last in (1, 3, 5):
        with pytest.raises(Interrupted, match=f"target at step {last}"):
            phase.run(target, place("stopped"), stop_at(last))
    phase.run(target, place("stopped"), ignore)
    assert_bitwise(
        *(place(name).directory(target) for name in ("whole", "stopped"))
    )


def test_going_on_with_other_rows_is_an_error(place):
    target = phases()["target"]
    with pytest.raises(Interrupted):
        phase.run(target, place("out"), stop_at(1))
    with pytest.raises(InputError, match=r"begun with another Execution\.trim"):
        phase.run(target, place("out", ()), ignore)
    # And it still goes on as it was begun.
    assert phase.run(target, place("out"), ignore)["steps"] == 6


def test_a_trimmed_study_gives_the_untrimmed_ones_predictions(
    finished, command, tmp_path
):
    # Intermediate and target phases are trimmed; eleven languages of the
    # evaluation have pieces that no training data hold.
    command.run("run", TINY, "--out", tmp_path, f"--gin.Execution.trim={BOTH}")
    whole = finished[0]
    files = sorted((whole / "phases").rglob("predictions/**/*.*"))
    assert len(files) >= 36
    for path in files:
        twin = tmp_path / path.relative_to(whole)
        assert path.read_bytes() == twin.read_bytes()
    table = (whole / "results.csv").read_bytes()
    assert table == (tmp_path / "results.csv").read_bytes()


def test_a_trimmed_softmax_is_another_training_and_said_so(place):
    plain, trimmed = (
        phases(f"pretrain/Training.trimmed_softmax={flag}")
        for flag in (False, True)
    )
    assert not plain["pretrain"].trimmed_softmax
    # Also of those that started from such parameters.
    assert {kind: one.trimmed_softmax for kind, one in trimmed.items()} == {
        "pretrain": True,
        "intermediate": True,
        "target": False,
    }
    identities = [
        found["pretrain"].identity(None) for found in (plain, trimmed)
    ]
    assert identities[0] != identities[1]
    one = trimmed["pretrain"]
    phase.run(one, place("out"), ignore)
    assert phase_folder.protocol(one, place("out"))["trimmed_softmax"] is True
    found = saved(place("out").directory(one))
    moments = [
        leaf.shape for name, leaf in found.items() if "opt_state" in name
    ]
    # 600 rows, of which 560 are pieces.
    assert not any(600 in shape for shape in moments)
    assert found[f"6{ROWS}"].shape == (600, 16)


# What is refused, before anything is trained.


def check(one: Phase, trim: tuple[str, ...] = BOTH, **training: object):
    training = dataclasses.replace(one.training, **training)
    trimming.check(dataclasses.replace(one, training=training), trim)


def test_phases_that_are_not_named_are_not_looked_at():
    check(phases()["pretrain"])
    check(phases()["target"], (), optimizer=Adafactor())


def test_masked_words_are_not_trimmed_unless_asked_to():
    one = phases()["pretrain"]
    with pytest.raises(InputError, match=r"pretrain phase.*softmax over all"):
        check(one, ("pretrain",))
    check(one, ("pretrain",), trimmed_softmax=True)


def test_text_to_text_is_not_trimmed_unless_asked_to():
    one = dataclasses.replace(
        phases()["target"],
        model=small_models.MT5_CONFIG,
        training=dataclasses.replace(
            phases()["target"].training, lengths={"inputs": 9, "targets": 9}
        ),
    )
    with pytest.raises(InputError, match="softmax over all pieces"):
        check(one)
    # Other rows are no part of that training, so Adafactor may be its rule.
    check(one, trimmed_softmax=True, optimizer=Adafactor())


def test_another_softmax_is_not_asked_for_where_there_is_none():
    with pytest.raises(InputError, match=r"no softmax.*Execution\.trim"):
        check(phases()["target"], trimmed_softmax=True)


def test_adafactor_is_not_trimmed_unless_the_table_is_frozen():
    one = phases()["target"]
    with pytest.raises(InputError, match=r"Adafactor.*embeddings/token"):
        check(one, optimizer=Adafactor())
    check(one, optimizer=Adafactor(frozen=("encoder/embeddings",)))


def test_a_study_is_refused_before_it_trains(tmp_path):
    found, _ = configuration.load(TINY, ("Execution.trim=('pretrain',)",))
    place = Workspace(
        tmp_path, tmp_path, None, found.partitioning, found.execution
    )
    with pytest.raises(InputError, match="pretrain phase cannot be trimmed"):
        study.check(found, place)


def test_an_unknown_kind_of_phase_is_an_error():
    with pytest.raises(InputError, match=r"Execution\.trim is \('traget',\)"):
        Execution(trim=("traget",))
