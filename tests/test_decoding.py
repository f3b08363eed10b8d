"""mT5 writes what Hugging Face's `generate` writes, packed or padded.

Expected ids come from `tests/reference/generation.py`: 200 inputs, a random
model whose outputs end early, late and not at all.
"""

import jax
import numpy as np
import pytest

from xltransfer import decoding
from xltransfer.models.mt5 import MT5
from xltransfer.pretrained import huggingface

LENGTH = 12
SEARCHES = {
    "greedy": (decoding.greedy, {}),
    "beam": (decoding.beam_search, {"beams": 4}),
    "beam_short": (
        decoding.beam_search,
        {"beams": 4, "length_penalty": -1.0},
    ),
    "beam_long": (decoding.beam_search, {"beams": 3, "length_penalty": 2.0}),
}


@pytest.fixture(scope="module")
def generation(reference):
    return _loaded(reference, "mt5_generation")


def _loaded(reference, name):
    folder = reference / name
    model = MT5(huggingface.read_config(folder))
    params = huggingface.load(folder, model).params
    return model, params, dict(np.load(f"{folder}.npz"))


def test_the_reference_is_worth_comparing_with(generation):
    outputs = {name: _filled(generation[2][name]) for name in SEARCHES}
    for ids in outputs.values():
        ended = (ids == decoding.END).any(1)
        assert 20 < ended.sum() < 180
        assert len(np.unique(ids, axis=0)) > 50
        assert len(np.unique((ids != decoding.PAD).sum(1))) > 5
    changed = (outputs["beam"] != outputs["greedy"]).any(1)
    assert changed.sum() > 50


@pytest.mark.parametrize("name", SEARCHES)
def test_tokens_equal_hugging_faces(generation, name):
    model, params, arrays = generation
    tokens, segments = _packed(arrays, per_row=1)
    found = _search(model, name, 1)(params, tokens, segments)[:, 0]
    np.testing.assert_array_equal(found, _filled(arrays[name]))


@pytest.mark.parametrize("name", ["greedy", "beam"])
def test_umt5s_tokens_equal_hugging_faces(reference, name):
    model, params, arrays = _loaded(reference, "umt5_generation")
    assert model.config.relpos_per_layer
    tokens, segments = _packed(arrays, per_row=1)
    found = _search(model, name, 1)(params, tokens, segments)[:, 0]
    np.testing.assert_array_equal(found, _filled(arrays[name]))


@pytest.mark.parametrize("name", ["greedy", "beam"])
def test_packing_does_not_change_tokens(generation, name):
    model, params, arrays = generation
    tokens, segments = _packed(arrays, per_row=3)
    # 200 is no multiple of 3: one slot of the last row is empty.
    found = _search(model, name, 3)(params, tokens, segments)
    found = np.asarray(found).reshape(-1, LENGTH)[:200]
    np.testing.assert_array_equal(found, _filled(arrays[name]))


def _search(model, name, slots):
    function, arguments = SEARCHES[name]

    @jax.jit
    def search(params, tokens, segments):
        return function(
            model,
            params,
            tokens,
            segments,
            slots=slots,
            length=LENGTH,
            **arguments,
        )

    return search


def _packed(arrays, per_row):
    count = len(arrays["tokens"])
    shape = (-(-count // per_row), per_row * arrays["tokens"].shape[1])
    tokens, segments = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    for i, (ids, length) in enumerate(
        zip(arrays["tokens"], arrays["lengths"], strict=True)
    ):
        row, slot = divmod(i, per_row)
        column = (segments[row] > 0).sum()
        tokens[row, column : column + length] = ids[:length]
        segments[row, column : column + length] = slot + 1
    return tokens, segments


def _filled(ids):
    """Cut to the longest by Hugging Face, which puts `END` after `END` where
    it searches by beams: it takes the padding id, 0, for none."""
    ids = np.pad(ids, ((0, 0), (0, LENGTH - ids.shape[1])))
    ended = np.cumsum(ids == decoding.END, axis=1) - (ids == decoding.END)
    return np.where(ended > 0, decoding.PAD, ids)
