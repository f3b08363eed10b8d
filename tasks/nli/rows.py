"""What rows of inference have in common."""

from functools import partial

from tasks import templates
from tasks.row import Dataset
from tasks.sources import Alternatives, JsonLines, Prepared, Source

FIELDS = ("premise", "hypothesis", "label")
LABELS = ("entailment", "neutral", "contradiction")
BINARY_LABELS = ("entailment", "not_entailment")
INITIALS = tuple((label[0], label) for label in LABELS)
CAPITALS = tuple((label.upper(), label) for label in LABELS)
# What several datasets write where their annotators did not agree.
NO_MAJORITY = ("-",)

three_way = partial(
    Dataset, problem="classification", labels=LABELS, **templates.MT5_XNLI
)
binary = partial(
    Dataset,
    problem="classification",
    labels=BINARY_LABELS,
    **templates.ENTAILMENT,
)


def pairs(*names: str) -> tuple[tuple[str, str], ...]:
    """Pairs premise, hypothesis and label with what a file calls them."""
    return tuple(zip(FIELDS, names, strict=True))


# The keys of SNLI, which many datasets have kept.
SNLI_KEYS = pairs("sentence1", "sentence2", "gold_label")


def snli_lines(path: str) -> JsonLines:
    """A file of JSON objects with SNLI's keys."""
    return JsonLines(path, SNLI_KEYS)


def or_prepared(
    official: Source,
    name: str,
    version: str,
    split: str,
    premise: str = "premise",
) -> Alternatives:
    """The official file, or what TensorFlow Datasets has prepared of it."""
    fields = pairs(premise, "hypothesis", "label")
    return Alternatives((official, Prepared(name, version, split, fields)))
