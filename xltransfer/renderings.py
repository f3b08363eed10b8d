"""Which features and which objective serve a problem, for a model family."""

import dataclasses

from tasks.pieces import Pieces
from xltransfer.data import features
from xltransfer.data.features import Features
from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.objectives.classification import Classification
from xltransfer.objectives.language_modeling import MaskedLanguageModeling
from xltransfer.objectives.objective import Objective
from xltransfer.objectives.text_to_text import TextToText

ModelConfig = XLMRConfig | MT5Config


@dataclasses.dataclass(frozen=True)
class Rendering:
    """One problem for one model.

    Attributes:
      objective: loss and prediction.
      training: features of training batches.
      evaluation: features of evaluation batches.
    """

    objective: Objective
    training: Features
    evaluation: Features


def name(model: ModelConfig) -> str:
    """Returns `encoder` or `text`: what the tasks render for this model."""
    return "text" if isinstance(model, MT5Config) else "encoder"


def rendering(
    model: ModelConfig,
    problem: str,
    labels: int,
    answers: tuple[tuple[int, ...], ...],
    pieces: Pieces,
) -> Rendering:
    """Returns features and objective.

    Args:
      model: the size and family.
      problem: `classification` or `language_modeling`.
      labels: C, the number of classes; 0 where there are none.
      answers: ids of each label's text, in text rendering.
      pieces: the vocabulary.

    Raises:
      InputError: for a vocabulary larger than the model's, or a problem that
        the family does not know.
    """
    if pieces.vocab_size > model.vocab_size:
        raise InputError(
            f"{type(model).__name__}.vocab_size is {model.vocab_size}, but "
            f"the vocabulary has {pieces.vocab_size} pieces."
        )
    build = {"encoder": _encoder, "text": _text}[name(model)]
    found = build(model, problem, labels, answers, pieces)
    if found is None:
        raise InputError(
            f"{type(model).__name__} has no objective for {problem!r}."
        )
    return found


def _encoder(
    model: XLMRConfig,
    problem: str,
    labels: int,
    answers: tuple[tuple[int, ...], ...],
    pieces: Pieces,
) -> Rendering | None:
    del answers
    if problem == "classification":
        arrays = features.EncoderClassification(model.pad_id)
        objective = Classification(XLMRClassifier(model, labels))
        return Rendering(objective, arrays, arrays)
    if problem == "language_modeling":
        arrays = features.MaskedLanguageModeling(
            model.pad_id,
            pieces.mask_id,
            pieces.vocab_size,
            pieces.special_ids,
        )
        objective = MaskedLanguageModeling(XLMRMaskedLM(model))
        return Rendering(objective, arrays, arrays)
    return None


def _text(
    model: MT5Config,
    problem: str,
    labels: int,
    answers: tuple[tuple[int, ...], ...],
    pieces: Pieces,
) -> Rendering | None:
    del labels
    objective = TextToText(MT5(model))
    if len(set(answers)) < len(answers):
        raise InputError(
            "Two labels have the same pieces: the vocabulary does not know "
            "their texts. Train it on text that holds them, or with a model "
            "type that falls back to bytes (unigram, bpe)."
        )
    if problem == "classification":
        return Rendering(
            objective, features.TextToText(), features.RankedAnswers(answers)
        )
    if problem == "language_modeling":
        arrays = features.SpanCorruption(pieces.vocab_size, pieces.eos_id)
        return Rendering(objective, arrays, arrays)
    return None
