import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xltransfer import example_counts
from xltransfer.errors import InputError
from xltransfer.example_counts import Counts
from xltransfer.metrics import COUNTED, METRICS
from xltransfer.metrics.benchmarks import NER
from xltransfer.metrics.counted import sums

WORDS = st.text(string.ascii_lowercase[:4] + " ", min_size=1, max_size=8)
TAGS = st.lists(st.sampled_from([*NER, "SYM", "NOUN"]), min_size=1, max_size=6)
PAIRS = {
    "accuracy": st.tuples(st.integers(0, 2), st.integers(0, 2)),
    "squad": st.tuples(st.lists(WORDS, min_size=1, max_size=3), WORDS),
    "squad_v2": st.tuples(st.lists(WORDS, max_size=2), WORDS | st.just("")),
    "mlqa_de": st.tuples(st.lists(WORDS, min_size=1, max_size=3), WORDS),
    "panx": TAGS.flatmap(
        lambda gold: st.tuples(
            st.just(gold),
            st.lists(
                st.sampled_from(NER), min_size=len(gold), max_size=len(gold)
            ),
        )
    ),
    "span_f1": st.tuples(
        *[st.sampled_from(["PER: a $$ LOC: b", "PER: a", "ORG: c", ""])] * 2
    ),
    "map@20": st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=3),
        st.lists(st.sampled_from("abcdef"), max_size=6),
    ),
}
LIKE = {"tatoeba": "accuracy", "udpos": "panx"} | {
    name: "mlqa_de" for name in METRICS if name.startswith("mlqa_")
}


def test_every_metric_but_that_of_a_set_is_a_function_of_sums():
    others = METRICS.keys() - COUNTED.keys()
    # A checklist's tests have no number of their own to set intervals to.
    assert {one for one in others if not one.startswith("checklist_")} == {
        "bucc"
    }
    assert COUNTED.keys() <= PAIRS.keys() | LIKE.keys()


@pytest.mark.parametrize("name", COUNTED)
def test_the_function_of_the_sums_is_the_official_metric(name):
    @settings(max_examples=25)
    @given(st.lists(PAIRS[LIKE.get(name, name)], min_size=1, max_size=8))
    def check(pairs):
        targets, predictions = map(list, zip(*pairs, strict=True))
        columns = COUNTED[name].count(targets, predictions)
        assert {len(one) for one in columns.values()} == {len(pairs)}
        found = COUNTED[name].total(sums(columns))
        assert found == pytest.approx(METRICS[name](targets, predictions))
        # Kept and read again they are the same, in any order of summation.
        kept = {one: np.array(x)[::-1].sum() for one, x in columns.items()}
        assert COUNTED[name].total(kept) == pytest.approx(found, abs=1e-9)

    check()


def test_a_right_answer_moves_accuracy_by_its_distance_from_the_mean():
    counts = Counts({"accuracy": {"hits": np.array([1, 0, 0, 0])}}, None)
    counts.columns["accuracy"]["n"] = np.ones(4)
    # 100 * (hit - 1/4) / 4.
    found = counts.influence("accuracy")
    assert found == pytest.approx([18.75, -6.25, -6.25, -6.25])
    assert counts.influence("f1") is None


def test_influence_on_f1_is_what_a_little_more_of_an_example_does():
    generator = np.random.default_rng(0)
    gold = generator.integers(0, 5, 400)
    common = generator.binomial(gold, 0.6)
    found = common + generator.integers(0, 3, 400)
    columns = {"common": common, "found": found, "gold": gold}
    columns |= {"right": common, "tokens": np.full(400, 9)}
    influence = Counts({"panx": columns}, None).influence("f1")
    assert influence.sum() == pytest.approx(0, abs=1e-9)
    total = COUNTED["panx"].total
    whole = {name: values.sum() for name, values in columns.items()}
    for number in range(5):
        more = {
            name: whole[name] + 1e-3 * values[number]
            for name, values in columns.items()
        }
        moved = (total(more)["f1"] - total(whole)["f1"]) / 1e-3
        assert influence[number] == pytest.approx(moved, abs=2e-4)


def test_redrawn_f1_spreads_as_its_influences_say():
    # The reference is to redraw the sentences and score again.
    generator = np.random.default_rng(1)
    gold = generator.integers(0, 5, 300)
    common = generator.binomial(gold, 0.6)
    columns = {"common": common, "found": gold + 1, "gold": gold}
    columns |= {"right": common, "tokens": np.full(300, 9)}
    influence = Counts({"panx": columns}, None).influence("f1")
    redrawn = []
    for _ in range(1000):
        chosen = generator.integers(0, 300, 300)
        again = {name: x[chosen].sum() for name, x in columns.items()}
        redrawn.append(COUNTED["panx"].total(again)["f1"])
    error = np.sqrt(np.square(influence).sum())
    # A deviation from 1,000 drawings is known to 2.3 %.
    assert np.std(redrawn) == pytest.approx(error, rel=0.08)


def test_counts_are_kept_small_and_whole(tmp_path):
    path = example_counts.path_of(tmp_path, "tydiqa", "sw", "test")
    columns = {"exact_match": [1.0, 0.0], "f1": [1.0, 2 / 3], "n": [1, 1]}
    example_counts.write(path, {"squad": columns}, ["q1", "q2"])
    found = example_counts.read(path)
    assert {
        name: values.tolist() for name, values in found.columns["squad"].items()
    } == columns
    assert found.columns["squad"]["n"].dtype == np.uint8
    other = tmp_path / "other.npy"
    example_counts.write(other, {"squad": columns}, ["q2", "q3"])
    # The same question has the same id in another file.
    assert found.ids[1] == example_counts.read(other).ids[0]
    assert len({*found.ids, *example_counts.read(other).ids}) == 3


def test_large_numbers_are_kept(tmp_path):
    path = tmp_path / "counts.npy"
    columns = {"hits": [70_000, 3], "golds": [1, 300], "guesses": [0, 0]}
    example_counts.write(path, {"span_f1": columns}, None)
    found = example_counts.read(path).columns["span_f1"]
    assert {name: x.tolist() for name, x in found.items()} == columns


def test_what_is_no_sum_over_examples_leaves_no_file(tmp_path):
    path = tmp_path / "bucc.npy"
    example_counts.write(path, {}, None)
    assert not path.exists() and example_counts.read(path) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-3],
        lambda whole: b"",
        lambda whole: b"\x93NUMPX" + whole[6:],
        lambda whole: whole.replace(b"accuracy:", b"accurate:"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "counts.npy"
    columns = {"hits": [1, 0], "n": [1, 1]}
    example_counts.write(path, {"accuracy": columns}, None)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"counts\.npy: damaged.*remove it"):
        example_counts.read(path)


def test_they_lie_beside_their_predictions(tmp_path):
    assert example_counts.beside(tmp_path / "predictions-400").name == (
        "examples-400"
    )
