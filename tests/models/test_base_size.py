"""The published sizes: base models equal Hugging Face's, all sizes their gin.

Expected logits come from `tests/reference/base_size.py`: random weights,
published sizes and vocabularies, float32. Numbers of parameters are what
transformers counts at the published configurations, mT5's output layer apart;
those of mT5 up to XL are also T5X's checkpoints'.
"""

import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from parity import CASES
from rows import boxed_shapes, error

from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRConfig, XLMRMaskedLM
from xltransfer.pretrained import huggingface

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("xlmr_base", 278_295_186),
        ("xlmr_large", 560_142_482),
        ("xlmr_xl", 3_482_741_760),
        ("xlmr_xxl", 10_712_994_816),
        ("mt5_small", 300_176_768),
        ("mt5_base", 582_401_280),
        ("mt5_large", 1_229_581_312),
        ("mt5_xl", 3_742_619_648),
        ("mt5_xxl", 12_921_057_280),
    ],
)
def test_a_gin_file_gives_the_published_number_of_parameters(name, parameters):
    shapes = boxed_shapes(_shipped(name))
    assert sum(leaf.size for leaf in jax.tree.leaves(shapes)) == parameters


def _shipped(name):
    text = (ROOT / "gin" / "models" / f"{name}.gin").read_text()
    kind, block = re.search(r"\.(\w+Config):\n((?: .*\n)+)", text).groups()
    fields = dict(line.split(" = ") for line in block.split("\n") if line)
    fields = {
        key.strip(): int(x) if x.isdigit() else x.strip("'")
        for key, x in fields.items()
    }
    if kind == "MT5Config":
        return MT5(MT5Config(**fields))
    return XLMRMaskedLM(XLMRConfig(**fields))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "case"), [("xlmr", "xlmr_masked_lm"), ("mt5", "mt5")]
)
def test_base_size_equals_hugging_face(tmp_path, name, case):
    case = CASES[case]
    script = ROOT / "tests" / "reference" / "base_size.py"
    subprocess.run([sys.executable, script, name, tmp_path], check=True)
    config = huggingface.read_config(tmp_path)
    model = case.build(config)
    assert config == _shipped(f"{name}_base").config
    loaded = huggingface.load(tmp_path, model)
    assert (loaded.missing, loaded.unused) == ((), ())
    arrays = dict(np.load(tmp_path / "arrays.npz"))
    for weights in tmp_path.glob("*.safetensors"):
        weights.unlink()
    for layout in ([[0], [1]], [[1, 0]]):
        inputs, places = case.inputs(arrays, arrays["tokens"], layout)
        found = jax.jit(model.apply, static_argnames="deterministic")(
            {"params": loaded.params}, *inputs, deterministic=True
        )
        outputs = case.outputs(found, places, arrays[case.length_of])
        largest = max(
            error(a, b)
            for a, b in zip(outputs, case.wanted(arrays), strict=True)
        )
        print(f"{name} base, rows {layout}: max|a-b|/max|b| = {largest:.1e}")
        assert largest <= 1e-4
