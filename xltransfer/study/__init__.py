"""A study: models x methods x intermediates x targets x seeds -> plan -> run -> results."""

from xltransfer.study.checks import Missing, check, lacking, missing
from xltransfer.study.declaration import (
    IN_MINIATURE,
    Control,
    Study,
    Target,
)
from xltransfer.study.flagging import Flag, flags
from xltransfer.study.methods import Method
from xltransfer.study.miniature import in_miniature
from xltransfer.study.models import Intermediate, Model, Pretraining
from xltransfer.study.plan import (
    Cell,
    Label,
    cells,
    evaluated,
    overlaps,
    phases,
    rules,
    rules_of,
)
from xltransfer.study.running import PhasesFailed, prepare, results, run
from xltransfer.study.states import State, states
from xltransfer.study.sweeps import Range, Sweep
from xltransfer.study.worker import Listener

__all__ = [
    "IN_MINIATURE",
    "Cell",
    "Control",
    "Flag",
    "Intermediate",
    "Label",
    "Listener",
    "Method",
    "Missing",
    "Model",
    "PhasesFailed",
    "Pretraining",
    "Range",
    "State",
    "Study",
    "Sweep",
    "Target",
    "cells",
    "check",
    "evaluated",
    "flags",
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
    "states",
]
