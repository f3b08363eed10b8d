"""A study: intermediates x targets x seeds -> plan -> run -> results."""

from xltransfer.study.declaration import Control, Pretraining, Study, Target
from xltransfer.study.flagging import Flag, Label, flags
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
from xltransfer.study.running import PhasesFailed, prepare, results, run
from xltransfer.study.worker import Listener

__all__ = [
    "Cell",
    "Control",
    "Flag",
    "Label",
    "Listener",
    "PhasesFailed",
    "Pretraining",
    "Study",
    "Target",
    "cells",
    "check",
    "evaluated",
    "flags",
    "overlaps",
    "phases",
    "prepare",
    "results",
    "rules",
    "rules_of",
    "run",
]
