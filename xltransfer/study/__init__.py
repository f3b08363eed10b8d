"""A study: models x methods x intermediates x targets x seeds -> plan -> run -> results."""

from xltransfer.study.checks import Missing, check, lacking, missing
from xltransfer.study.declaration import Control, Study, Target
from xltransfer.study.methods import Method
from xltransfer.study.miniature import in_miniature
from xltransfer.study.models import Intermediate, Model, Pretraining
from xltransfer.study.plan import (
    Cell,
    cells,
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
    "Missing",
    "Model",
    "Pretraining",
    "Range",
    "Study",
    "Sweep",
    "Target",
    "cells",
    "check",
    "evaluated",
    "in_miniature",
    "lacking",
    "missing",
    "overlaps",
    "phases",
    "prepare",
    "results",
    "rules",
    "rules_of",
    "run",
]
