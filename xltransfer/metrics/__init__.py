"""The benchmarks' own definitions, as functions (targets, predictions).

Each returns official names and values in percent. None needs more than the
standard library; `mining`, which makes BUCC's predictions, needs NumPy.
"""

from collections.abc import Mapping
from functools import partial

from xltransfer.metrics import tagging, text_spans
from xltransfer.metrics.accuracy import accuracy, hits, share
from xltransfer.metrics.checklist import FAILED, failure_rates
from xltransfer.metrics.checklist import LANGUAGES as CHECKLIST_LANGUAGES
from xltransfer.metrics.counted import Counted
from xltransfer.metrics.mlqa import LANGUAGES, count_mlqa, mlqa
from xltransfer.metrics.retrieval import (
    bucc,
    mean_average_precision,
    mean_precision,
    precisions,
)
from xltransfer.metrics.squad import (
    count_answers,
    count_v2,
    squad,
    squad_v2,
    total_answers,
    total_v2,
)
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
    **{
        f"checklist_{one}": partial(failure_rates, language=one)
        for one in CHECKLIST_LANGUAGES
    },
}
# The same, of sums over examples. BUCC's pairs are a set of no fixed size.
COUNTED = {
    "accuracy": Counted(hits, share),
    "squad": Counted(count_answers, total_answers),
    "squad_v2": Counted(count_v2, total_v2),
    **{
        f"mlqa_{one}": Counted(partial(count_mlqa, language=one), total_answers)
        for one in LANGUAGES
    },
    "udpos": Counted(tagging.count, tagging.total),
    "panx": Counted(tagging.count, tagging.total),
    "span_f1": Counted(text_spans.count, text_spans.total),
    "tatoeba": Counted(hits, share),
    "map@20": Counted(precisions, mean_precision),
}


def selected(scores: Mapping[str, float]) -> float:
    """Returns the number by which a checkpoint is chosen.

    It is what enters XTREME's aggregate: the mean of exact match and F1 for
    questions, F1 for tags, else the metric's first value. Where tests fail, it
    is the mean of what does not.
    """
    failed = [x for name, x in scores.items() if name.startswith(FAILED)]
    if failed:
        return 100 - sum(failed) / len(failed)
    if "exact_match" in scores:
        return (scores["exact_match"] + scores["f1"]) / 2
    return scores.get("f1", next(iter(scores.values())))
