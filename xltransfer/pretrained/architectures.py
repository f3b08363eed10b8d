"""Every model class of ours: who trains it, and its names at Hugging Face's.

Hugging Face's name of a class is a variant's prefix and a model's suffix:
`XLMRobertaXL` and `ForMaskedLM`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xltransfer.errors import InputError, nearest
from xltransfer.models.embedders import MT5Embedder, XLMREmbedder
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.retriever import MT5Retriever, XLMRRetriever
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.models.xlmr_tasks import (
    XLMRMultipleChoice,
    XLMRSpanFinder,
    XLMRTagger,
)
from xltransfer.pretrained import names

Config = XLMRConfig | MT5Config
Model = (
    XLMRClassifier
    | XLMRMultipleChoice
    | XLMRTagger
    | XLMRSpanFinder
    | XLMRMaskedLM
    | XLMREmbedder
    | XLMRRetriever
    | MT5
    | MT5Embedder
    | MT5Retriever
)

# The suffix of an encoder without a head, whose tensors have no prefix.
BARE = "Model"


@dataclass(frozen=True)
class Architecture:
    """A model class of ours.

    Attributes:
      model: the class.
      problems: those whose phases train it, the usual one first; None stands
        for no training, an encoder as it is.
      suffix: the end of Hugging Face's name.
      names: what Hugging Face calls its parameters, given the configuration.
      copies: tensors that a file may repeat: copy -> original.
      labelled: whether it has classes with names.
      note: what to know before loading it there.
    """

    model: Callable[..., Model]
    problems: tuple[str | None, ...]
    suffix: str
    names: Callable[[Any], names.Table]
    copies: Mapping[str, str] = field(default_factory=dict)
    labelled: bool = False
    note: str = ""

    def build(self, config: Config, labels: int) -> Model:
        """Returns the model; `labels` counts its classes, if it has any."""
        return self.model(config, *((labels,) if self.labelled else ()))


@dataclass(frozen=True)
class Variant:
    """What Hugging Face calls a family's variant.

    Attributes:
      model_type: in `config.json`.
      prefix: the beginning of its classes' names.
    """

    model_type: str
    prefix: str


def _on_encoder(head: names.Table) -> Callable[[XLMRConfig], names.Table]:
    return lambda config: names.xlmr_encoder(config) | head


_NO_POOLER = (
    "AutoModel adds a layer that the encoder does not have, a pooler, with "
    "random weights: load it with add_pooling_layer=False."
)
_XLMR = (
    Architecture(
        XLMRClassifier,
        ("classification",),
        "ForSequenceClassification",
        _on_encoder(names.xlmr_classification_head()),
        labelled=True,
    ),
    Architecture(
        XLMRMultipleChoice,
        ("multiple_choice",),
        "ForMultipleChoice",
        _on_encoder(names.xlmr_choice_head()),
    ),
    Architecture(
        XLMRTagger,
        ("tagging",),
        "ForTokenClassification",
        _on_encoder(names.xlmr_tagging_head()),
        labelled=True,
    ),
    Architecture(
        XLMRSpanFinder,
        ("span",),
        "ForQuestionAnswering",
        _on_encoder(names.xlmr_span_head()),
    ),
    Architecture(
        XLMRMaskedLM,
        ("language_modeling",),
        "ForMaskedLM",
        _on_encoder(names.xlmr_masked_lm_head()),
        copies=names.XLMR_MASKED_LM_COPIES,
    ),
    Architecture(XLMREmbedder, (None,), BARE, _on_encoder({}), note=_NO_POOLER),
    Architecture(
        XLMRRetriever,
        ("retrieval",),
        BARE,
        _on_encoder(names.xlmr_retrieval_head()),
        note="A text's vector is its pooler_output, at length 1; the scale of "
        f"their products is in {names.SCALE_FILE}.",
    ),
)
_MT5 = (
    Architecture(
        MT5,
        (
            "language_modeling",
            "classification",
            "multiple_choice",
            "tagging",
            "span",
            "multitask",
        ),
        "ForConditionalGeneration",
        names.mt5,
        copies=names.MT5_COPIES,
    ),
    Architecture(
        MT5Embedder,
        (None,),
        "EncoderModel",
        names.mt5_encoder,
        copies=names.MT5_ENCODER_COPIES,
    ),
    Architecture(
        MT5Retriever,
        ("retrieval",),
        "ForConditionalGeneration",
        names.mt5_retriever,
        copies=names.MT5_COPIES,
        note="A text's vector is the mean of the encoder's last hidden states, "
        "at length 1; the scale of their products is in "
        f"{names.SCALE_FILE}.",
    ),
)
_FAMILIES = {XLMRConfig: _XLMR, MT5Config: _MT5}
_NORMS = {
    "post": Variant("xlm-roberta", "XLMRoberta"),
    "pre": Variant("xlm-roberta-xl", "XLMRobertaXL"),
}
_RELPOS_PER_LAYER = {
    False: Variant("mt5", "MT5"),
    True: Variant("umt5", "UMT5"),
}


def variant(config: Config) -> Variant:
    """Returns what Hugging Face calls the variant of a configuration."""
    if isinstance(config, MT5Config):
        return _RELPOS_PER_LAYER[config.relpos_per_layer]
    return _NORMS[config.norm]


def of_model(model: Model) -> Architecture:
    """Returns the row of a model."""
    rows = _FAMILIES[type(model.config)]
    return next(one for one in rows if one.model is type(model))


def of_problem(where: Path, config: Config, problem: object) -> Architecture:
    """Returns the row of what phases of a problem train.

    Raises:
      InputError: naming the file that says so, when there is none.
    """
    rows = _FAMILIES[type(config)]
    found = (one for one in rows if problem in one.problems)
    known = (name for one in rows for name in one.problems if name)
    return _first(where, found, "problem", problem, known)


def of_class(where: Path, config: Config, name: object) -> Architecture:
    """Returns the row of a class of Hugging Face's.

    Raises:
      InputError: naming the file that says so, when it is no class of the
        configuration's variant.
    """
    rows, prefix = _FAMILIES[type(config)], variant(config).prefix
    found = (one for one in rows if f"{prefix}{one.suffix}" == name)
    known = dict.fromkeys(f"{prefix}{one.suffix}" for one in rows)
    return _first(where, found, "architecture", name, known)


def class_name(model: Model) -> str:
    """Returns the name of the class that computes the same."""
    return variant(model.config).prefix + of_model(model).suffix


def _first(
    where: Path,
    found: Iterable[Architecture],
    what: str,
    name: object,
    known: Iterable[str],
) -> Architecture:
    for one in found:
        return one
    known = list(known)
    raise InputError(
        f"{where}: the {what} {name!r} is none of {', '.join(known)}."
        f"{nearest(str(name), known)}"
    )
