"""The softmax over a question's choices, and the choice that it takes."""

import jax
import numpy as np
import pytest
import small_caches
import small_models
from small_models import CHOICES, MULTIPLE_CHOICE

from xltransfer.data.cache import Cache
from xltransfer.data.loader import TrainingBatches
from xltransfer.evaluate import Evaluation
from xltransfer.outcomes.multiple_choice import Choices


@pytest.fixture(scope="module")
def questions(tmp_path_factory) -> Cache:
    folder = tmp_path_factory.mktemp("data") / "questions"
    return small_caches.questions(folder, 40)


@pytest.fixture(scope="module")
def scores(questions) -> list[np.ndarray]:
    """Each choice in a row of its own, without mesh: one score."""
    params = small_models.params(MULTIPLE_CHOICE)

    @jax.jit
    def score(tokens, segments, positions, starts):
        return MULTIPLE_CHOICE.model.apply(
            {"params": params},
            tokens,
            segments,
            positions,
            starts,
            deterministic=True,
        )[0, 0]

    found = []
    for number in range(questions.size):
        ids = questions.tokens("tokens", number).astype(np.int32)
        lengths = questions.tokens("choice_lengths", number)
        alone = []
        for choice in np.split(ids, np.cumsum(lengths)[:-1]):
            row = np.ones((1, 24), np.int32)
            row[0, : len(choice)] = choice
            inside = (np.arange(24) < len(choice))[None].astype(np.int32)
            positions = np.arange(24, dtype=np.int32)[None] * inside
            starts = np.zeros((1, 1), np.int32)
            alone.append(float(score(row, inside, positions, starts)))
        found.append(np.array(alone))
    return found


def test_the_loss_is_the_softmax_over_each_question_s_own_choices(
    questions, scores
):
    stream = TrainingBatches(
        ((questions, 1.0),), CHOICES, questions.size, (20,), seed=3
    )
    # One epoch: every question once.
    batch = stream.batch(0, np.arange).arrays
    sums = MULTIPLE_CHOICE.sums(
        small_models.params(MULTIPLE_CHOICE), batch, None
    )
    labels = questions.scalars("label")
    loss = sum(
        np.log(np.exp(one).sum()) - one[label]
        for one, label in zip(scores, labels, strict=True)
    )
    hits = sum(
        int(one.argmax() == label)
        for one, label in zip(scores, labels, strict=True)
    )
    np.testing.assert_allclose(sums["loss"], loss, rtol=1e-5)
    assert sums["weight"] == questions.size
    assert sums["correct"] == hits and 0 < hits < questions.size


@pytest.mark.parametrize(
    ("rows", "columns", "devices"),
    [(1, 20, 8), (7, 37, 8), (64, 20, 8), (1, 20, 1), (7, 37, 1), (64, 20, 1)],
)
def test_an_answer_depends_neither_on_rows_nor_on_neighbours(
    rows, columns, devices, questions, scores
):
    evaluation = Evaluation(
        small_models.predictor(MULTIPLE_CHOICE, devices),
        small_models.params(MULTIPLE_CHOICE),
        CHOICES,
        Choices(),
        (columns,),
        rows,
    )
    found = evaluation.predict(questions)
    assert found == [int(one.argmax()) for one in scores]
    assert set(found) == {0, 1, 2, 3}
    labels = questions.scalars("label").tolist()
    hits = sum(a == b for a, b in zip(found, labels, strict=True))
    assert evaluation.score(questions) == 100 * hits / questions.size
