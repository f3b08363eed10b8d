"""The published sizes: base and large equal Hugging Face's, all their gin.

Expected outputs come from `tests/reference/published_size.py`: random weights,
published sizes and vocabularies, float32. Numbers of parameters are what
transformers counts at the published configurations, mT5's output layer apart;
those of mT5 up to XL are also T5X's checkpoints'.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from parity import CASES
from rows import boxed_shapes, compiled, error, joined

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


# Vocabulary, width, layers, heads, hidden width. Of XLM-R from `config.json`
# of the published directories (all with 514 positions, epsilon 1e-5), of mT5
# from t5x/examples/t5/mt5/*.gin (head width 64, two stacks alike).
XLMR = {
    "xlmr_base": (250002, 768, 12, 12, 3072, "post"),
    "xlmr_large": (250002, 1024, 24, 16, 4096, "post"),
    "xlmr_xl": (250880, 2560, 36, 32, 10240, "pre"),
    "xlmr_xxl": (250880, 4096, 48, 32, 16384, "pre"),
}
MT5_SIZES = {
    "mt5_small": (250112, 512, 8, 6, 1024),
    "mt5_base": (250112, 768, 12, 12, 2048),
    "mt5_large": (250112, 1024, 24, 16, 2816),
    "mt5_xl": (250112, 2048, 24, 32, 5120),
    "mt5_xxl": (250112, 4096, 24, 64, 10240),
}


@pytest.mark.parametrize("name", XLMR)
def test_a_gin_file_has_the_values_of_xlmrs_published_configuration(name):
    *sizes, norm = XLMR[name]
    wanted = XLMRConfig(
        *sizes, max_positions=514, layer_norm_epsilon=1e-5, norm=norm
    )
    assert _shipped(name).config == wanted


@pytest.mark.parametrize("name", MT5_SIZES)
def test_a_gin_file_has_the_values_of_t5xs_configuration(name):
    vocabulary, width, layers, heads, hidden = MT5_SIZES[name]
    wanted = MT5Config(vocabulary, width, heads, layers, layers, 64, hidden)
    assert _shipped(name).config == wanted


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
    ("name", "size"),
    [
        ("xlmr_classifier", "base"),
        ("xlmr_masked_lm", "base"),
        ("xlmr_choice", "base"),
        ("xlmr_tagger", "base"),
        ("xlmr_span", "base"),
        ("xlmr_embedding", "base"),
        ("xlmr_retriever", "base"),
        ("mt5", "base"),
        ("mt5_embedding", "base"),
        ("umt5", "base"),
        ("xlmr_masked_lm", "large"),
        ("xlmr_classifier", "large"),
        ("mt5", "large"),
    ],
)
def test_a_published_size_equals_hugging_face(tmp_path, name, size):
    case = CASES[name]
    script = ROOT / "tests" / "reference" / "published_size.py"
    command = [sys.executable, str(script), name, size, str(tmp_path)]
    # Its memory is free again before ours is needed.
    subprocess.run(command, check=True)
    model = case.build(huggingface.read_config(tmp_path))
    if not name.startswith("umt5"):
        family = name.split("_")[0]
        assert model.config == _shipped(f"{family}_{size}").config
    params = _loaded(tmp_path, model)
    arrays = dict(np.load(tmp_path / "arrays.npz"))
    for layout in ([[i] for i in range(len(arrays["tokens"]))], case.packed):
        inputs, places = case.inputs(arrays, arrays["tokens"], layout)
        found = compiled(model)(params, *inputs)
        outputs = case.outputs(found, places, arrays[case.length_of])
        wanted = case.wanted(arrays)
        largest = error(joined(outputs), joined(wanted))
        print(f"{name} {size}, rows {layout}: {largest:.1e}")
        assert len(outputs) == len(wanted)
        assert largest <= 1e-4


def _loaded(folder: Path, model: Any) -> dict:
    """Reads the weights once, straight to the device, and removes them."""
    here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    wanted = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=here),
        huggingface.abstract_params(model),
    )
    loaded = huggingface.load(folder, model, abstract=wanted)
    assert (loaded.missing, loaded.unused) == ((), ())
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    return loaded.params
