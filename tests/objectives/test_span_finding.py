"""The loss of spans, told by a loop, packed and padded."""

import jax.numpy as jnp
import numpy as np
import small_models
import small_questions
from small_models import XLMR, check_close

from xltransfer.data import packing
from xltransfer.data.features import Drawn, EncoderSpan
from xltransfer.data.packing import Capacity
from xltransfer.models.xlmr_tasks import XLMRSpanFinder
from xltransfer.objectives.span import SpanFinding

OBJECTIVE = SpanFinding(XLMRSpanFinder(XLMR))
ARRAYS = EncoderSpan(1)


def test_the_loss_is_the_mean_of_both_ends_over_the_windows_own_tokens():
    """Told by a loop over slots, from the model's own logits."""
    random = np.random.default_rng(0)
    segments = np.array([[1] * 9 + [2] * 7 + [0] * 4, [1] * 20])
    batch = {
        "tokens": random.integers(4, 60, (2, 20)),
        "segment_ids": segments,
        "positions": np.array([[*range(9), *range(7), *[0] * 4], range(20)]),
        "starts": np.array([[0, 9], [0, 0]]),
        "answer_starts": np.array([[3, 9], [5, 0]]),
        "answer_ends": np.array([[6, 9], [5, 0]]),
        "answer_weights": np.array([[1, 1], [1, 0]], np.float32),
    }
    batch = {name: jnp.asarray(value) for name, value in batch.items()}
    params = small_models.params(OBJECTIVE)
    hidden = OBJECTIVE.model.apply(
        {"params": params},
        *(batch[n] for n in ("tokens", "segment_ids", "positions", "starts")),
        deterministic=True,
    )
    expected = 0.0
    for row, slot in ((0, 0), (0, 1), (1, 0)):
        own = segments[row] == slot + 1
        for logits, side in zip(hidden, ("starts", "ends"), strict=True):
            scores = np.asarray(logits[row, slot], np.float64)
            target = batch[f"answer_{side}"][row, slot]
            norm = np.log(np.exp(scores[own]).sum())
            expected += (norm - scores[target]) / 2
    sums = OBJECTIVE.sums(params, batch, None)
    np.testing.assert_allclose(sums["loss"], expected, rtol=1e-5)
    assert sums["weight"] == 3


def batch_of(cache, layout, capacity) -> dict:
    examples = [(cache, number) for number in range(cache.size)]
    drawn = Drawn(examples, np.arange(cache.size), layout, layout.rows)
    return ARRAYS.arrange(drawn, capacity)


def test_packing_changes_neither_loss_nor_gradient(tmp_path):
    cache = small_questions.questions(tmp_path / "cache", 20)
    lengths = ARRAYS.lengths(cache)
    long, short = Capacity((64,), 6), Capacity((24,), 1)
    packed = batch_of(cache, packing.pack(lengths, long), long)
    padded = batch_of(cache, packing.one_per_row(lengths), short)
    assert len(packed["tokens"]) < len(padded["tokens"]) / 2
    # Every window of a known answer is learnt from once.
    weight = cache.scalars("answer_weight").sum()
    assert packed["answer_weights"].sum() == weight < cache.size
    (loss, gradient), (other_loss, other) = (
        small_models.loss_and_gradient(OBJECTIVE, batch)
        for batch in (packed, padded)
    )
    np.testing.assert_allclose(loss, other_loss, rtol=1e-6)
    # What moves all tokens' logits alike has no gradient but for rounding.
    for one in (gradient, other):
        for bias in (
            one["head"].pop("bias"),
            one["encoder"]["layers_0"]["post_mlp_layer_norm"].pop("bias"),
        ):
            assert np.abs(bias).max() < 1e-7
    check_close(gradient, other)


def test_labels_point_at_the_answers_own_tokens(tmp_path):
    cache = small_questions.questions(tmp_path / "cache", 20)
    capacity = Capacity((64,), 6)
    layout = packing.pack(ARRAYS.lengths(cache), capacity)
    batch = batch_of(cache, layout, capacity)
    for number in range(cache.size):
        row, slot = layout.row[number], layout.slot[number]
        tokens = cache.tokens("tokens", number)
        for side in ("start", "end"):
            column = batch[f"answer_{side}s"][row, slot]
            own = cache.scalars(f"answer_{side}")[number]
            assert column - layout.start[number, 0] == own
            assert batch["tokens"][row, column] == tokens[own]
