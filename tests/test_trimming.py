"""Training some rows of a table gives what training all of them gives.

Expected values are those of the untrimmed program, of optax, or of NumPy.
Clipping alone may round otherwise: the norm sums up the same squares in another
order. Where it does not act, one device gives bitwise equal parameters; rows
that are not trained are bitwise equal everywhere.
"""

import dataclasses
import functools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import small_caches
import small_models
from flax.traverse_util import flatten_dict
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import check_close, partitioning

from xltransfer import trimming
from xltransfer.data.features import Features, Numbering, TextToText
from xltransfer.data.loader import EvaluationBatches, TrainingBatches
from xltransfer.models.mt5 import MT5
from xltransfer.models.xlmr import XLMRClassifier, XLMRMaskedLM
from xltransfer.objectives.classification import Classification
from xltransfer.objectives.language_modeling import MaskedLanguageModeling
from xltransfer.objectives.objective import Objective
from xltransfer.objectives.text_to_text import TextToText as TextToTextLoss
from xltransfer.optimizer import Adafactor, AdamW
from xltransfer.partitioning import AXES, Partitioning
from xltransfer.train import Program

V, STEPS, TABLE = 301, 50, trimming.TABLE
CONFIG = dataclasses.replace(small_models.XLMR, vocab_size=V)
DROPPING = dataclasses.replace(CONFIG, dropout_rate=0.1)
CLASSIFIER = Classification(XLMRClassifier(CONFIG, 3))
SPECIAL = (0, 1, 2, 3, V - 1)
WORDS = 4 + 8 * np.arange(37)  # To train on; to evaluate, all 301 pieces.


def pairs(directory, words: np.ndarray, size: int = 60):
    """`<s> p </s></s> h </s>` of given words, and a label."""
    random = np.random.default_rng(0)

    def sentence() -> np.ndarray:
        return random.choice(words, random.integers(1, 9))

    tokens = [
        np.array([0, *sentence(), 2, 2, *sentence(), 2]) for _ in range(size)
    ]
    labels = random.integers(3, size=size)
    return small_caches.write(directory, {"tokens": tokens}, labels)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return pairs(tmp_path_factory.mktemp("train") / "cache", WORDS)


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    """Pairs in pieces most of which the training data do not hold."""
    return pairs(tmp_path_factory.mktemp("dev") / "cache", np.arange(4, V))


class OneDevice(Partitioning):
    """The first of the tests' eight devices alone."""

    @functools.cached_property
    def mesh(self):
        kinds = (jax.sharding.AxisType.Auto,) * len(AXES)
        return jax.make_mesh(
            (1,) * len(AXES), AXES, devices=jax.devices()[:1], axis_types=kinds
        )


def some_rows(program: Program, *caches, words=None) -> trimming.SomeRows:
    size = program.objective.model.config.vocab_size
    kept = trimming.touched(caches, SPECIAL, size)
    assert len(kept) < size
    return trimming.SomeRows(program, Numbering(kept, size, words))


def new_params(program: Program):
    """Random parameters in their places, for `start` to use up."""
    return jax.device_put(
        small_models.params(program.objective),
        jax.tree.map(lambda leaf: leaf.sharding, program.abstract.params),
        may_alias=False,
    )


def stream(cache, features: Features, columns=(24,)) -> TrainingBatches:
    # Not packed, so that all batches are of one height: one program.
    return TrainingBatches(
        ((cache, 1.0),),
        features,
        16,
        columns,
        seed=7,
        multiple=16,
        packed=False,
    )


def train(rows, state, batches: TrainingBatches, first: int, last: int):
    """Runs updates; returns the state and the losses."""
    losses = []
    for number in range(first, last):
        packed = batches.batch(number, np.arange)
        arrays = rows.program.partitioning.put(packed.arrays, packed.rows)
        state, metrics = rows.program.update(state, arrays, 3)
        losses.append(float(metrics["loss"]))
    return state, np.array(losses)


def predictions(program: Program, params, cache) -> np.ndarray:
    """The class of every slot of every batch."""
    batches = EvaluationBatches(cache, small_models.CLASSIFICATION, (24,), 16)
    return np.stack(
        [
            program.predict(params, program.partitioning.put(packed.arrays, 16))
            for packed, _, _ in batches.iterate(np.arange)
        ]
    )


def table_of(params) -> np.ndarray:
    return np.asarray(flatten_dict(params, sep="/")[TABLE])


DECAY = AdamW(1e-2, weight_decay=0.1, clip=None)
# A large epsilon: Adam makes rounding of a zero gradient a whole step.
CLIPPED = dataclasses.replace(DECAY, clip=0.1, epsilon=1e-3)
FROZEN = dataclasses.replace(CLIPPED, frozen=("encoder/embeddings",))
ONE = Program(
    Classification(XLMRClassifier(DROPPING, 3)),
    DECAY,
    STEPS,
    OneDevice(()),
    microbatches=2,
)
EIGHT = Program(CLASSIFIER, CLIPPED, STEPS, partitioning("fsdp_tensor"))
STILL = Program(CLASSIFIER, FROZEN, STEPS, OneDevice(()))


@pytest.mark.parametrize(
    ("program", "bitwise"),
    [(ONE, True), (EIGHT, False), (STILL, True)],
    ids=["one device, dropout, microbatches", "eight, clipped", "frozen"],
)
def test_trimmed_training_is_the_whole_training(
    program, bitwise, cache, unseen
):
    ends = {}
    for rows in (trimming.AllRows(program), some_rows(program, cache)):
        batches = stream(cache, rows.features(small_models.CLASSIFICATION))
        state, early = train(
            rows, rows.start(new_params(program)), batches, 0, 9
        )
        rows.whole(state)  # Looking at it on the way changes nothing.
        state, late = train(rows, state, batches, 9, STEPS)
        params = rows.whole(state).params
        ends[type(rows).__name__] = (
            np.concatenate([early, late]),
            jax.device_get(params),
            predictions(program, params, unseen),
        )
    (losses, params, predicted), (few_losses, few_params, few_predicted) = (
        ends["AllRows"],
        ends["SomeRows"],
    )
    assert np.abs(few_losses - losses).max() <= 1e-6 * losses.min()
    np.testing.assert_array_equal(few_predicted, predicted)
    idle = np.setdiff1d(np.arange(V), trimming.touched([cache], SPECIAL, V))
    assert len(idle) > 200
    np.testing.assert_array_equal(
        table_of(few_params)[idle], table_of(params)[idle]
    )
    if bitwise:
        jax.tree.map(np.testing.assert_array_equal, few_params, params)
    check_close(few_params, params, 2e-6)
    before = table_of(new_params(program))[idle]
    moved = np.abs(table_of(params)[idle] - before).max()
    assert moved == 0 if program.optimizer.frozen else moved > 1e-4


def test_moments_and_gradients_are_those_of_the_trained_rows(cache):
    rows = some_rows(ONE, cache)
    count = len(trimming.touched([cache], SPECIAL, V))
    shapes = [leaf.shape for leaf in jax.tree.leaves(rows.program.abstract)]
    # The table and two moments.
    assert shapes.count((count, 16)) == 3
    assert not any(V in shape for shape in shapes)
    # What a checkpoint holds has all rows of parameters.
    saved = rows.saved
    jax.tree.map(
        lambda a, b: a == b or pytest.fail(f"{a} {b}"),
        saved.params,
        ONE.abstract.params,
    )
    moments = [leaf.shape for leaf in jax.tree.leaves(saved.opt_state)]
    assert moments.count((count, 16)) == 2


def test_going_on_from_what_was_saved_is_bitwise_the_same(cache):
    rows = some_rows(EIGHT, cache)
    batches = stream(cache, rows.features(small_models.CLASSIFICATION))
    state, _ = train(rows, rows.start(new_params(EIGHT)), batches, 0, 5)
    saved = jax.tree.map(jnp.copy, rows.whole(state))
    state, _ = train(rows, state, batches, 5, 12)
    expected = jax.device_get(rows.whole(state))
    other = some_rows(EIGHT, cache)
    state, _ = train(other, other.resume(saved), batches, 5, 12)
    jax.tree.map(
        np.testing.assert_array_equal,
        jax.device_get(other.whole(state)),
        expected,
    )


def test_whole_tables_come_back_from_the_memory_of_the_host(cache, monkeypatch):
    # Where there is an accelerator they lie in pinned memory meanwhile.
    ends = []
    for kind in ("device", "pinned_host"):
        monkeypatch.setattr(
            trimming,
            "host_memory",
            lambda sharding, kind=kind: sharding.with_memory_kind(kind),
        )
        rows = some_rows(EIGHT, cache)
        batches = stream(cache, rows.features(small_models.CLASSIFICATION))
        state, _ = train(rows, rows.start(new_params(EIGHT)), batches, 0, 3)
        assert rows._away[TABLE].sharding.memory_kind == kind
        ends.append(rows.whole(state).params)
    assert table_of(ends[0]).shape == (V, 16)
    jax.tree.map(np.testing.assert_array_equal, *jax.device_get(ends))


# What happens to rows without a gradient.


@settings(max_examples=8)
@given(
    rate=st.floats(1e-6, 1.0),
    decay=st.floats(1e-3, 0.5),
    warmup=st.sampled_from([0.0, 0.3]),
    kind=st.sampled_from(["linear", "constant"]),
    first=st.integers(0, 10),
    # Fewer rows than go through at once, a multiple of them, and some left.
    size=st.sampled_from([5, 2 * trimming.BLOCK, 2 * trimming.BLOCK + 5]),
)
def test_idle_rows_decay_bitwise_as_in_optax(
    rate, decay, warmup, kind, first, size
):
    optimizer = AdamW(rate, warmup, kind, weight_decay=decay)
    rule = optimizer.build(20)
    random = np.random.default_rng(0)
    rows = random.normal(0, 0.02, (size, 4))
    params = {"table": jnp.asarray(rows, jnp.float32)}
    gradient = jax.tree.map(jnp.zeros_like, params)
    state, update = rule.init(params), jax.jit(rule.update)
    apply = jax.jit(
        lambda params, state: (
            lambda new: (optax.apply_updates(params, new[0]), new[1])
        )(update(gradient, state, params))
    )
    for step in range(20):
        if step == first:
            start = params["table"]
        params, state = apply(params, state)
    advance = trimming._advance(
        optimizer, "table", partitioning("data").replicated
    )
    rates = trimming._rates(optimizer, 20)
    found = advance(jnp.copy(start), rates, first, 20)
    np.testing.assert_array_equal(found, params["table"])


def test_nothing_happens_to_rows_without_decay_or_frozen():
    assert AdamW(1e-3, weight_decay=0.0).idle(TABLE) is None
    assert AdamW(1e-3, frozen=("encoder",)).idle(TABLE) is None
    assert Adafactor(frozen=("encoder/embeddings",)).idle(TABLE) is None
    assert AdamW(1e-3, frozen=("head",)).idle(TABLE) is not None


# Which rows are trained.


@settings(max_examples=50)
@given(
    st.sets(st.integers(0, 999), max_size=300),
    st.sets(st.integers(0, 999), max_size=5),
)
def test_the_rows_are_those_of_the_data_and_few_more(ids, special):
    half = [np.array(part, np.uint16) for part in np.array_split([*ids], 2)]
    caches = [
        SimpleNamespace(sequences=("tokens",), ids=lambda _, part=part: part)
        for part in half
    ]
    kept = trimming.touched(caches, tuple(special), 1000)
    needed = ids | special | {0, 1, 2, 3}
    assert needed <= set(kept.tolist())
    assert (np.diff(kept) > 0).all() and kept[-1] < 1000
    # Up to 7 rows more, or an eighth.
    assert len(kept) % 8 == 0
    assert len(kept) <= len(needed) + max(7, len(needed) / 8)


def test_no_more_rows_are_trained_than_there_are():
    everything = SimpleNamespace(
        sequences=("tokens",), ids=lambda _: np.arange(95)
    )
    assert len(trimming.touched([everything], (), 95)) == 95


# Where the loss is a softmax over pieces.


MASKED_LM = MaskedLanguageModeling(XLMRMaskedLM(CONFIG))
TEXT_CONFIG = dataclasses.replace(small_models.MT5_CONFIG, vocab_size=V)
TEXT_TO_TEXT = TextToTextLoss(MT5(TEXT_CONFIG))
SOFTMAXES = {
    "masked": (
        MASKED_LM,
        small_models.MASKED,
        (40,),
        {TABLE: 0, "head/bias": 0},
    ),
    "text": (
        TEXT_TO_TEXT,
        TextToText(),
        (24, 6),
        {
            "token_embedder/embedding": 0,
            "decoder/logits_dense/kernel": 1,
        },
    ),
}


@pytest.mark.parametrize("name", list(SOFTMAXES))
def test_a_trimmed_softmax_is_that_over_the_trained_rows(name, tmp_path):
    objective, features, columns, tables = SOFTMAXES[name]
    write = {"masked": small_caches.windows, "text": small_caches.text_pairs}
    cache = write[name](tmp_path / "cache", 60)
    program = Program(objective, DECAY, STEPS, OneDevice(()))
    kept = trimming.touched([cache], small_caches.SPECIAL, V)
    words = np.setdiff1d(kept, small_caches.SPECIAL)
    rows = trimming.SomeRows(program, Numbering(kept, V, words))
    assert rows._tables == tables
    before = jax.device_get(new_params(program))
    batches = stream(cache, rows.features(features), columns)
    plain = stream(cache, features, columns).batch(0, np.arange).arrays
    state, (loss, *_) = train(
        rows, rows.start(new_params(program)), batches, 0, 3
    )
    expected = _loss_over(kept, objective, before, plain)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    after = flatten_dict(jax.device_get(rows.whole(state).params), sep="/")
    others = np.setdiff1d(np.arange(V), kept)
    for path, axis in tables.items():
        old = flatten_dict(before, sep="/")[path]
        np.testing.assert_array_equal(
            after[path].take(others, axis), old.take(others, axis)
        )
        change = after[path].take(kept, axis) - old.take(kept, axis)
        assert np.abs(change).max() > 1e-4


def _loss_over(
    kept: np.ndarray, objective: Objective, params, batch: dict
) -> float:
    """The mean loss where all logits but those of some pieces are left out."""
    model = objective.model
    text = isinstance(model, MT5)
    names = (
        (
            "encoder_input_tokens",
            "encoder_segment_ids",
            "decoder_input_tokens",
            "decoder_segment_ids",
        )
        if text
        else ("tokens", "segment_ids", "positions", "target_positions")
    )
    inputs = (batch[name] for name in names)
    apply = jax.jit(functools.partial(model.apply, deterministic=True))
    logits = apply({"params": params}, *inputs)
    logits = np.asarray(logits, np.float64)
    targets = batch["decoder_target_tokens" if text else "target_tokens"]
    weights = batch["decoder_loss_weights" if text else "target_weights"]
    sums = np.log(np.exp(logits[..., kept]).sum(-1))
    chosen = np.take_along_axis(logits, targets[..., None], -1)[..., 0]
    return ((sums - chosen) * weights).sum() / weights.sum()
