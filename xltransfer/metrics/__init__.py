"""The benchmarks' own definitions, as functions (targets, predictions)."""

from xltransfer.metrics.accuracy import accuracy

VERSION = 1
METRICS = {"accuracy": accuracy}
