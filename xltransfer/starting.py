"""The parameters that a phase starts from: its parent's parameters, or its origin's.

What is a task's own (`Objective.fresh`) is new, unless one target is trained on
in several parts; a head for masked words comes along where there is one, since
it is pretrained as the encoder is.
"""

import logging
from typing import Any

from xltransfer import origins, phase_folder
from xltransfer.checkpoints import restore_params
from xltransfer.models.xlmr import XLMRMaskedLM
from xltransfer.objectives.objective import Params
from xltransfer.specification import Phase
from xltransfer.train import Program
from xltransfer.workspace import Workspace, finished

_log = logging.getLogger(__name__)


def params(phase: Phase, workspace: Workspace, program: Program) -> Params:
    """Returns the parameters at step 0.

    Raises:
      InputError: naming what the origin or the parent's checkpoint lacks.
    """
    if phase.parent is None and phase.init == origins.SCRATCH:
        return program.new_parts(phase.seed, tuple(program.abstract.params))
    if _keeps_head(phase):
        return _restored(phase.parent, workspace, program.abstract.params)
    wanted = {
        name: part
        for name, part in program.abstract.params.items()
        if name not in program.objective.fresh and name != "head"
    }
    if phase.parent is not None:
        old = _of_parent(phase, workspace, program, wanted)
    else:
        old = _of_origin(phase, program, wanted)
    head = old.pop("head", None)
    missing = tuple(n for n in program.abstract.params if n not in old)
    made = {**program.new_parts(phase.seed, missing), **old}
    if head is not None:
        _put(made, phase.masked_lm_head, head)
    return made


def _keeps_head(phase: Phase) -> bool:
    """Is it the next part of one target, as COPA after Social IQa is?"""
    parent = phase.parent
    if parent is None or (phase.kind, parent.kind) != ("target", "target"):
        return False
    return _heads(phase) == _heads(parent)


def _heads(phase: Phase) -> list[tuple[str, tuple[str, ...]]]:
    firsts = [group.components[0].dataset for group in phase.groups]
    return [(row.problem, row.labels) for row in firsts]


def _restored(phase: Phase, workspace: Workspace, wanted: Params) -> Params:
    """Reads parameters of the selected checkpoint of a finished phase."""
    directory = phase_folder.checkpoints(workspace.directory(phase))
    step = finished(phase, workspace)["step"]
    return restore_params(directory, step, wanted)


def _of_parent(
    phase: Phase, workspace: Workspace, program: Program, wanted: Params
) -> Params:
    parent = phase.parent
    place = parent.masked_lm_head
    if place and phase.masked_lm_head:
        head = _at(program.abstract.params, phase.masked_lm_head)
        wanted = {**wanted, **_nested(place, head)}
    old = _restored(parent, workspace, wanted)
    if place and phase.masked_lm_head:
        head = _at(old, place)
        del old[place[0]]
        old["head"] = head
    return old


def _of_origin(phase: Phase, program: Program, wanted: Params) -> Params:
    """Reads published parameters, and lists what else their file holds."""
    model = program.objective.model
    if phase.masked_lm_head and origins.has_masked_lm_head(phase.init):
        model = XLMRMaskedLM(phase.model)
        head = _at(program.abstract.params, phase.masked_lm_head)
        wanted = {**wanted, "head": head}
    loaded = origins.load(phase.init, model, wanted)
    if loaded.unused:
        _log.warning(
            "%s: unused tensors: %s", phase.init, ", ".join(loaded.unused)
        )
    return dict(loaded.params)


def _at(params: Params, place: tuple[str, ...]) -> Any:
    for name in place:
        params = params[name]
    return params


def _nested(place: tuple[str, ...], value: Any) -> Params:
    for name in reversed(place):
        value = {name: value}
    return value


def _put(params: Params, place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        params[name] = dict(params[name])
        params = params[name]
    params[place[-1]] = value
