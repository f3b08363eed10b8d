"""Which features, objective and outcome serve a problem, by model family.

A new problem is an entry of `ENCODER`; every problem is text to text already.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal

from tasks.pieces import Pieces
from xltransfer.components import EMBEDDED
from xltransfer.data import features
from xltransfer.data.features import Features
from xltransfer.errors import InputError
from xltransfer.models.embedders import MT5Embedder, XLMREmbedder
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.retriever import MT5Retriever, XLMRRetriever
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import (
    XLMRMultipleChoice,
    XLMRSpanFinder,
    XLMRTagger,
)
from xltransfer.objectives.classification import Classification
from xltransfer.objectives.generation import Generation
from xltransfer.objectives.language_modeling import MaskedLanguageModeling
from xltransfer.objectives.multiple_choice import MultipleChoice
from xltransfer.objectives.multitask import MultiTask
from xltransfer.objectives.objective import Objective
from xltransfer.objectives.retrieval import (
    Embedding,
    InBatchRetrieval,
    InBatchTextRetrieval,
    TextEmbedding,
)
from xltransfer.objectives.span import SpanFinding
from xltransfer.objectives.tagging import Tagging
from xltransfer.objectives.text_to_text import TextToText
from xltransfer.outcomes.classification import Labels
from xltransfer.outcomes.multiple_choice import Choices
from xltransfer.outcomes.outcome import Outcome
from xltransfer.outcomes.retrieval import Mined, Nearest
from xltransfer.outcomes.span import Answers
from xltransfer.outcomes.tagging import Tags
from xltransfer.outcomes.text import Generated
from xltransfer.vectors import STANDARD, Vectors, dual_encoder

ModelConfig = XLMRConfig | MT5Config
RANK, GENERATION = "rank", "generation"
Prediction = Literal["rank", "generation"]


@dataclasses.dataclass(frozen=True)
class Rendering:
    """One problem for one model.

    Attributes:
      objective: loss and prediction.
      training: features of training batches.
      evaluation: features of evaluation batches.
      outcome: what makes predictions of outputs; None where there are none.
    """

    objective: Objective
    training: Features
    evaluation: Features
    outcome: Outcome | None = None


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a rendering needs to know of its problem.

    Attributes:
      problem: its name in `tasks.problems`.
      pieces: the vocabulary.
      labels: C, the number of classes; 0 where there are none.
      answers: ids of each label's text, in text rendering.
      output_length: longest text that is generated, in pieces.
      generate: whether to generate even where answers could be ranked.
      metric: what the dataset is scored by first, if by anything.
      vectors: how an encoder's own are made.
    """

    problem: str
    pieces: Pieces
    labels: int = 0
    answers: tuple[tuple[int, ...], ...] = ()
    output_length: int = 0
    metric: str = ""
    generate: bool = False
    vectors: Vectors = STANDARD


def name(model: ModelConfig) -> str:
    """Returns `encoder` or `text`: what the tasks render for this model."""
    return "text" if isinstance(model, MT5Config) else "encoder"


def layers(model: ModelConfig) -> int:
    """Returns how many layers there are whose states can be pooled."""
    if isinstance(model, MT5Config):
        return model.num_encoder_layers
    return model.num_layers


def rendering(model: ModelConfig, facts: Facts) -> Rendering:
    """Returns features, objective and outcome.

    Raises:
      InputError: for a vocabulary larger than the model's, or a problem that
        the family does not know.
    """
    pieces = facts.pieces
    if pieces.vocab_size > model.vocab_size:
        raise InputError(
            f"{type(model).__name__}.vocab_size is {model.vocab_size}, but "
            f"the vocabulary has {pieces.vocab_size} pieces."
        )
    if facts.problem not in ENCODER:
        raise InputError(
            f"{type(model).__name__} has no objective for {facts.problem!r}."
        )
    build = ENCODER[facts.problem] if name(model) == "encoder" else _text
    return build(model, facts)


def prediction(
    model: ModelConfig, has_answers: bool, asked: Prediction = RANK
) -> str:
    """Returns how a model predicts: as an encoder, by rank or by generation.

    Args:
      model: family and size.
      has_answers: whether the problem's answers are few and known.
      asked: how answers are to be predicted that could be ranked.
    """
    if name(model) == "encoder":
        return "encoder"
    return asked if has_answers else GENERATION


def joint(renderings: Mapping[str, Rendering]) -> Objective:
    """Returns the objective of one task, or of several by name."""
    objectives = {name: one.objective for name, one in renderings.items()}
    if len(objectives) == 1:
        return next(iter(objectives.values()))
    own = tuple(
        () if isinstance(one, TextToText) else ("head",)
        for one in objectives.values()
    )
    return MultiTask(tuple(objectives.items()), own)


def _classification(model: XLMRConfig, facts: Facts) -> Rendering:
    arrays = features.EncoderClassification(model.pad_id)
    objective = Classification(XLMRClassifier(model, facts.labels))
    return Rendering(objective, arrays, arrays, Labels())


def _language_modeling(model: XLMRConfig, facts: Facts) -> Rendering:
    pieces = facts.pieces
    arrays = features.MaskedLanguageModeling(
        model.pad_id, pieces.mask_id, pieces.vocab_size, pieces.special_ids
    )
    objective = MaskedLanguageModeling(XLMRMaskedLM(model))
    return Rendering(objective, arrays, arrays)


def _multiple_choice(model: XLMRConfig, facts: Facts) -> Rendering:
    arrays = features.EncoderMultipleChoice(model.pad_id)
    objective = MultipleChoice(XLMRMultipleChoice(model))
    return Rendering(objective, arrays, arrays, Choices())


def _tagging(model: XLMRConfig, facts: Facts) -> Rendering:
    arrays = features.EncoderTagging(model.pad_id)
    objective = Tagging(XLMRTagger(model, facts.labels))
    return Rendering(objective, arrays, arrays, Tags())


def _span(model: XLMRConfig, facts: Facts) -> Rendering:
    arrays = features.EncoderSpan(model.pad_id)
    objective = SpanFinding(XLMRSpanFinder(model))
    return Rendering(objective, arrays, arrays, Answers())


def _retrieval(model: XLMRConfig, facts: Facts) -> Rendering:
    arrays = features.EncoderRetrieval(model.pad_id)
    if facts.metric not in EMBEDDED:
        objective = InBatchRetrieval(XLMRRetriever(model))
        outcome = Nearest("rankings", dual_encoder("pooler"))
        return Rendering(objective, arrays, arrays, outcome)
    vectors = facts.vectors
    layer = vectors.layer_of(layers(model))
    embedder = XLMREmbedder(model, layer, vectors.pooling, normalize=True)
    outcome = _embedded(model, facts)
    return Rendering(Embedding(embedder), arrays, arrays, outcome)


def _embedded(model: ModelConfig, facts: Facts) -> Outcome:
    """Returns the outcome of vectors that need no training, with their record."""
    vectors, depth = facts.vectors, layers(model)
    if facts.metric == "bucc":
        return Mined(made=vectors.record(depth, both_ways=True))
    return Nearest(
        "positions",
        vectors.record(depth),
        candidates_seek=vectors.direction == "to_english",
    )


ENCODER: dict[str, Callable[[XLMRConfig, Facts], Rendering]] = {
    "classification": _classification,
    "language_modeling": _language_modeling,
    "multiple_choice": _multiple_choice,
    "tagging": _tagging,
    "span": _span,
    "retrieval": _retrieval,
}
# Those of an encoder know what is right, whatever the model.
TARGETS: dict[str, Outcome] = {
    "classification": Labels(),
    "multiple_choice": Choices(),
    "tagging": Tags(),
    "span": Answers(),
    "retrieval": Nearest(),
}


def _text(model: MT5Config, facts: Facts) -> Rendering:
    if facts.problem == "language_modeling":
        arrays = features.SpanCorruption(
            facts.pieces.vocab_size, facts.pieces.eos_id
        )
        return Rendering(TextToText(MT5(model)), arrays, arrays)
    if facts.problem == "retrieval":
        return _text_retrieval(model, facts)
    if facts.answers and not facts.generate:
        return _ranked(model, facts)
    return Rendering(
        Generation(MT5(model), length=facts.output_length),
        features.TextToText(),
        features.TextInputs(),
        Generated(facts.pieces, facts.problem, TARGETS[facts.problem]),
    )


def _text_retrieval(model: MT5Config, facts: Facts) -> Rendering:
    """The encoder alone makes vectors, of queries and of candidates."""
    arrays = features.TextRetrieval()
    if facts.metric not in EMBEDDED:
        objective = InBatchTextRetrieval(MT5Retriever(model))
        outcome = Nearest("rankings", dual_encoder("mean"))
        return Rendering(objective, arrays, arrays, outcome)
    vectors = facts.vectors
    layer = vectors.layer_of(layers(model))
    embedder = MT5Embedder(model, layer, vectors.pooling, normalize=True)
    outcome = _embedded(model, facts)
    return Rendering(TextEmbedding(embedder), arrays, arrays, outcome)


def _ranked(model: MT5Config, facts: Facts) -> Rendering:
    if len(set(facts.answers)) < len(facts.answers):
        raise InputError(
            "Two labels have the same pieces: the vocabulary does not know "
            "their texts. Train it on text that holds them, or with a model "
            "type that falls back to bytes (unigram, bpe)."
        )
    return Rendering(
        TextToText(MT5(model)),
        features.TextToText(),
        features.RankedAnswers(facts.answers),
        Labels(),
    )
