"""Which layer's states are pooled how, and what a number says of it."""

import pytest

from xltransfer.errors import InputError
from xltransfer.vectors import Vectors, xtreme_layer


def test_the_layer_is_xtremes():
    # XTREME's scripts: LAYER=7 of mBERT and LAYER=13 of XLM-R large, from 0.
    assert (xtreme_layer(12), xtreme_layer(24)) == (8, 14)
    assert [xtreme_layer(one) for one in (1, 2, 6, 48)] == [1, 1, 4, 28]
    assert Vectors().layer_of(24) == 14


@pytest.mark.parametrize(("layer", "number"), [(0, 0), (-1, 24), (-25, 0)])
def test_layers_are_counted_from_either_end(layer, number):
    assert Vectors(layer=layer).layer_of(24) == number


@pytest.mark.parametrize("layer", [25, -26])
def test_a_layer_that_there_is_not_is_refused(layer):
    with pytest.raises(InputError, match="the model has 24"):
        Vectors(layer=layer).layer_of(24)


@pytest.mark.parametrize("preset", ["xtreme", "xtreme_r"])
def test_a_record_names_the_preset_only_where_all_is_its_own(preset):
    def named(**changed: object) -> str:
        return dict(Vectors(preset, **changed).record(24))["preset"]

    assert named() == named(layer=14) == named(layer=-11) == preset
    for changed in (
        {"layer": 13},
        {"pooling": "first_token"},
        {"direction": "to_english"},
    ):
        assert named(**changed) == "custom"


def test_what_is_sought_both_ways_has_no_direction():
    one = Vectors(direction="to_english")
    assert dict(one.record(12, both_ways=True)) == {
        "preset": "xtreme",
        "layer": 8,
        "pooling": "mean",
        "direction": "both",
    }


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'xtreme_r'"):
        Vectors("xtreme-r")
