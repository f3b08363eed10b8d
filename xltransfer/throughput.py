"""Model FLOPs utilisation: the arithmetic a model needs over what a device has.

Counted are the matrix products of an update on what is no padding, the backward
pass as two forward passes, nothing twice where activations are recomputed. For
D wide, F hidden and H x K = A across the heads, an example of l tokens needs,
forward,

    XLM-R, a layer        2 l (4 D^2 + 2 D F) + 4 l^2 D
    mT5, an encoder layer 2 l (4 D A + 3 D F) + 4 l^2 A
    mT5, a decoder layer  2 t (6 D A + 3 D F) + 4 l D A + 4 (t^2 + l t) A
    mT5's logits          2 t D V              for t target tokens
    masked words' logits  2 (0.15 l) D V

after Chowdhery et al. (2022), appendix B, with attention in full. Heads of
tasks are left out.
"""

import dataclasses
import functools
import time

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from tasks.problems.language_modeling import RATE
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.topology import chips

_SIZE, _ROUNDS = 2048, 5


@dataclasses.dataclass(frozen=True)
class Arithmetic:
    """What an update of a model takes, and what the devices can do.

    Attributes:
      model: family and size.
      masked: whether the logits of masked words are computed.
      peak: FLOP/s of all devices together; None where nobody knows.
    """

    model: XLMRConfig | MT5Config
    masked: bool
    peak: float | None

    def flops(
        self, lengths: Int[np.ndarray, "N F"], slots: Int[np.ndarray, "N"]
    ) -> float:
        """Returns the FLOPs of an update on a batch of examples.

        Args:
          lengths: tokens per sequence feature.
          slots: segments that an example consists of: they do not attend to
            each other, and count as equally long.
        """
        if isinstance(self.model, MT5Config):
            return 3 * _mt5(self.model, *lengths.astype(np.float64).T)
        length = lengths[:, 0].astype(np.float64)
        return 3 * _xlmr(self.model, length, slots, self.masked)

    def utilisation(self, flops: float, seconds: float) -> dict[str, float]:
        """Returns rates: `mfu` only where the peak is known."""
        rates = {"flops_per_second": flops / seconds}
        if self.peak:
            rates["mfu"] = flops / seconds / self.peak
        return rates


def _xlmr(
    model: XLMRConfig, length: np.ndarray, slots: np.ndarray, masked: bool
) -> float:
    width, hidden = model.hidden_size, model.mlp_size
    tokens = length.sum()
    layer = 2 * tokens * (4 * width**2 + 2 * width * hidden)
    layer += 4 * (length**2 / slots).sum() * width
    logits = 2 * RATE * tokens * width * model.vocab_size
    return float(model.num_layers * layer + masked * logits)


def _mt5(model: MT5Config, length: np.ndarray, target: np.ndarray) -> float:
    width, heads = model.emb_dim, model.num_heads * model.head_dim
    mlp = 3 * width * model.mlp_dim
    tokens, targets = length.sum(), target.sum()
    encoder = 2 * tokens * (4 * width * heads + mlp)
    encoder += 4 * (length**2).sum() * heads
    decoder = 2 * targets * (6 * width * heads + mlp)
    decoder += 4 * tokens * width * heads
    decoder += 4 * (target**2 + length * target).sum() * heads
    logits = 2 * targets * width * model.vocab_size
    layers = model.num_encoder_layers * encoder
    return float(layers + model.num_decoder_layers * decoder + logits)


def arithmetic(
    model: XLMRConfig | MT5Config, masked: bool, measure: bool
) -> Arithmetic:
    """Returns what a model's updates are measured by.

    Args:
      model: family and size.
      masked: whether it predicts masked words.
      measure: takes the rate of a large matrix product, measured now, where
        the device's peak is not known.
    """
    device = jax.local_devices()[0]
    chip = chips.of_kind(device.device_kind)
    peak = chip and chip.flops
    if peak is None and measure:
        peak = matrix_rate(model.dtype)
    return Arithmetic(model, masked, peak and peak * jax.device_count())


@functools.cache
def matrix_rate(dtype: str) -> float:
    """Returns the FLOP/s of the best of a few large products on one device."""
    matrix = jnp.ones((_SIZE, _SIZE), dtype)
    product = jax.jit(jnp.matmul)
    product(matrix, matrix).block_until_ready()
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        product(matrix, matrix).block_until_ready()
        times.append(time.perf_counter() - started)
    return 2 * _SIZE**3 / min(times)
