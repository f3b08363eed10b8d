"""Ways of training that a study compares."""

import dataclasses

import pytest
from command import TINY

from xltransfer import configuration, study
from xltransfer.errors import InputError
from xltransfer.study import Method

FROZEN = Method(
    intermediate={"optimizer.frozen": ("encoder/embeddings",)},
    target={"optimizer.frozen": ("encoder/embeddings",)},
)
MIXED = Method(text="miniature_all_text", share=0.25)


def tiny(**methods: Method) -> study.Study:
    found = configuration.load(TINY, ("Study.controls={}",))[0]
    return dataclasses.replace(found, methods=methods)


def cells(found: study.Study) -> dict[tuple[str, str], study.Cell]:
    return {(one.method, one.intermediate): one for one in study.cells(found)}


def test_each_method_has_every_row_and_shares_what_is_the_same():
    found = tiny(all=Method(), frozen=FROZEN, mixed=MIXED)
    by_label = cells(found)
    assert list(by_label) == [
        (method, row)
        for method in ("all", "frozen", "mixed")
        for row in ("none", "Hindi")
    ]
    direct = [by_label[name, "none"].phase for name in ("all", "mixed")]
    # Text is mixed into intermediate phases: direct transfer has none.
    assert direct[0] == direct[1]
    every = [one.kind for one in study.phases(found)]
    assert (every.count("intermediate"), every.count("target")) == (3, 5)


def test_a_method_changes_its_kinds_of_phase_alone():
    target = Method(target={"optimizer.frozen": ("encoder",)})
    phase = cells(tiny(a=target))["a", "Hindi"].phase
    assert phase.training.optimizer.frozen == ("encoder",)
    assert phase.parent.training.optimizer.frozen == ()


def test_text_takes_its_share_of_the_batches():
    parent = cells(tiny(a=MIXED))["a", "Hindi"].phase.parent
    rates = {group.name: group.rate for group in parent.groups}
    assert set(rates) == {"classification", "language_modeling"}
    total = sum(rates.values())
    assert rates["language_modeling"] / total == pytest.approx(0.25)
    # The text's own parts at their own rates: 4 to 1.
    text = [one.rate for one in parent.components[1:]]
    assert text[0] / text[1] == pytest.approx(4)


def test_an_epoch_passes_the_tasks_data_whatever_text_is_mixed_in():
    found = dataclasses.replace(
        tiny(a=MIXED),
        intermediate=dataclasses.replace(
            tiny().intermediate, steps=0, epochs=3.0
        ),
    )
    parent = cells(found)["a", "Hindi"].phase.parent
    # 3 x 2,000 / 8 = 750 batches are three quarters of all.
    assert parent.training.steps == 1000


def test_text_can_be_mixed_into_target_phases():
    found = dataclasses.replace(MIXED, mixed_into=("target",))
    phase = cells(tiny(a=found))["a", "Hindi"].phase
    assert phase.problem == "multitask"
    assert phase.parent.problem == "classification"


def test_a_method_may_be_for_some_models_alone():
    found = tiny(a=Method(), b=dataclasses.replace(FROZEN, models=("XLMR",)))
    assert list(found.methods_for("XLMR")) == ["a", "b"]
    assert list(found.methods_for("another")) == ["a"]
    with pytest.raises(InputError, match=r"Did you mean 'XLMR'"):
        tiny(a=dataclasses.replace(FROZEN, models=("XLM",)))


def test_how_labels_are_predicted_can_be_compared():
    found = tiny(rank=Method(), text=Method(prediction="generation"))
    by_label = cells(found)
    ranked, generated = (by_label[name, "none"] for name in ("rank", "text"))
    assert (ranked.prediction, generated.prediction) == ("rank", "generation")
    # One phase, evaluated twice.
    assert ranked.phase == generated.phase


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"share": 0.1}, "bind both"),
        ({"text": "text"}, "bind both"),
        ({"text": "text", "share": 1.0}, "less than 1"),
        ({"mixed_into": ("pretrain",)}, "Method.mixed_into"),
    ],
)
def test_a_method_that_cannot_be_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Method(**fields)


def test_cells_that_differ_in_their_method_alone_are_told_apart():
    every = list(study.cells(tiny(a=Method(), frozen=FROZEN, mixed=MIXED)))
    assert len({one.label for one in every}) == len(every)
