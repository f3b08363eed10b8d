"""What a study may say, and which phases follow."""

import dataclasses

import pytest
from command import TINY

from tasks.vocabularies import TrainedVocabulary
from xltransfer import configuration, study
from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5Config
from xltransfer.optimizer import Adafactor
from xltransfer.specification import Phase, Training
from xltransfer.study.changes import changed

HINDI = "miniature_inference.hi"
GERMAN = "miniature_inference.de"
CODES = ("en", "de", "el", "es", "fa", "fr", "hi", "id", "ru", "sw")


def load(*overrides: str) -> study.Study:
    return configuration.load(TINY, overrides)[0]


def lineage(last: Phase | None) -> list[str]:
    """Names the data of a phase and of those before it, in order."""
    if last is None:
        return []
    names = "+".join(part.dataset.name for part in last.components)
    return [*lineage(last.parent), names]


def by_label(found: study.Study) -> dict[str, study.Cell]:
    return {cell.intermediate: cell for cell in study.cells(found)}


def kinds(found: study.Study) -> dict[str, int]:
    every = [one.kind for one in study.phases(found)]
    return {kind: every.count(kind) for kind in sorted(set(every))}


def ten_by_ten() -> study.Study:
    tiny = load("Study.seeds=(1, 2, 3)", "Study.controls={}")
    targets = {
        f"target {n}": dataclasses.replace(
            tiny.targets["nli"], changes={"steps": 6 + n}
        )
        for n in range(10)
    }
    rows = {code: f"miniature_inference.{code}" for code in CODES}
    return dataclasses.replace(
        tiny,
        pretrain=None,
        intermediates={"none": None} | rows,
        targets=targets,
    )


def test_ten_intermediates_ten_targets_and_three_seeds_are_330_phases():
    found = ten_by_ten()
    rows = [one for one in study.cells(found) if one.intermediate != "none"]
    every = {one.phase for one in rows} | {one.phase.parent for one in rows}
    # 10 x 3 intermediate, 10 x 10 x 3 target phases; without sharing 2 x 300.
    assert len(every) == 330
    # Beside them direct transfer, which deltas are against: 10 x 3.
    assert kinds(found) == {"intermediate": 30, "target": 330}


def test_a_row_of_several_phases_is_trained_in_its_order():
    found = load(
        f"Study.intermediates={{'none': None, 'first': '{GERMAN}', "
        f"'both': ['{GERMAN}', '{HINDI}']}}"
    )
    rows = by_label(found)
    text, target = "miniature_text.mul", "miniature_nli.en"
    assert lineage(rows["both"].phase) == [text, GERMAN, HINDI, target]
    # What two rows begin with is trained once.
    assert rows["both"].phase.parent.parent == rows["first"].phase.parent
    # 2,000 examples each.
    assert [one.examples for one in rows.values()] == [0, 2000, 4000, 0]


def test_a_target_of_several_sets_is_trained_in_their_order():
    found = load(
        "Target.train=('miniature_nli.de', 'miniature_nli.en')",
        "Target.dev=('miniature_nli.de', 'miniature_nli.en')",
    )
    last = by_label(found)["none"].phase
    assert lineage(last)[1:] == ["miniature_nli.de", "miniature_nli.en"]
    assert last.kind == last.parent.kind == "target"
    dev = [one.validation[0].dataset.name for one in (last.parent, last)]
    assert dev == ["miniature_nli.de", "miniature_nli.en"]


def test_every_model_has_rows_and_a_training_of_its_own():
    tiny = load("Study.controls={}")
    lengths = {"inputs": 64, "targets": 8}
    text = Training(
        steps=3, batch_size=8, lengths=lengths, optimizer=Adafactor()
    )
    mt5 = study.Model(
        config=MT5Config(600, 16, 2, 1, 1, 8, 32),
        vocabulary=TrainedVocabulary("mt5", 600, ("miniature_text.mul",)),
        intermediate=text,
        target=text,
    )
    xlmr = study.Model(tiny.model, tiny.vocabulary, pretrain=tiny.pretrain)
    found = dataclasses.replace(
        tiny,
        model=None,
        vocabulary=None,
        pretrain=None,
        models={"XLM-R": xlmr, "mT5": mt5},
        target=tiny.targets["nli"].training,
        targets={
            "nli": dataclasses.replace(tiny.targets["nli"], training=None)
        },
    )
    steps = {
        (cell.model, cell.intermediate): cell.phase.training.steps
        for cell in study.cells(found)
    }
    assert steps == {
        ("XLM-R", "none"): 6,
        ("XLM-R", "Hindi"): 6,
        ("mT5", "none"): 3,
        ("mT5", "Hindi"): 3,
    }
    assert kinds(found) == {"pretrain": 1, "intermediate": 2, "target": 4}


def test_one_model_is_called_by_its_family_as_ever():
    assert {cell.model for cell in study.cells(load())} == {"XLMR"}


def test_size_matched_rows_stand_beside_the_whole_ones():
    found = load("Study.matched_examples=500", "Study.seeds=(1, 2)")
    rows = by_label(found)
    assert list(rows) == [
        "none",
        "Hindi",
        "Hindi, 500 examples",
        "no pretraining",
    ]
    assert [one.examples for one in rows.values()] == [0, 2000, 500, 0]
    drawn = {
        part
        for cell in study.cells(found)
        if cell.examples == 500
        for part in cell.phase.parent.components
    }
    # Each seed draws its own.
    samples = [one.dataset.split("train").sample for one in drawn]
    assert sorted((one.count, one.seed) for one in samples) == [
        (500, 1),
        (500, 2),
    ]


def test_a_set_of_just_that_size_is_not_trained_on_twice():
    found = load("Study.matched_examples=2000")
    rows = by_label(found)
    assert rows["Hindi"].phase == rows["Hindi, 2,000 examples"].phase


def test_an_epoch_is_counted_by_the_sizes_that_rows_state():
    found = load(
        "intermediate/Training.steps=0",
        "intermediate/Training.epochs=1.5",
        "Study.matched_examples=500",
    )
    parents = {
        name: cell.phase.parent.training
        for name, cell in by_label(found).items()
        if cell.examples
    }
    # 2,000 and 500 examples in batches of 8, one and a half times.
    assert parents["Hindi"].steps == 375
    assert parents["Hindi, 500 examples"].steps == 94
    # What is found is what steps would have said.
    assert parents["Hindi"].epochs is None


def test_steps_and_epochs_together_are_the_fewer_updates():
    for epochs, steps in ((1, 250), (2, 300)):
        found = load(
            "intermediate/Training.steps=300",
            f"intermediate/Training.epochs={epochs}",
        )
        assert by_label(found)["Hindi"].phase.parent.training.steps == steps


def test_an_epoch_without_a_known_size_is_refused():
    found = load(
        "intermediate/Training.steps=0",
        "intermediate/Training.epochs=1",
        "Study.intermediates={'none': None, 'ccg': 'ccg.en'}",
    )
    with pytest.raises(InputError, match=r"examples of ccg\.en is not known"):
        list(study.cells(found))


def test_trainings_are_chosen_by_the_problem_of_the_data():
    tiny = load(
        "Study.intermediates={'none': None, 'choice': 'miniature_choice.hi', "
        "'nli': 'miniature_nli.hi', 'both': 'miniature_nli.hi * 1 + "
        "miniature_choice.hi * 1'}"
    )
    made = {
        name: dataclasses.replace(tiny.intermediate, steps=steps)
        for name, steps in (("any", 3), ("classification", 4), ("multitask", 5))
    }
    found = dataclasses.replace(tiny, intermediate=made)
    steps = {
        name: cell.phase.parent.training.steps
        for name, cell in by_label(found).items()
        if cell.examples
    }
    assert steps == {"choice": 3, "nli": 4, "both": 5}
    del made["any"]
    found = dataclasses.replace(tiny, intermediate=made)
    with pytest.raises(InputError, match="but not on 'multiple_choice'"):
        list(study.cells(found))


def test_changes_reach_deep_and_leave_the_rest():
    training = load().intermediate
    found = changed(
        training,
        {
            "optimizer.frozen": ("encoder",),
            "lengths.tokens": 16,
            # Either without the other would be refused.
            "selection": "dev",
            "evaluate_every": 5,
        },
    )
    assert found.optimizer == dataclasses.replace(
        training.optimizer, frozen=("encoder",)
    )
    assert dict(found.lengths) == {"tokens": 16}
    assert (found.selection, found.evaluate_every) == ("dev", 5)
    assert (found.steps, found.batch_size) == (training.steps, 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 3}, "has no 'step' to be changed. Did you mean 'steps'"),
        ({"optimizer.rate": 3}, "Training.optimizer has no 'rate'"),
        ({"lengths.token": 3}, "Did you mean 'tokens'"),
        ({"steps.x": 3}, "Training.steps has no 'x'"),
        ({"steps": "x"}, "Training.steps is 'x', but must be int"),
    ],
)
def test_a_change_that_cannot_be_is_named(changes, message):
    with pytest.raises(InputError) as caught:
        changed(load().intermediate, changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("Study.model=None", "Study.models, must be bound"),
        ("Study.intermediates={'n': None, 'a': []}", "empty list"),
        ("Study.intermediates={'n': None, 'a': 3}", "Study.intermediates"),
        ("Study.matched_examples=-1", "matched_examples is -1"),
        ("Study.scale='small'", "Study.scale is 'small'"),
        ("Target.train=('a', 'b')", "as many of one as of the other"),
    ],
)
def test_a_study_that_cannot_be_is_refused(override, message):
    with pytest.raises(InputError) as caught:
        load(override)
    assert message in str(caught.value)


def test_models_beside_a_model_are_refused():
    tiny = load()
    models = {"a": study.Model(tiny.model, tiny.vocabulary)}
    with pytest.raises(InputError, match="which is meant"):
        dataclasses.replace(tiny, models=models)
