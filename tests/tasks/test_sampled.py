"""Parts of datasets, `name[:n]`."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tasks
from tasks import mixing, sampled
from tasks.row import Sample, rows
from xltransfer.errors import InputError

ENGLISH = "miniature_inference.en"
NUMBERS = [{"number": n} for n in range(50)]


def drawn(name: str, seed: int = 0) -> list[dict]:
    row = sampled.seeded(tasks.dataset(name), seed)
    return list(rows(row, "train", None))


@given(st.integers(1, 50), st.integers(0, 2**40))
def test_a_sample_has_so_many_different_examples_in_order(count, seed):
    found = [one["number"] for one in Sample(count, seed).of(NUMBERS)]
    assert len(set(found)) == count
    assert found == sorted(found)


@given(st.integers(1, 49), st.integers(0, 2**40))
def test_a_larger_sample_holds_the_smaller_one(count, seed):
    less = Sample(count, seed).of(NUMBERS)
    more = Sample(count + 1, seed).of(NUMBERS)
    assert [one for one in more if one in less] == less


def test_a_sample_is_the_same_on_every_machine():
    # By coreutils: for n in $(seq 0 49); do printf '3 %d' $n | b2sum -l 128
    # | cut -c1-32 | sed "s/$/ $n/"; done | sort | head -5.
    found = [one["number"] for one in Sample(5, 3).of(iter(NUMBERS))]
    assert found == [2, 4, 5, 8, 17]


def test_seeds_draw_different_examples():
    first, second = drawn(f"{ENGLISH}[:40]", 1), drawn(f"{ENGLISH}[:40]", 2)
    assert len(first) == len(second) == 40
    assert first != second
    assert drawn(f"{ENGLISH}[:40]", 1) == first


def test_the_examples_are_the_datasets_own():
    whole = list(rows(tasks.dataset(ENGLISH), "train", None))
    assert all(one in whole for one in drawn(f"{ENGLISH}[:20]"))


def test_dev_and_test_stay_whole():
    row = tasks.dataset("miniature_nli.sw[:30]")
    assert [one.examples for one in row.splits] == [30, 300, 300]


def test_all_of_a_dataset_is_the_dataset():
    assert tasks.dataset(f"{ENGLISH}[:2000]") == tasks.dataset(ENGLISH)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{ENGLISH}[:2001]", "has 2000 examples"),
        (f"{ENGLISH}[:0]", "is not understood"),
        (f"{ENGLISH}[5:9]", "is not understood"),
        (f"{ENGLISH}[:5", "is not understood"),
        (f"{ENGLISH}[:5][:4]", "is not understood"),
        ("miniature_inferense.en[:5]", "Did you mean 'miniature_inference.en'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, message):
    with pytest.raises(InputError) as caught:
        tasks.dataset(name)
    assert message in str(caught.value)


def test_too_few_examples_are_found_where_no_row_states_their_number():
    row = tasks.dataset(f"{ENGLISH}[:5]")
    train = dataclasses.replace(
        row.split("train"), size=None, sample=Sample(9999)
    )
    unstated = dataclasses.replace(row, splits=(train,))
    with pytest.raises(InputError, match="there are 2000 examples"):
        list(rows(unstated, "train", None))


@given(st.integers(3, 4000))
def test_a_mixtures_examples_are_shared_out_by_its_rates(count):
    whole = mixing.Mixture("m", (("a.en", 2.0), ("b.en", 1.0), ("c.en", 3.0)))
    try:
        cut = mixing.limited(whole, count)
    except InputError:
        # One third of less than half an example each.
        assert count < 6
        return
    counts = [sampled.parted(name)[1] for name, _ in cut.components]
    assert sum(counts) == count
    for found, rate in zip(counts, (2, 1, 3), strict=True):
        assert abs(found - count * rate / 6) < 1
    assert [rate for _, rate in cut.components] == [2.0, 1.0, 3.0]


def test_a_recipe_may_name_parts_and_be_cut_itself():
    text = "miniature_nli.de[:100] + miniature_nli.sw[:300]"
    # Rates by size: 100 and 300.
    assert dict(tasks.mixture(text).components) == {
        "miniature_nli.de[:100]": 100.0,
        "miniature_nli.sw[:300]": 300.0,
    }
    cut = tasks.mixture(mixing.cut(text, 40))
    assert [name for name, _ in cut.components] == [
        "miniature_nli.de[:10]",
        "miniature_nli.sw[:30]",
    ]


def test_cutting_twice_leaves_the_second_number():
    for name in (ENGLISH, "nli_all", "a.en + b.en"):
        assert mixing.cut(mixing.cut(name, 9), 7) == mixing.cut(name, 7)


def test_a_sample_is_a_task_of_seqio(xlmr_vocabulary):
    from tasks import registration

    name = registration.task(
        tasks.dataset(f"{ENGLISH}[:7]"), "encoder", xlmr_vocabulary
    )
    lengths = {"tokens": 64}
    (batch,) = registration.batches(name, "train", lengths)
    assert len(batch["tokens"][1]) == 7
