"""The benchmarks' own definitions, as functions (targets, predictions).

Each returns official names and values in percent. None needs more than the
standard library; `mining`, which makes BUCC's predictions, needs NumPy.
"""

from functools import partial

from xltransfer.metrics.accuracy import accuracy
from xltransfer.metrics.mlqa import LANGUAGES, mlqa
from xltransfer.metrics.retrieval import bucc, mean_average_precision
from xltransfer.metrics.squad import squad, squad_v2
from xltransfer.metrics.tagging import chunk_f1
from xltransfer.metrics.text_spans import span_f1

# Raised when a metric's meaning changes.
VERSION = 1
METRICS = {
    "accuracy": accuracy,
    "squad": squad,
    "squad_v2": squad_v2,
    **{f"mlqa_{one}": partial(mlqa, language=one) for one in LANGUAGES},
    "udpos": chunk_f1,
    "panx": chunk_f1,
    "span_f1": span_f1,
    "tatoeba": accuracy,
    "bucc": bucc,
    "map@20": mean_average_precision,
}
