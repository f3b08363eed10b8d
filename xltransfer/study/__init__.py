"""A study: models x methods x intermediates x targets x seeds -> plan -> run -> results."""

from xltransfer.study.declaration import Control, Study, Target
from xltransfer.study.methods import Method
from xltransfer.study.models import Intermediate, Model, Pretraining
from xltransfer.study.plan import (
    Cell,
    cells,
    check,
    evaluated,
    overlaps,
    phases,
    rules,
    rules_of,
)
from xltransfer.study.running import Listener, prepare, results, run
from xltransfer.study.sweeps import Range, Sweep

__all__ = [
    "Cell",
    "Control",
    "Intermediate",
    "Listener",
    "Method",
    "Model",
    "Pretraining",
    "Range",
    "Study",
    "Sweep",
    "Target",
    "cells",
    "check",
    "evaluated",
    "overlaps",
    "phases",
    "prepare",
    "results",
    "rules",
    "rules_of",
    "run",
]
