"""Generated ids against the same model, one example and one piece at a time."""

import numpy as np
import pytest
import small_caches
import small_models

from xltransfer.data.features import TextInputs
from xltransfer.evaluate import Evaluation
from xltransfer.models.mt5 import MT5
from xltransfer.objectives.generation import Generation

LENGTH = 5
GENERATION = Generation(MT5(small_models.MT5_CONFIG), length=LENGTH)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "text"
    return small_caches.text_pairs(folder, 45)


@pytest.fixture(scope="module")
def alone(cache) -> list[list[int]]:
    """The most probable pieces, each example alone and padded, no mesh."""
    logits, found = small_models.alone_logits(GENERATION), []
    for number in range(cache.size):
        ids = cache.tokens("inputs", number)
        output = np.zeros(LENGTH + 1, np.int32)
        for at in range(LENGTH):
            scores = logits(ids, output[None, :-1])
            output[at + 1] = scores[at].argmax()
            if output[at + 1] == 1:
                break
        found.append(output[1:].tolist())
    return found


class Ids:
    """Predictions stay ids."""

    layout = "labels"

    def read(self, outputs, layout, cache, examples):
        return outputs[layout.row, layout.slot].tolist()

    def combine(self, cache, found):
        return list(found)


@pytest.mark.parametrize("devices", [1, 8])
@pytest.mark.parametrize(("rows", "columns"), [(1, 20), (7, 50), (64, 20)])
def test_outputs_depend_neither_on_rows_nor_on_neighbours_nor_on_devices(
    rows, columns, devices, cache, alone
):
    evaluation = Evaluation(
        small_models.predictor(GENERATION, devices),
        small_models.params(GENERATION),
        TextInputs(),
        Ids(),
        (columns, LENGTH),
        rows,
    )
    assert evaluation.predict(cache) == alone
    assert len({tuple(one) for one in alone}) > 10
