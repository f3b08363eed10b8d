"""Ragged examples + layout -> the rows of a packed batch, one file a problem.

See `batch.Features` for what they have in common.
"""

from xltransfer.data.features.batch import Batch, Drawn, Features
from xltransfer.data.features.classification import EncoderClassification
from xltransfer.data.features.language_modeling import (
    MaskedLanguageModeling,
    SpanCorruption,
)
from xltransfer.data.features.multiple_choice import EncoderMultipleChoice
from xltransfer.data.features.renumbered import Numbering, Renumbered
from xltransfer.data.features.retrieval import (
    EncoderRetrieval,
    TextRetrieval,
)
from xltransfer.data.features.span import EncoderSpan
from xltransfer.data.features.tagging import EncoderTagging
from xltransfer.data.features.text import (
    RankedAnswers,
    TextInputs,
    TextToText,
)

__all__ = [
    "Batch",
    "Drawn",
    "EncoderClassification",
    "EncoderMultipleChoice",
    "EncoderRetrieval",
    "EncoderSpan",
    "EncoderTagging",
    "Features",
    "MaskedLanguageModeling",
    "Numbering",
    "RankedAnswers",
    "Renumbered",
    "SpanCorruption",
    "TextInputs",
    "TextRetrieval",
    "TextToText",
]
