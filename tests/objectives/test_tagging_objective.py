"""Tagging: one mathematics however sentences lie, and exact alignment."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_models
from small_models import XLMR, check_close, loss_and_gradient
from small_sentences import LABELS, sentences

from xltransfer import evaluate
from xltransfer.data.features import EncoderTagging
from xltransfer.data.loader import TrainingBatches
from xltransfer.evaluate import Evaluation
from xltransfer.models.xlmr_tasks import XLMRTagger
from xltransfer.objectives.tagging import Tagging
from xltransfer.outcomes.tagging import Tags

TAGGER = Tagging(XLMRTagger(XLMR, len(LABELS)))
FEATURES = EncoderTagging(1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return sentences(tmp_path_factory.mktemp("data") / "sentences", 30)


@pytest.fixture(scope="module")
def stream(cache):
    return TrainingBatches(
        ((cache, 1.0),), FEATURES, 24, (24,), seed=7, multiple=8
    )


def test_packing_changes_neither_loss_nor_gradients(stream):
    packed = stream.batch(0, np.arange)
    padded = dataclasses.replace(stream, packed=False).batch(0, np.arange)
    assert packed.rows < padded.rows and packed.examples == padded.examples
    loss, gradient = loss_and_gradient(TAGGER, packed.arrays)
    expected, expected_gradient = loss_and_gradient(TAGGER, padded.arrays)
    assert abs(loss - expected) <= 1e-5 * expected
    check_close(gradient, expected_gradient)


@pytest.mark.parametrize("mesh", ["data", "fsdp", "fsdp_tensor"])
def test_eight_devices_on_any_mesh_compute_what_one_does(mesh, stream):
    packed = stream.batch(0, np.arange)
    alone = loss_and_gradient(TAGGER, packed.arrays)
    small_models.check_on_devices(TAGGER, packed, alone, mesh)


@jax.jit
def one_row(params, tokens, first):
    inside = (tokens != 1).astype(np.int32)
    positions = jnp.arange(tokens.shape[1])[None] * inside
    return TAGGER.model.apply(
        {"params": params}, tokens, inside, positions, first, deterministic=True
    )[0]


def logits(cache, part: int) -> np.ndarray:
    """One part in a row of its own, without mesh: [words, C]."""
    tokens = np.full((1, 20), 1, np.int32)
    first = np.zeros((1, 8), np.int32)
    own = cache.tokens("tokens", part), cache.tokens("first", part)
    tokens[0, : len(own[0])], first[0, : len(own[1])] = own
    found = one_row(small_models.params(TAGGER), tokens, first)
    return np.asarray(found)[: len(own[1])]


def test_the_loss_is_the_mean_over_words_of_a_plain_loop(cache):
    batches = TrainingBatches(
        ((cache, 1.0),), FEATURES, cache.size, (24,), 7, 1, packed=False
    )
    # Of one epoch, each part once.
    loss, _ = loss_and_gradient(TAGGER, batches.batch(0, np.arange).arrays)
    losses = []
    for part in range(cache.size):
        for row, tag in zip(
            logits(cache, part), cache.tokens("tags", part), strict=True
        ):
            losses.append(np.log(np.exp(row).sum()) - row[tag])
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.fixture(scope="module")
def scores(cache) -> list[np.ndarray]:
    return [logits(cache, part) for part in range(cache.size)]


@pytest.mark.parametrize("devices", [1, 8])
@pytest.mark.parametrize(("rows", "columns"), [(1, 20), (7, 60), (64, 24)])
def test_tags_depend_neither_on_batches_nor_on_neighbours(
    rows, columns, devices, cache, scores
):
    # The output's bias takes the mean away, so that no class has them all.
    mean = np.concatenate(scores).mean(axis=0)
    expected: list[list[str]] = [[] for _ in cache.records]
    for number, row in zip(cache.scalars("example"), scores, strict=True):
        expected[number] += [LABELS[one] for one in (row - mean).argmax(axis=1)]
    params = small_models.params(TAGGER)
    output = params["head"]["out"]
    centred = output | {"bias": output["bias"] - mean}
    params = params | {"head": params["head"] | {"out": centred}}
    one = small_models.predictor(TAGGER, devices)
    evaluation = Evaluation(one, params, FEATURES, Tags(), (columns,), rows)
    assert evaluation.predict(cache) == expected
    assert len({tag for tags in expected for tag in tags}) == len(LABELS)


class Planted:
    """Stands for a program: at each first piece it puts out the gold tag."""

    def __init__(self):
        self.partitioning = small_models.partitioning("data")

    def predict(self, params: object, batch: dict) -> np.ndarray:
        shown, weights = (
            np.asarray(batch[name]) for name in ("tags", "tag_weights")
        )
        columns = np.arange(shown.shape[1])
        pieces = np.asarray(batch["first_pieces"])
        assert ((pieces == columns) | (weights == 0)).all()
        # What stands elsewhere could pass for no tag.
        return np.where(weights > 0, shown, 99)


@pytest.mark.parametrize("columns", [20, 37])
def test_planted_outputs_give_back_the_tags_of_whole_sentences(cache, columns):
    evaluation = Evaluation(Planted(), {}, FEATURES, Tags(), (columns,))
    gold = [record["tags"] for record in cache.records]
    assert cache.size > len(gold) == 30
    assert evaluation.predict(cache) == gold
    assert evaluation.score(cache) == 100.0


def test_predictions_lie_in_xtremes_layout_and_are_scored_from_there(
    cache, tmp_path
):
    evaluation = Evaluation(Planted(), {}, FEATURES, Tags(), (20,))
    records = evaluate.evaluate(evaluation, cache, tmp_path, {"seed": 5})
    # One tag a line, an empty line after each sentence.
    expected = "".join(
        "".join(f"{tag}\n" for tag in record["tags"]) + "\n"
        for record in cache.records
    )
    assert (tmp_path / "small_tags/dev-en.tsv").read_text() == expected
    found = {record["metric"]: record["value"] for record in records}
    assert found == dict.fromkeys(
        ("f1", "precision", "recall", "accuracy"), 100.0
    )
    # Sentences, not their parts.
    assert {record["n"] for record in records} == {30}
