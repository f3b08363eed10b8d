"""Rates by hand, by SeqIO's own function, and as the loader draws them."""

import collections
from types import SimpleNamespace

import numpy as np
import pytest
import small_caches
from hypothesis import given
from hypothesis import strategies as st

import tasks
from tasks import mixtures
from tasks.mixing import BySize, Equal, Fixed, Mixture, Recipe, parse
from tasks.row import Dataset, Split
from tasks.sources import Generated
from xltransfer.data import features
from xltransfer.data.loader import TrainingBatches
from xltransfer.errors import InputError

SIZES = {"a.en": 100, "b.de": 4000, "c.sw": 900}


def rows(**sizes: int | None) -> dict[str, Dataset]:
    """Datasets of which nothing but the number of examples is looked at."""
    source = Generated(lambda: ())
    return {
        name: Dataset(
            name, "classification", "en", (Split("train", source, size),)
        )
        for name, size in sizes.items()
    }


def rates(recipe: Recipe, *others: Recipe, **sizes: int) -> dict[str, float]:
    made = recipe.mixture(
        rows(**(sizes or SIZES)), {one.name: one for one in others}
    )
    return dict(made.components)


PARTS = tuple(SIZES)
# The formulas of seqio.mixing_rate_num_examples, worked out by hand.
STRATEGIES = {
    "proportional": (BySize(), (100, 4000, 900)),
    "temperature": (BySize(temperature=2), (10, 4000**0.5, 30)),
    "capped": (
        BySize(maximum=300, scale=0.5),
        (50, 300, 300),
    ),
    "fixed": (Fixed((3, 1, 1)), (3, 1, 1)),
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_rates_are_those_of_the_formula(name):
    rule, expected = STRATEGIES[name]
    found = rates(Recipe("mine", PARTS, rule))
    assert found == pytest.approx(dict(zip(PARTS, expected, strict=True)))


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_loader_draws_at_the_rates(name, tmp_path):
    rule, expected = STRATEGIES[name]
    found = rates(Recipe("mine", PARTS, rule))
    cache = small_caches.write(
        tmp_path / "cache", {"tokens": [np.array([0, 5, 2])] * 40}, np.zeros(40)
    )

    streams = [
        TrainingBatches(
            tuple((cache, rate) for rate in found.values()),
            features.EncoderClassification(1),
            batch_size=1000,
            columns=(20,),
            seed=3,
        )._draws
        for _ in range(2)
    ]
    assert streams[0][57] == streams[1][57]
    counts = collections.Counter(
        part for number in range(100) for part, _ in streams[0][number]
    )
    for part, rate in enumerate(expected):
        share = rate / sum(expected)
        assert abs(counts[part] / 100_000 - share) <= 0.01 * share


@given(
    st.integers(1, 10**7),
    st.none() | st.floats(1, 1e6),
    st.floats(0.01, 100),
    st.floats(0.1, 20),
)
def test_rates_by_size_are_seqios(size, maximum, scale, temperature):
    utils = pytest.importorskip("seqio.utils")
    task = SimpleNamespace(
        name="one",
        num_input_examples=lambda split: size,
        cache_dir=None,
        get_cached_stats=lambda split: None,
    )
    expected = utils.mixing_rate_num_examples(
        task,
        maximum=maximum,
        scale=scale,
        temperature=temperature,
        fallback_to_num_input_examples=True,
    )
    (found,) = BySize(maximum, scale, temperature).rates(
        ("one",), lambda name: size
    )
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_recipe_in_a_recipe_counts_as_one_part():
    inner = Recipe("inner", ("a.en", "b.de"), Fixed((1, 3)))
    outer = Recipe("outer", ("inner", "c.sw"), BySize(maximum=2000))
    # 100 + 4000 examples, capped at 2000, shared out 1 to 3.
    assert rates(outer, inner) == {"a.en": 500, "b.de": 1500, "c.sw": 900}


def test_a_dataset_of_two_parts_is_drawn_for_both():
    inner = Recipe("inner", ("a.en", "c.sw"))
    outer = Recipe("outer", ("inner", "a.en"))
    assert rates(outer, inner) == pytest.approx({"a.en": 200, "c.sw": 900})


def test_a_recipe_inside_itself_is_refused():
    one, other = Recipe("one", ("other",)), Recipe("other", ("one",))
    with pytest.raises(InputError, match="'one' is part of itself"):
        rates(one, one, other)


def test_an_unstated_size_is_named_with_a_way_out():
    with pytest.raises(InputError, match=r"none is stated for a.en.*a.en \* 1"):
        Recipe("mine", ("a.en",)).mixture(rows(**{"a.en": None}), {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.en + b.de", BySize()),
        ("a.en+b.de (maximum=300, temperature=2)", BySize(300, 1, 2)),
        (" a.en + b.de(scale=0.5)", BySize(scale=0.5)),
        ("a.en * 3 + b.de*1.5", Fixed((3, 1.5))),
    ],
)
def test_a_recipe_is_written_in_place_of_a_name(text, expected):
    recipe = parse(text)
    assert (recipe.parts, recipe.rule) == (("a.en", "b.de"), expected)
    assert recipe.name.isidentifier()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.en +", "not understood at ''"),
        ("a.en + b.de (temprature=2)", "Did you mean 'temperature'"),
        ("a.en + b.de (temperature=0)", "must be a number above 0"),
        ("a.en * 3 + b.de", "give one to each"),
        ("a.en * 3 (maximum=2)", "give one to each"),
        ("a.en * 0 + b.de * 1", "rate of 0"),
        ("a.en + a.en", "names a part twice"),
        ("(a.en + b.de)", "not understood"),
        ("a.en + b.de (temperature=2) + c", "not understood"),
        ("__import__('os') + b", "not understood"),
    ],
)
def test_what_is_no_recipe_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse(text)


def test_a_written_recipe_stands_for_a_mixtures_name():
    found = tasks.mixture("snli.en + ocnli.zh (temperature=2)")
    assert dict(found.components) == pytest.approx(
        {"snli.en": 19666**0.5, "ocnli.zh": 9985**0.5}
    )
    with pytest.raises(InputError, match=r"Did you mean 'ocnli\.zh'"):
        tasks.mixture("snli.en + ocnli.z")


def test_training_mixtures_go_by_number_of_examples():
    assert dict(tasks.mixture("nli_all").components) == {
        "snli.en": 19666.0,
        "conjnli.en": 15000.0,
        "ocnli.zh": 9985.0,
        "indonli.id": 10330.0,
        "farstail.fa": 7266.0,
    }


def test_text_is_smoothed_as_for_xlmr():
    found = dict(tasks.mixture("text").components)
    size = tasks.dataset("text.sw").split("train").size
    assert found["text.sw"] == size**0.3
    assert len(found) == 39


FAMILIES = {name.split(".")[0] for name in tasks.datasets()}


@pytest.mark.parametrize("name", mixtures.MIXTURES)
def test_every_component_of_a_mixture_is_a_dataset(name):
    recipe = mixtures.MIXTURES[name]
    assert recipe.name == name
    absent = {part.split(".")[0] for part in leaves(recipe)} - FAMILIES
    if absent:
        pytest.skip(f"no dataset of {', '.join(sorted(absent))} yet")
    found = tasks.mixture(name)
    assert {part for part, _ in found.components} == leaves(recipe)
    assert all(tasks.dataset(part) for part, _ in found.components)
    assert all(rate > 0 for _, rate in found.components)


def leaves(recipe: Recipe) -> set[str]:
    found: set[str] = set()
    for part in recipe.parts:
        inner = mixtures.MIXTURES.get(part)
        found |= leaves(inner) if inner else {part}
    return found


def test_benchmarks_have_the_official_number_of_languages():
    # evaluate.py of google-research/xtreme; LAReQA is one pooled score.
    parts = {
        name: collections.Counter(
            part.split(".")[0] for part in mixtures.MIXTURES[name].parts
        )
        for name in ("xtreme", "xtreme_r")
    }
    assert parts["xtreme"] == {
        **{"xnli": 15, "pawsx": 7, "udpos": 33, "panx": 40, "xquad": 11},
        **{"mlqa": 7, "tydiqa": 9, "bucc2018": 4, "tatoeba": 36},
    }
    assert parts["xtreme_r"] == {
        **{"xnli": 15, "xcopa": 11, "udpos": 38, "panx": 48, "xquad": 12},
        **{"mlqa": 7, "tydiqa": 9, "tatoeba": 41, "mewslix": 11, "lareqa": 1},
    }


def test_anli_plus_has_as_many_examples_as_in_the_paper():
    # Phang et al. (2020), section 2.1.
    found = tasks.mixture("anli_plus")
    assert sum(rate for _, rate in found.components) == 1_104_934


def test_evaluation_mixtures_hold_every_language_at_the_rate_1():
    found = tasks.mixture("xnli")
    assert isinstance(found, Mixture)
    assert [rate for _, rate in found.components] == [1.0] * 15
    assert mixtures.MIXTURES["xnli"].rule == Equal()
    assert tasks.mixture("xnli.sw").components == (("xnli.sw", 1.0),)
