"""Tiny models, their programs, and the same mathematics without a mesh."""

import ast
import contextlib
import dataclasses
import functools
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from small_caches import MASK, SPECIAL, TEXT_VOCABULARY, VOCABULARY

from xltransfer.data import features
from xltransfer.data.loader import Packed
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import XLMRMultipleChoice
from xltransfer.objectives.classification import Classification
from xltransfer.objectives.language_modeling import MaskedLanguageModeling
from xltransfer.objectives.multiple_choice import MultipleChoice
from xltransfer.objectives.objective import Objective
from xltransfer.objectives.text_to_text import TextToText
from xltransfer.partitioning import Partitioning
from xltransfer.prediction import Predictor
from xltransfer.train import Program

# Between two neighbouring numbers of float32, as a share of them.
ROUNDING = float(np.finfo(np.float32).eps)

# 67 and 167 pieces: nothing divides them.
XLMR = XLMRConfig(
    vocab_size=VOCABULARY,
    hidden_size=16,
    num_layers=1,
    num_heads=4,
    mlp_size=32,
    max_positions=40,
    dropout_rate=0.0,
    attention_dropout_rate=0.0,
)
MT5_CONFIG = MT5Config(
    vocab_size=TEXT_VOCABULARY,
    emb_dim=16,
    num_heads=4,
    num_encoder_layers=1,
    num_decoder_layers=1,
    head_dim=4,
    mlp_dim=32,
    dropout_rate=0.0,
)
CLASSIFIER = Classification(XLMRClassifier(XLMR, 3))
MASKED_LM = MaskedLanguageModeling(XLMRMaskedLM(XLMR))
TEXT_TO_TEXT = TextToText(MT5(MT5_CONFIG))
MULTIPLE_CHOICE = MultipleChoice(XLMRMultipleChoice(XLMR))

CLASSIFICATION = features.EncoderClassification(1)
CHOICES = features.EncoderMultipleChoice(1)
MASKED = features.MaskedLanguageModeling(1, MASK, VOCABULARY, SPECIAL)

# Standard deviation of random parameters. The choices of a question must differ
# by more than their common prompt's attention gives them at 0.3: their
# gradients would cancel to what rounding is.
SPREAD = 0.3
SPREADS = {MULTIPLE_CHOICE: 1.0}

SHARDINGS = Path(__file__).parents[1] / "gin" / "sharding"


@functools.cache
def partitioning(*names: str) -> Partitioning:
    """Returns what files of `gin/sharding` bind; the last one decides."""
    bound = {}
    for name in names:
        text = (SHARDINGS / f"{name}.gin").read_text()
        block = re.search(r"Partitioning:\n((?: .*\n)+)", text)[1]
        for one in ast.parse(textwrap.dedent(block)).body:
            bound[one.targets[0].id] = ast.literal_eval(one.value)
    return Partitioning(**bound)


@dataclasses.dataclass(frozen=True)
class Descent:
    """Gradient descent that keeps the sum of all gradients in its state."""

    learning_rate: float = 0.05
    frozen: tuple[str, ...] = ()

    def schedule(self, steps: int) -> optax.Schedule:
        return optax.constant_schedule(self.learning_rate)

    def build(self, steps: int) -> optax.GradientTransformation:
        return optax.chain(
            optax.trace(decay=1.0), optax.scale(-self.learning_rate)
        )


class OneDevice:
    """Stands for a predictor on one device, whose batches have any size."""

    batch_multiple = 1

    def __init__(self, objective: Objective) -> None:
        self.partitioning = self
        self.predict = jax.jit(objective.predict)

    def host_rows(self, rows: int) -> np.ndarray:
        return np.arange(rows)

    def put(self, arrays: dict, rows: int) -> dict:
        return arrays


def predictor(objective: Objective, devices: int) -> OneDevice | Predictor:
    """Returns what predicts on one device, or on all eight."""
    if devices == 1:
        return OneDevice(objective)
    return Predictor(objective, partitioning("data"))


def gradients(state: Any) -> Any:
    """The gradients that `Descent` has seen, summed."""
    return state.opt_state[0].trace


@functools.cache
def params(objective: Objective) -> dict:
    """Random parameters in which nothing is zero, on one device."""
    model = objective.model
    boxed = jax.eval_shape(
        lambda: model.init(
            jax.random.key(0), *model.sample_inputs(), deterministic=True
        )
    )
    random = np.random.default_rng(0)
    spread = SPREADS.get(objective, SPREAD)
    return jax.tree.map(
        lambda leaf: random.normal(0, spread, leaf.shape).astype(leaf.dtype),
        nn.unbox(boxed)["params"],
    )


def alone_logits(objective: Objective) -> Callable[..., np.ndarray]:
    """Returns mT5's logits [T V] of one example in a padded row, without mesh.

    Its arguments are the ids of the input, at most 20, and the decoder's
    inputs [1 T].
    """

    @jax.jit
    def logits(inputs: jax.Array, length: int, shifted: jax.Array) -> jax.Array:
        segments = (jnp.arange(inputs.shape[1]) < length)[None].astype(int)
        return objective.model.apply(
            {"params": params(objective)},
            inputs,
            segments,
            shifted,
            jnp.ones_like(shifted),
            deterministic=True,
        )[0]

    def of(ids: np.ndarray, shifted: np.ndarray) -> np.ndarray:
        inputs = np.zeros((1, 20), np.int32)
        inputs[0, : len(ids)] = ids
        return np.asarray(logits(inputs, len(ids), shifted))

    return of


@contextlib.contextmanager
def telling_scale(objective: Objective) -> Iterator[None]:
    """Gives a dual encoder vectors that differ, and a scale that tells.

    Else the gradient of the scale cancels to what rounding is.
    """
    SPREADS[objective] = 1.0
    params.cache_clear()
    params(objective)["head"]["scale"] = np.float32(4)
    try:
        yield
    finally:
        del SPREADS[objective]
        params.cache_clear()


def loss_and_gradient(
    objective: Objective, batch: dict, at: dict | None = None
) -> tuple:
    """Loss per unit of weight and its gradient, on one device, without mesh.

    `at` are the parameters, in place of `params`.
    """
    return _mean_loss(objective)(at or params(objective), batch)


@functools.cache
def _mean_loss(objective: Objective):
    def loss(params: dict, batch: dict) -> jax.Array:
        sums = objective.sums(params, batch, None)
        return sums["loss"] / sums["weight"]

    return jax.jit(jax.value_and_grad(loss))


def train(
    program: Program, batches: Sequence[Packed], seed: int = 0
) -> tuple[Any, list[dict]]:
    """Runs a program on batches from `params` on: whole state and metrics."""
    placed = jax.device_put(
        params(program.objective),
        jax.tree.map(lambda leaf: leaf.sharding, program.abstract.params),
    )
    state, metrics = program.start(placed), []
    for packed in batches:
        arrays = program.partitioning.put(packed.arrays, packed.rows)
        state, found = program.update(state, arrays, seed)
        metrics.append(jax.device_get(found))
    return program.whole(state), metrics


def check_on_devices(
    objective: Objective,
    batch: Packed,
    alone: tuple,
    *sharding: str,
    tolerance: float = 1e-5,
) -> None:
    """Compares an update on eight devices with a loss and its gradient."""
    program = Program(objective, Descent(), 10, partitioning(*sharding))
    state, (metrics,) = train(program, [batch])
    loss, gradient = alone
    np.testing.assert_allclose(float(metrics["loss"]), float(loss), rtol=1e-5)
    check_close(gradients(state), gradient, tolerance)


def check_close(ours: Any, theirs: Any, tolerance: float = 1e-5) -> None:
    """Compares tensors by max|a - b| / max|b|.

    Of the largest of all tensors, each may carry two roundings besides: how
    much smaller a gradient is than what it is summed from, is not known.

    A key's bias moves all logits of a query alike, and the one bias of a score
    all choices: their gradients are zero but for rounding, and are held
    against the largest of all tensors.
    """
    ours, theirs = jax.device_get((ours, theirs))
    largest = max(np.abs(leaf).max() for leaf in jax.tree.leaves(theirs))

    def check(path: tuple, a: np.ndarray, b: np.ndarray) -> None:
        name = jax.tree_util.keystr(path, simple=True, separator="/")
        is_zero = name.endswith("key/bias") or b.shape == (1,)
        scale = largest if is_zero else np.abs(b).max()
        allowed = tolerance * scale + 2 * ROUNDING * largest
        assert np.abs(a - b).max() <= allowed, name

    jax.tree_util.tree_map_with_path(check, ours, theirs)
